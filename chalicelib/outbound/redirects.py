"""What a redirect asks for, by the rules of `fetch` (WHATWG Fetch, HTTP-redirect fetch)."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.exchange import Answer, Request

MAX_REDIRECTS = 20

_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
#: What the caller entrusted to one origin alone.
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})


def location(answer: Answer) -> str | None:
    """Where the answer redirects to, relative or absolute; None when it is a final one."""
    if answer.status not in _REDIRECT_STATUSES:
        return None
    value = next((value for name, value in answer.headers if name == "location"), None)
    if value is None:
        return None
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return value


def redirected(request: Request, status: int, url: str, *, same_origin: bool) -> Request:
    """The request that follows `request` after a redirect to the absolute `url`."""
    dropped: frozenset[str] = frozenset() if same_origin else _CREDENTIALS
    headers = tuple((name, value) for name, value in request.headers if name.lower() not in dropped)
    if not _becomes_get(request.method, status):
        return replace(request, url=url, headers=headers)
    headers = tuple((name, value) for name, value in headers if not name.lower().startswith("content-"))
    return Request("GET", url, headers)


def _becomes_get(method: str, status: int) -> bool:
    if status == 303:
        return method not in {"GET", "HEAD"}
    return status in {301, 302} and method == "POST"
