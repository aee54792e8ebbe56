"""What can go wrong, one class for each thing that a caller may want to tell apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AstraError(Exception):
    """The base of every error that this package raises by itself. Errors can be pickled, to cross processes."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, self.__dict__)


class ConfigurationError(AstraError, ValueError):
    """A client was made or called with something that cannot work. The message names it and what is allowed."""


class UnexpectedAnswerError(AstraError):
    """The server answered with success, but not with what its API documents: a proxy in between, perhaps."""

    def __init__(self, message: str, *, status: int = 0, request_id: str | None = None) -> None:
        super().__init__(message if request_id is None else f"{message} (request id {request_id})")
        self.status = status
        self.request_id = request_id


class WebhookVerificationError(AstraError):
    """A webhook is not what it claims to be: do not act on it."""


class WaitTimeoutError(AstraError, TimeoutError):
    """The waiting is over and what was waited for is not. `last` is how it looked in the end."""

    def __init__(self, message: str, last: Any) -> None:
        super().__init__(message)
        self.last = last


class APIConnectionError(AstraError):
    """No answer came. `sent` is False when the request certainly did not reach the server."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class APITimeoutError(APIConnectionError, TimeoutError):
    """No answer came in time."""


class APIStatusError(AstraError):
    """The server refused, or failed.

    `status` is the HTTP status, `code` what the body calls the error (where it does), `message` its text, `body` all of
    it, `headers` the answer's with lower-case names, `request_id` what to name when you ask for help, `retry_after` the
    seconds that the server asks to wait. `uncertain` is True when an earlier attempt of the same call got no clear
    answer, so that it may have taken effect.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: int | str | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        docs: str | None = None,
    ) -> None:
        told = [f"{status}: {message}"]
        if request_id:
            told.append(f"(request id {request_id})")
        if docs:
            told.append(f"see {docs}")
        super().__init__(" ".join(told))
        self.status = status
        self.code = code
        self.message = message
        self.body = body
        self.headers = dict(headers or {})
        self.request_id = request_id
        self.retry_after = retry_after
        self.uncertain = False


class BadRequestError(APIStatusError):
    """400: the message names the field and what is allowed."""


class AuthenticationError(APIStatusError):
    """401: the token or key is missing, wrong, expired or revoked."""


class PermissionDeniedError(APIStatusError):
    """403: known, but not allowed to do this."""


class NotFoundError(APIStatusError):
    """404: no such thing, or none that you may see."""


class ConflictError(APIStatusError):
    """409: not in the state that the thing is in."""


class UnprocessableError(APIStatusError):
    """422: an idempotency key was used before with another request."""


class RateLimitError(APIStatusError):
    """429: too many requests. `retry_after` says in how many seconds to come back."""

    @property
    def limit(self) -> int | None:
        """Requests that are allowed in a window."""
        return self._number("x-ratelimit-limit")

    @property
    def remaining(self) -> int | None:
        """Requests that are left in the current window."""
        return self._number("x-ratelimit-remaining")

    @property
    def reset(self) -> int | None:
        """When one more is allowed, in seconds since 1970."""
        return self._number("x-ratelimit-reset")

    def _number(self, header: str) -> int | None:
        text = self.headers.get(header, "")
        return int(text) if text.isascii() and text.isdigit() else None


class ServerError(APIStatusError):
    """5xx: the server failed. The call may have taken effect or not."""


def _restored(kind: type[AstraError], args: tuple[Any, ...], state: dict[str, Any]) -> AstraError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


#: The class of each status; any other 5xx is a `ServerError`, anything else an `APIStatusError`.
BY_STATUS: Mapping[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableError,
    429: RateLimitError,
}
