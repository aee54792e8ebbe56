"""Health, the description of all surfaces, and the answer to unknown paths."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chalicelib.surfaces.kit import Call, Reply, Surface
from chalicelib.surfaces.replies import ErrorObjects, ok

#: The one access word of this surface: nobody in particular.
OPEN = "open"
#: The description that is written by hand in `docs/openapi`.
_OPENAPI = Path(__file__).with_name("openapi.json")


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
    return Reply(200, _OPENAPI.read_text("utf-8"), {"Content-Type": "application/json"})
