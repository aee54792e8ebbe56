"""What the pages at `/docs` have to tell beyond what every route is asked."""

from __future__ import annotations

import json
from pathlib import Path

from chalicelib.surfaces import site
from surfaces.description.caller import Caller

_LISTED = json.loads((Path(site.__path__[0]) / "pages" / "pages.json").read_text("utf-8"))


def asset() -> str:
    """The name of an asset."""
    return str(next(iter(_LISTED["assets"])))


def welcomed(asked: Caller) -> None:
    """A browser is led to the pages."""
    asked.ask("GET /", headers={"Accept": "text/html"})


def served(asked: Caller) -> None:
    """Every page and every asset; what is known already."""
    lines = ["GET /docs", *(f"GET /docs/{page}" for page in _LISTED["pages"] if page != "index")]
    for line in [*lines, *(f"GET /docs/assets/{name}" for name in _LISTED["assets"])]:
        reply = asked.ask(line)
        asked.ask(line, headers={"If-None-Match": reply.headers["etag"]})


def asked_with_a_slash(asked: Caller) -> None:
    """A slash too many leads to the page without it."""
    for line in ("GET /docs/", "GET /docs/settings/", f"GET /docs/assets/{asset()}/"):
        asked.ask(line)


STORIES = (welcomed, served, asked_with_a_slash)
