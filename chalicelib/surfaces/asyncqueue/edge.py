"""Who may call AsyncQueue, how often, and what its refusals look like."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from chalicelib.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    KeyReusedError,
    NotFoundError,
    PlanLimitError,
    SluiceError,
    UnavailableError,
)
from chalicelib.domain.identity import Principal
from chalicelib.domain.ratelimit import Admission, Rate
from chalicelib.domain.timing import ceil_seconds
from chalicelib.surfaces import demo
from chalicelib.surfaces.kit import Call, Problem, Reply, Texts
from chalicelib.views.asyncqueue import encode

#: What a route's access word means: a team's key, the operator's key, nobody in particular.
TEAM, OPERATOR, OPEN = "team", "operator", "open"

_ERRORS: Mapping[type[SluiceError], tuple[int, str]] = {
    InvalidError: (400, "Invalid request"),
    NotFoundError: (404, "Not found"),
    ForbiddenError: (403, "Access denied"),
    ConflictError: (409, "Conflict"),
    KeyReusedError: (422, "Idempotency-Key was already used with another request body"),
    PlanLimitError: (403, "Plan limit reached"),
    UnavailableError: (503, "Service temporarily unavailable"),
}


class AsyncQueueEdge:
    """Keys of teams on `/v1`, the operator's key on `/operator`; errors as `{"error": "..."}`."""

    def admit(self, call: Call, access: str) -> tuple[Call, Mapping[str, str]]:
        if access == OPEN:
            return call, {}
        key = _key(call)
        if not key:
            raise _unauthorized("Operator key required" if access == OPERATOR else "API key required")
        if access == OPERATOR:
            if not hmac.compare_digest(key.encode(), call.platform.settings.operator_key.encode()):
                raise _unauthorized("Invalid operator key")
            return call, {}
        principal = _principal(call, key)
        if principal is None:
            raise _unauthorized("Invalid or revoked API key")
        return replace(call, principal=principal), _count(call, principal)

    def translate(self, error: SluiceError, texts: Texts) -> Problem:
        status, default = _ERRORS[type(error)]
        detail = str(error)
        match error:
            case InvalidError():
                return Problem(status, detail or default, field=error.field)
            case PlanLimitError():
                return Problem(status, f"{default}: {detail}")
            case UnavailableError():
                return Problem(status, default, headers={"Retry-After": "1"})
        return Problem(status, texts.get(type(error), default))

    def refuse(self, call: Call, problem: Problem) -> Reply:
        if "application/problem+json" in call.headers.get("accept", ""):
            return Reply(
                problem.status,
                encode(_problem_document(call, problem)),
                {"Content-Type": "application/problem+json", **problem.headers},
            )
        return Reply(
            problem.status, encode({"error": problem.message}), {"Content-Type": "application/json", **problem.headers}
        )


def ok(view: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A view as a JSON reply."""
    return Reply(status, encode(view), {"Content-Type": "application/json", **(headers or {})})


def _key(call: Call) -> str:
    """The key a request brings. `Authorization` wins over `X-API-Key`; its scheme is matched without case."""
    authorization = call.headers.get("authorization", "").strip()
    if authorization:
        scheme, _, credentials = authorization.partition(" ")
        return credentials.strip() if scheme.lower() == "bearer" else ""
    return call.headers.get("x-api-key", "").strip()


def _principal(call: Call, key: str) -> Principal | None:
    here = call.platform
    seeded = demo.principal(here.teams, key) if here.settings.local else None
    return seeded or here.teams.authenticate(key)


def _count(call: Call, principal: Principal) -> Mapping[str, str]:
    """Count the request against the team's window; the rate headers of the reply. Raises Problem when it is full."""
    plan, configured = principal.team.plan, call.platform.settings.asyncqueue_rate_limit
    limit = plan.requests_per_minute if configured is None else configured
    if limit == 0:
        return {}
    admission = call.platform.limiter(f"asyncqueue#{principal.team.id}", Rate(limit))
    headers = _rate_headers(admission, call.now)
    if not admission.admitted:
        retry_after = {"Retry-After": str(max(1, ceil_seconds(admission.reset_ms)))}
        raise Problem(429, "Rate limit exceeded", headers={**headers, **retry_after})
    return headers


def _rate_headers(admission: Admission, now: int) -> Mapping[str, str]:
    """The usual three, and the two of draft-ietf-httpapi-ratelimit-headers-10."""
    reset_s = ceil_seconds(admission.reset_ms)
    return {
        "X-RateLimit-Limit": str(admission.limit),
        "X-RateLimit-Remaining": str(admission.remaining),
        "X-RateLimit-Reset": str(ceil_seconds(now + admission.reset_ms)),
        "RateLimit-Policy": f'"default";q={admission.limit};w=60',
        "RateLimit": f'"default";r={admission.remaining};t={reset_s}',
    }


def _unauthorized(message: str) -> Problem:
    return Problem(401, message, headers={"WWW-Authenticate": 'Bearer realm="Sluice"'})


def _problem_document(call: Call, problem: Problem) -> dict[str, object]:
    """A problem of RFC 9457. `errors` names the field where there is one."""
    document: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.message,
        "requestId": call.request_id,
    }
    if problem.field is not None:
        document["errors"] = [{"field": problem.field, "detail": problem.message}]
    return document
