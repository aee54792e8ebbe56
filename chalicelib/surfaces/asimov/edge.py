"""Who may call Asimov, how often, and what its refusals look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib.domain import identity
from chalicelib.domain.ratelimit import Rate
from chalicelib.engine.operations import tenant
from chalicelib.surfaces import credentials, demo
from chalicelib.surfaces.accept import asks_for
from chalicelib.surfaces.kit import Call, Problem, Reply
from chalicelib.surfaces.limits import count
from chalicelib.surfaces.replies import PROBLEM, ErrorObjects, ok, unauthorized
from chalicelib.views import asimov as views

#: The one access word of this surface: a team's key, or nobody's where the deployment is open.
CALLER = "caller"

#: The `code` of each status.
CODES = {
    400: "INVALID_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "REQUEST_TOO_LARGE",
    414: "URL_TOO_LONG",
    422: "IDEMPOTENCY_KEY_REUSED",
    429: "RATE_LIMIT_EXCEEDED",
    431: "TOO_MANY_HEADERS",
    500: "INTERNAL_ERROR",
    503: "UNAVAILABLE",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request speaks for: a team, or whoever has no key (None)."""

    team: identity.Team | None

    @property
    def tenant(self) -> str:
        """The name under which its operations are stored."""
        return tenant(None if self.team is None else self.team.id)

    @property
    def labels(self) -> Mapping[str, object]:
        return {"team": "open" if self.team is None else self.team.id}


class AsimovEdge(ErrorObjects):
    """Keys of teams, or none; errors as `{code, message, timestamp, path, details}`."""

    def admit(self, call: Call, access: str) -> tuple[Call, Mapping[str, str]]:  # noqa: ARG002  (all routes are alike)
        who = _caller(call)
        return replace(call, principal=who), _count(call, who)

    def refuse(self, call: Call, problem: Problem) -> Reply:
        if asks_for(call, PROBLEM):
            return super().refuse(call, problem)
        details = {} if problem.field is None else {problem.field: problem.message}
        view = views.error(CODES[problem.status], problem.message, call.path, details, now=call.now)
        return ok(view, problem.status, problem.headers)


def caller(call: Call) -> Caller:
    """Who an admitted request speaks for."""
    if not isinstance(call.principal, Caller):
        raise TypeError("the request was not admitted by this surface")
    return call.principal


def _caller(call: Call) -> Caller:
    here = call.platform
    key = credentials.key(call)
    if not key:
        # A credential of another kind is none of nobody's: it opens nothing.
        if here.settings.asimov_open and not call.headers.get("authorization", "").strip():
            return Caller(None)
        raise unauthorized("API key required")
    principal = demo.team_of(call, key)
    if principal is None:
        # Where no key is needed too: what is started without one would belong to all.
        raise unauthorized("Invalid or revoked API key")
    return Caller(principal.team)


def _count(call: Call, who: Caller) -> Mapping[str, str]:
    """Count the request against the team's window, or the one that all share who have no key."""
    if who.team is None:
        return count(call, "asimov#open", Rate(call.platform.settings.asimov_rate_limit), who.labels)
    return count(call, f"asimov#{who.team.id}", Rate(who.team.plan.requests_per_minute), who.labels)
