"""The OpenAPI description as data: its routes, its answers, its examples and what its schemas refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from referencing import Registry
from referencing.jsonschema import DRAFT202012

PATH = Path(__file__).parents[3] / "docs" / "openapi" / "asyncqueue.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(PATH.read_text("utf-8"))

METHODS = ("get", "post", "put", "delete")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation, one after the other."""
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def described(line: str, status: int) -> tuple[dict[str, Any], str]:
    """The response that the document has for a request and a status, and the pointer to it."""
    method, target = line.split(" ", 1)
    path = target.partition("?")[0]
    for template, name, operation in operations():
        if name == method.lower() and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            responses = operation["responses"]
            assert str(status) in responses, f"{line}: {status} is not described"
            response = responses[str(status)]
            pointer = f"#/paths/{_escaped(template)}/{name}/responses/{status}"
            return resolved(response), response.get("$ref", pointer)
    assert status in (404, 405), f"{line} is not described"
    pointer = "#/components/responses/Unexpected"
    return resolved({"$ref": pointer}), pointer


def examples(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every example of the document, with the pointer to the schema it has to match."""
    yield from _examples(document, "#")


def _examples(node: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _examples(item, f"{pointer}/{index}")
    if not isinstance(node, Mapping):
        return
    if "schema" in node:
        for value in values(node):
            yield f"{pointer}/schema", value
    elif isinstance(node.get("examples"), list):
        for value in node["examples"]:
            yield pointer, value
    for key, member in node.items():
        if key not in ("example", "examples"):
            yield from _examples(member, f"{pointer}/{_escaped(key)}")


def values(media: Mapping[str, Any]) -> list[Any]:
    """The examples of a media type, a parameter or a header."""
    several = [example["value"] for example in media.get("examples", {}).values()]
    return [media["example"], *several] if "example" in media else several


def faults(document: Mapping[str, Any], pointer: str, value: Any) -> list[str]:
    """What the schema at the pointer finds wrong with a value."""
    registry: Registry[Any] = Registry().with_resource("urn:document", DRAFT202012.create_resource(document))
    schema = {"$ref": f"urn:document{pointer}"}
    validator = Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """The node, or what its reference points to."""
    if "$ref" not in node:
        return node
    target: Any = DOCUMENT
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    assert isinstance(target, dict)
    return target


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
