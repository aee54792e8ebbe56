"""The operator's key, and the surface that it opens."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.domain.errors import ConflictError, SluiceError
from chalicelib.surfaces import credentials
from chalicelib.surfaces.kit import Call, Problem, Surface, Texts
from chalicelib.surfaces.replies import ErrorObjects, unauthorized

#: The one access word of this surface.
OPERATOR = "operator"


class OperatorEdge(ErrorObjects):
    """The operator's key; errors as `{"error": "..."}`. A conflict is told in the engine's own words where it has any:
    they are written for the operator."""

    def translate(self, error: SluiceError, texts: Texts) -> Problem:
        if isinstance(error, ConflictError) and str(error):
            return Problem(409, str(error))
        return super().translate(error, texts)

    def admit(self, call: Call, access: str) -> tuple[Call, Mapping[str, str]]:  # noqa: ARG002  (all routes are alike)
        key = credentials.bearer(call)
        if not key:
            raise unauthorized("Operator key required")
        if not credentials.same(key, call.platform.settings.operator_key):
            raise unauthorized("Invalid operator key")
        return call, {}


surface = Surface("operator", OperatorEdge())
