"""Who may call AsyncQueue, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.domain.identity import Principal, Team
from chalicelib.domain.ratelimit import Rate
from chalicelib.surfaces import credentials, demo
from chalicelib.surfaces.kit import Call
from chalicelib.surfaces.replies import ErrorObjects, rate_headers, too_many, unauthorized

#: The one access word of this surface: a team's key.
TEAM = "team"


class AsyncQueueEdge(ErrorObjects):
    """Keys of teams; errors as `{"error": "..."}`."""

    def admit(self, call: Call, access: str) -> tuple[Call, Mapping[str, str]]:  # noqa: ARG002  (all routes are alike)
        key = credentials.key(call)
        if not key:
            raise unauthorized("API key required")
        principal = _principal(call, key)
        if principal is None:
            raise unauthorized("Invalid or revoked API key")
        return replace(call, principal=principal), _count(call, principal)


def owner(call: Call) -> Team:
    """The team that an admitted request speaks for."""
    if not isinstance(call.principal, Principal):
        raise TypeError("the request was not admitted by this surface")
    return call.principal.team


def _principal(call: Call, key: str) -> Principal | None:
    here = call.platform
    seeded = demo.principal(here.teams, key) if here.settings.local else None
    return seeded or here.teams.authenticate(key)


def _count(call: Call, principal: Principal) -> Mapping[str, str]:
    """Count the request against the team's window; the rate headers of the reply. Raises Problem when it is full."""
    plan, configured = principal.team.plan, call.platform.settings.asyncqueue_rate_limit
    rate = Rate(plan.requests_per_minute if configured is None else configured)
    if rate.limit == 0:
        return {}
    admission = call.platform.limiter(f"asyncqueue#{principal.team.id}", rate)
    headers = rate_headers(admission, rate, call.now)
    if not admission.admitted:
        raise too_many(admission, headers)
    return headers
