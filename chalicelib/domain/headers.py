"""Which headers a caller may add to the requests that are sent for it."""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_HEADERS = 64
MAX_VALUE_CHARACTERS = 8 * 1024
#: Names and values together; common servers refuse more.
MAX_TOTAL_CHARACTERS = 32 * 1024

#: RFC 9110 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_RESERVED_NAMES = frozenset(
    {
        # Connection and framing (RFC 9110 7.6.1, RFC 9112 6): they belong to each connection's two ends.
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        # What receivers rely on, so it is set here alone.
        "idempotency-key",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
        "x-asyncqueue-signature",
        "x-task-attempt",
        "x-task-hops",
        "x-task-last-attempt",
        # Keys to the metadata services of clouds, which nobody else asks for.
        "metadata",
        "metadata-flavor",
        "x-google-metadata-request",
    }
)
_RESERVED_PREFIXES = ("proxy-", "x-aws-ec2-metadata-", "x-aliyun-ecs-metadata-")


def check_headers(headers: Mapping[str, str]) -> str | None:
    """Complain about the first header that may not be sent, naming it; None when all may.

    A value holds visible ASCII, spaces and tabs, and goes out without those at its ends (RFC 9110 5.5).
    """
    if len(headers) > MAX_HEADERS:
        return f"headers must not contain more than {MAX_HEADERS} entries"
    seen: dict[str, str] = {}
    for name, value in headers.items():
        complaint = _check_name(name) or _check_value(name, value)
        if complaint:
            return complaint
        twin = seen.setdefault(name.lower(), name)
        if twin != name:
            return f"headers must not contain both {twin} and {name}"
    if sum(len(name) + len(value) for name, value in headers.items()) > MAX_TOTAL_CHARACTERS:
        return f"headers must be at most {MAX_TOTAL_CHARACTERS} characters in total"
    return None


def _check_name(name: str) -> str | None:
    if not _TOKEN.fullmatch(name):
        return f"headers must not contain the name {name[:64]!a}"
    folded = name.lower()
    if folded in _RESERVED_NAMES or folded.startswith(_RESERVED_PREFIXES):
        return f"headers must not contain {name}"
    return None


def _check_value(name: str, value: str) -> str | None:
    field = f"headers.{name}"
    if len(value) > MAX_VALUE_CHARACTERS:
        return f"{field} must be at most {MAX_VALUE_CHARACTERS} characters"
    if _CONTROLS.search(value):
        return f"{field} must not contain control characters"
    if not value.isascii():
        return f"{field} must contain ASCII characters only"
    return None
