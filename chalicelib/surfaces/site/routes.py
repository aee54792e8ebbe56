"""The front door, health, the description of all surfaces, the pages at `/docs`, and the answer to unknown paths."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chalicelib.surfaces.kit import Call, Problem, Reply, Surface
from chalicelib.surfaces.replies import ErrorObjects, ok
from chalicelib.surfaces.site import reading

#: The one access word of this surface: nobody in particular.
OPEN = "open"
#: The descriptions that are written by hand in `docs/openapi`: all APIs in one document, and a document for each.
_OPENAPI = Path(__file__).with_name("openapi.json")
_EACH = _OPENAPI.with_suffix("")

#: A page runs its own scripts and styles, asks this deployment alone, and stands in nobody's frame.
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
#: A page is asked for again each time, and sent again when it has changed.
_FRESH = {"Cache-Control": "no-cache"}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


class OpenEdge(ErrorObjects):
    """Everybody is let in; errors as `{"error": "..."}`."""

    def admit(self, call: Call, access: str) -> tuple[Call, Mapping[str, str]]:  # noqa: ARG002  (all routes are alike)
        return call, {}


surface = Surface("site", OpenEdge())


@surface.route("GET /", OPEN)
def welcome(call: Call) -> Reply:
    """What is here: for a browser the pages, for anybody else where everything is."""
    base = call.path.rstrip("/")
    if "text/html" in call.headers.get("accept", ""):
        return Reply(302, None, {"Location": f"{base}/docs", "Vary": "Accept"})
    view = {
        "name": "Sluice",
        "documentation": f"{base}/docs",
        "description": f"{base}/openapi.json",
        "health": f"{base}/health",
        "apis": {
            "AsyncQueue": f"{base}/v1",
            "AsyncFlow": f"{base}/asyncflow",
            "AstraFlow": f"{base}/api/v1",
            "Asimov": f"{base}/api",
        },
    }
    return ok(view, headers={"Vary": "Accept"})


@surface.route("GET /health", OPEN)
def health(call: Call) -> Reply:
    parts = {part: "ok" if works else "unavailable" for part, works in call.platform.health().items()}
    up = all(state == "ok" for state in parts.values())
    view = {"status": "ok" if up else "unavailable", "parts": parts}
    return ok(view) if up else ok(view, 503, {"Retry-After": "1"})


@surface.route("GET /openapi.json", OPEN)
def openapi(call: Call) -> Reply:  # noqa: ARG001  (every view has one shape)
    return _described(_OPENAPI)


@surface.route("GET /openapi/{file}", OPEN)
def openapi_of_one(call: Call) -> Reply:
    known = {path.name: path for path in sorted(_EACH.glob("*.json"))}
    path = known.get(call.params["file"])
    if path is None:
        raise Problem(404, f"Unknown description (known: {', '.join(known)})")
    return _described(path)


def _described(path: Path) -> Reply:
    return Reply(200, path.read_text("utf-8"), {"Content-Type": "application/json"})


@surface.route("GET /docs", OPEN)
def front(call: Call) -> Reply:
    return _served(call, reading.page(reading.FRONT), _FRESH)


@surface.route("GET /docs/{page}", OPEN)
def page(call: Call) -> Reply:
    slug = call.params["page"]
    return _served(call, None if slug == reading.FRONT else reading.page(slug), _FRESH)


@surface.route("GET /docs/assets/{file}", OPEN)
def asset(call: Call) -> Reply:
    return _served(call, reading.asset(call.params["file"]), _FOR_EVER)


def _served(call: Call, file: reading.File | None, caching: Mapping[str, str]) -> Reply:
    if file is None:
        raise Problem(404, "Not found")
    if call.path.endswith("/"):
        # The links on a page lead from its own address.
        return Reply(302, None, {"Location": call.path.rstrip("/")})
    headers = {**_SAFE, **caching, "ETag": file.tag, "Vary": "Accept-Encoding"}
    if file.tag.removeprefix("W/") in call.headers.get("if-none-match", ""):
        return Reply(304, None, headers)
    return Reply(200, file.text, {"Content-Type": file.kind, **headers})
