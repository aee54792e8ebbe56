"""Health, the description of all surfaces, and the answer to unknown paths."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chalicelib.surfaces.kit import Call, Problem, Reply, Surface
from chalicelib.surfaces.replies import ErrorObjects, ok

#: The one access word of this surface: nobody in particular.
OPEN = "open"
#: The descriptions that are written by hand in `docs/openapi`: all APIs in one document, and a document for each.
_OPENAPI = Path(__file__).with_name("openapi.json")
_EACH = _OPENAPI.with_suffix("")


class OpenEdge(ErrorObjects):
    """Everybody is let in; errors as `{"error": "..."}`."""

    def admit(self, call: Call, access: str) -> tuple[Call, Mapping[str, str]]:  # noqa: ARG002  (all routes are alike)
        return call, {}


surface = Surface("site", OpenEdge())


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
