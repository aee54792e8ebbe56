"""The operator's key, and the surface that it opens."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.surfaces import credentials
from chalicelib.surfaces.kit import Call, Surface
from chalicelib.surfaces.replies import ErrorObjects, unauthorized

#: The one access word of this surface.
OPERATOR = "operator"


class OperatorEdge(ErrorObjects):
    """The operator's key; errors as `{"error": "..."}`."""

    def admit(self, call: Call, access: str) -> tuple[Call, Mapping[str, str]]:  # noqa: ARG002  (all routes are alike)
        key = credentials.key(call)
        if not key:
            raise unauthorized("Operator key required")
        if not credentials.same(key, call.platform.settings.operator_key):
            raise unauthorized("Invalid operator key")
        return call, {}


surface = Surface("operator", OperatorEdge())
