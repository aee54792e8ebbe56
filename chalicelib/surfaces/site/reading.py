"""The pages at `/docs` and what they are made of: files of this package, read when they are first asked for.

`infra/docs` writes them. A page is a fragment in a frame, and its links are made to fit the way from the address that
it was asked for, so that they hold behind any prefix, such as the stage of API Gateway. An asset's name carries a
digest of its content: it may be kept for ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_PAGES = _HERE / "pages"
_ASSETS = _HERE / "assets"

#: The page at `/docs` itself.
FRONT = "index"
_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class File:
    """A text to be served: its media type, and a tag that changes when it does. The tag is weak, for the same text may
    go out compressed and not (RFC 9110, section 8.8.3.3)."""

    text: str
    kind: str
    tag: str


def page(slug: str) -> File | None:
    """A page by its name; None: there is none of this name."""
    return _page(slug) if slug in _listed()["pages"] else None


def asset(name: str) -> File | None:
    """A style, a script or an image by the name that a page gives it; None: there is none of this name."""
    path = _listed()["assets"].get(name)
    return None if path is None else _file(_ASSETS / path)


@cache
def _page(slug: str) -> File:
    title = _listed()["pages"][slug]
    itself = "@root/docs" if slug == FRONT else f"@docs/{slug}"
    frame = (_PAGES / "frame.html").read_text("utf-8").replace("@title", title)
    frame = frame.replace(f'href="{itself}"', f'href="{itself}" aria-current="page"')
    text = frame.replace("@content", (_PAGES / f"{slug}.html").read_text("utf-8"))
    docs, root = ("docs/", "") if slug == FRONT else ("", "../")
    return _tagged(text.replace('"@docs/', f'"{docs}').replace('"@root/', f'"{root}'), "text/html; charset=utf-8")


@cache
def _file(path: Path) -> File:
    return _tagged(path.read_text("utf-8"), _TYPES[path.suffix])


def _tagged(text: str, kind: str) -> File:
    return File(text, kind, f'W/"{hashlib.sha256(text.encode()).hexdigest()[:20]}"')


@cache
def _listed() -> Any:
    """The titles of the pages by their names, and the assets' files by theirs."""
    return json.loads((_PAGES / "pages.json").read_text("utf-8"))
