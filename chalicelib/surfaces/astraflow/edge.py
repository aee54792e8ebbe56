"""Who may call AstraFlow's API, how often, and how its refusals read.

A route's access word is the scope that it takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from chalicelib.domain.access import Access
from chalicelib.domain.literals import ASTRAFLOW_TOKENS
from chalicelib.surfaces import credentials, demo
from chalicelib.surfaces.accept import asks_for
from chalicelib.surfaces.kit import Call, Problem, Reply, Surface
from chalicelib.surfaces.limits import count
from chalicelib.surfaces.replies import PROBLEM, ErrorObjects
from chalicelib.views.encoding import encode

#: The manual's table of error codes. A status that is not in it is told in the words of its own refusal.
DESCRIPTIONS: Mapping[int, str] = {
    401: "Invalid or missing authentication token",
    403: "Insufficient permissions for this resource",
    404: "Resource does not exist",
    429: "Rate limit exceeded",
    500: "Unexpected server error",
}


class AstraFlowEdge(ErrorObjects):
    """Bearer tokens; errors as `{"code": 404, "error": "Not Found", "message": "Resource does not exist"}`."""

    def admit(self, call: Call, access: str) -> tuple[Call, Mapping[str, str]]:
        principal = _principal(call)
        headers = count(call, f"astraflow#{principal.client}", call.platform.settings.astraflow_rate, principal.labels)
        if access not in principal.scopes:
            # RFC 6750, section 3.1.
            challenge = f'Bearer realm="Sluice", error="insufficient_scope", scope="{access}"'
            raise Problem(
                403,
                DESCRIPTIONS[403],
                headers={**headers, "WWW-Authenticate": challenge},
                labels=principal.labels,
            )
        return replace(call, principal=principal, query=_readable(call.query)), headers

    def refuse(self, call: Call, problem: Problem) -> Reply:
        message = DESCRIPTIONS.get(problem.status, problem.message)
        if asks_for(call, PROBLEM):
            return super().refuse(call, Problem(problem.status, message, field=problem.field, headers=problem.headers))
        view = {"code": problem.status, "error": HTTPStatus(problem.status).phrase, "message": message}
        return Reply(problem.status, encode(view), {"Content-Type": "application/json", **problem.headers})


surface = Surface("astraflow", AstraFlowEdge())


def access(call: Call) -> Access:
    """Who an admitted request speaks for."""
    if not isinstance(call.principal, Access):
        raise TypeError("the request was not admitted by this surface")
    return call.principal


def _principal(call: Call) -> Access:
    token = credentials.bearer(call)
    if not token:
        raise Problem(401, DESCRIPTIONS[401], headers={"WWW-Authenticate": 'Bearer realm="Sluice"'})
    here = call.platform
    seeded = demo.access(here.users) if here.settings.local and token in ASTRAFLOW_TOKENS else None
    principal = seeded or here.tokens.access(token)
    if principal is None:
        challenge = 'Bearer realm="Sluice", error="invalid_token"'
        raise Problem(401, DESCRIPTIONS[401], headers={"WWW-Authenticate": challenge})
    return principal


def _readable(query: Mapping[str, str]) -> Mapping[str, str]:
    """The manual prints `page;=1&per;_page=20`: its semicolons are no part of a name."""
    return {name.replace(";", ""): value for name, value in query.items()}
