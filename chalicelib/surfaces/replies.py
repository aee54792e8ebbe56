"""Replies that several surfaces share: JSON views, errors as `{"error": "..."}`, the headers of a rate limit."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from chalicelib.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    KeyReusedError,
    LockedError,
    NotFoundError,
    PlanLimitError,
    SluiceError,
    SpoiledError,
    UnavailableError,
)
from chalicelib.domain.ratelimit import Admission, Rate
from chalicelib.domain.timing import ceil_seconds
from chalicelib.surfaces.accept import JSON, asks_for
from chalicelib.surfaces.kit import Call, Problem, Reply, Texts
from chalicelib.views.encoding import encode

#: For answers that hold a secret: no cache on the way may keep it.
NO_STORE = {"Cache-Control": "no-store"}

#: The media type of a problem document (RFC 9457).
PROBLEM = "application/problem+json"

_ERRORS: Mapping[type[SluiceError], tuple[int, str]] = {
    InvalidError: (400, "Invalid request"),
    NotFoundError: (404, "Not found"),
    ForbiddenError: (403, "Access denied"),
    ConflictError: (409, "Conflict"),
    KeyReusedError: (422, "Idempotency-Key was already used with another request body"),
    PlanLimitError: (403, "Plan limit reached"),
    SpoiledError: (500, "What is stored of this cannot be read"),
    LockedError: (503, "Service temporarily unavailable"),
    UnavailableError: (503, "Service temporarily unavailable"),
}


def ok(view: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A view as a JSON reply."""
    return Reply(status, encode(view), {"Content-Type": JSON, **(headers or {})})


class ErrorObjects:
    """The half of an edge that words refusals: `{"error": "..."}`, or a problem of RFC 9457 on request."""

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
        if asks_for(call, PROBLEM):
            document = encode(_problem_document(call, problem))
            return Reply(problem.status, document, {"Content-Type": PROBLEM, **problem.headers})
        return Reply(problem.status, encode({"error": problem.message}), {"Content-Type": JSON, **problem.headers})


def unauthorized(message: str, challenge: str = "Bearer") -> Problem:
    """No credential, or one that opens nothing (RFC 9110, section 15.5.2)."""
    return Problem(401, message, headers={"WWW-Authenticate": f'{challenge} realm="Sluice"'})


def rate_headers(admission: Admission, rate: Rate, now: int) -> Mapping[str, str]:
    """The usual three, and the two of draft-ietf-httpapi-ratelimit-headers-10."""
    reset_s = ceil_seconds(admission.reset_ms)
    return {
        "X-RateLimit-Limit": str(admission.limit),
        "X-RateLimit-Remaining": str(admission.remaining),
        "X-RateLimit-Reset": str(ceil_seconds(now + admission.reset_ms)),
        "RateLimit-Policy": f'"default";q={admission.limit};w={rate.window_ms // 1000}',
        "RateLimit": f'"default";r={admission.remaining};t={reset_s}',
    }


def too_many(admission: Admission, headers: Mapping[str, str], labels: Mapping[str, object] | None = None) -> Problem:
    """The refusal of a request over the limit, with the rate headers it goes out with (RFC 6585, section 4)."""
    retry_after = {"Retry-After": str(max(1, ceil_seconds(admission.reset_ms)))}
    return Problem(429, "Rate limit exceeded", headers={**headers, **retry_after}, labels=labels)


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
