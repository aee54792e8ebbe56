"""The hand-written OpenAPI descriptions, one file per surface, and what the API serves: each of them, and all of them
together, as JSON, because Lambda carries no YAML reader.

A file may point into another one: `common.yaml#/components/schemas/Error`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "openapi"
TARGET = ROOT / "chalicelib" / "surfaces" / "site" / "openapi.json"
#: Where each surface's own document goes.
TARGETS = TARGET.with_suffix("")

#: The files in the order of the served document; what they share is in `common.yaml`.
SURFACES = ("asyncqueue", "asyncflow", "astraflow", "oauth", "asimov", "operator", "site")
COMMON = "common"

Document = dict[str, Any]

#: What each operation can answer beside what it names: a URL or headers that are too long, and a fault.
EVERYWHERE = ("414", "431", "500")
#: Which response that is, and the answer to what is not described, by the path that it is below.
OTHERWISE = "x-otherwise"

_METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})
_REFERENCE = re.compile(r"(?:(\w+)\.yaml)?#/components/(\w+)/(\w+)")


def files() -> dict[Path, str]:
    """The served documents as JSON text."""
    documents = {TARGET: served(), **{TARGETS / f"{name}.json": document(name) for name in SURFACES}}
    return {
        path: json.dumps(described, ensure_ascii=False, separators=(",", ":")) + "\n"
        for path, described in documents.items()
    }


def served() -> Document:
    """All surfaces in one document. Raises ValueError (see `document` and `together`)."""
    return together([document(name) for name in SURFACES])


def together(parts: Sequence[Document]) -> Document:
    """Several documents as one, under the title of what they share.

    Raises:
        ValueError: two of them say different things under one name.
    """
    common = read(COMMON)
    sections = (f"## {part['info']['title']}\n\n{part['info']['description']}" for part in parts)
    kinds = dict.fromkeys(kind for part in parts for kind in part["components"])
    return {
        "openapi": common["openapi"],
        "info": {**common["info"], "description": "\n\n".join([common["info"]["description"], *sections])},
        "servers": common["servers"],
        "tags": [tag for part in parts for tag in part["tags"]],
        "paths": _union(part["paths"] for part in parts),
        OTHERWISE: _union(part[OTHERWISE] for part in parts),
        "webhooks": _union(part.get("webhooks", {}) for part in parts),
        "components": {kind: _union(part["components"].get(kind, {}) for part in parts) for kind in kinds},
    }


def document(name: str) -> Document:
    """One surface's document with all that it points to in other files. Each operation says who may call it, and all
    that it can answer.

    Raises:
        ValueError: a reference that leads nowhere, or two files that mean different things by one name.
    """
    own = read(name)
    components = _Components()
    kept = own.keys() - {"components", "security"}
    parts = {key: components.gathered(value, name) for key, value in own.items() if key in kept}
    for kind, entries in own.get("components", {}).items():
        for entry in entries:
            components.add(name, kind, entry)
    otherwise = next(iter(parts[OTHERWISE].values()))
    for item in parts["paths"].values():
        for method in _METHODS & set(item):
            item[method].setdefault("security", own["security"])
            for status in EVERYWHERE:
                item[method]["responses"].setdefault(status, otherwise)
    return {**parts, "servers": read(COMMON)["servers"], "components": components.by_kind}


@cache
def read(name: str) -> Document:
    """One file as it is written; not to be changed."""
    return dict(yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8")))


class _Components:
    """The components that a document needs, whichever files they are in."""

    def __init__(self) -> None:
        self.by_kind: dict[str, dict[str, Any]] = {}
        self._files: dict[tuple[str, str], str] = {}

    def gathered(self, node: Any, file: str) -> Any:
        """The node, found in this file, with references that stay in the document; what they lead to is added."""
        if isinstance(node, list):
            return [self.gathered(item, file) for item in node]
        if not isinstance(node, Mapping):
            return node
        return {
            key: self._reference(value, file) if key == "$ref" else self.gathered(value, file)
            for key, value in node.items()
        }

    def add(self, file: str, kind: str, name: str) -> None:
        """Take a component out of a file, once."""
        known = self._files.setdefault((kind, name), file)
        if known != file:
            raise ValueError(f"{kind}/{name} is in {known}.yaml and in {file}.yaml")
        entries = self.by_kind.setdefault(kind, {})
        if name in entries:
            return
        entries[name] = None
        try:
            component = read(file)["components"][kind][name]
        except KeyError:
            raise ValueError(f"{file}.yaml has no components/{kind}/{name}") from None
        entries[name] = self.gathered(component, file)

    def _reference(self, target: str, file: str) -> str:
        found = _REFERENCE.fullmatch(target)
        if found is None:
            raise ValueError(f"{file}.yaml: {target} is no reference to a component")
        other, kind, name = found.groups()
        self.add(other or file, kind, name)
        return f"#/components/{kind}/{name}"


def _union(mappings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All entries; the same one may come twice, two different ones of one name may not."""
    union: dict[str, Any] = {}
    for mapping in mappings:
        for name, value in mapping.items():
            if union.setdefault(name, value) != value:
                raise ValueError(f"{name} is described twice, and differently")
    return union
