"""Who may call AsyncQueue, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.domain.identity import Principal, Team
from chalicelib.domain.ratelimit import Rate
from chalicelib.surfaces import credentials, demo
from chalicelib.surfaces.kit import Call
from chalicelib.surfaces.limits import count
from chalicelib.surfaces.replies import ErrorObjects, unauthorized

#: The one access word of this surface: a team's key.
TEAM = "team"


class AsyncQueueEdge(ErrorObjects):
    """Keys of teams; errors as `{"error": "..."}`."""

    def admit(self, call: Call, access: str) -> tuple[Call, Mapping[str, str]]:  # noqa: ARG002  (all routes are alike)
        key = credentials.key(call)
        if not key:
            raise unauthorized("API key required")
        principal = demo.team_of(call, key)
        if principal is None:
            raise unauthorized("Invalid or revoked API key")
        return replace(call, principal=principal), _count(call, principal)


def owner(call: Call) -> Team:
    """The team that an admitted request speaks for."""
    if not isinstance(call.principal, Principal):
        raise TypeError("the request was not admitted by this surface")
    return call.principal.team


def _count(call: Call, principal: Principal) -> Mapping[str, str]:
    """Count the request against the team's window, which is the plan's unless the deployment sets another."""
    configured = call.platform.settings.asyncqueue_rate_limit
    limit = principal.team.plan.requests_per_minute if configured is None else configured
    return count(call, f"asyncqueue#{principal.team.id}", Rate(limit), principal.labels)
