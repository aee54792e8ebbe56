"""One HTTP exchange with somebody else's server, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Headers = tuple[tuple[str, str], ...]


class Failure(StrEnum):
    """Why no complete answer arrived. The values are the words AsyncQueue shows after `fetch failed:`."""

    #: The host refused the connection.
    REFUSED = "ECONNREFUSED"
    #: The name does not resolve.
    NOT_FOUND = "ENOTFOUND"
    #: The connection broke, or the answer was cut, malformed or not HTTP.
    RESET = "ECONNRESET"
    #: The deadline passed before the whole answer had arrived.
    TIMED_OUT = "ETIMEDOUT"
    #: The host cannot be reached from here.
    UNREACHABLE = "EHOSTUNREACH"
    #: TLS could not be agreed on, or the certificate is not valid for the name.
    TLS = "ECERT"
    #: The address is one that this deployment does not call. Says nothing about which address it was.
    BLOCKED = "blocked address"
    #: More than 20 redirects, or a redirect to something that is no HTTP URL.
    REDIRECT = "redirect count exceeded"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: an absolute http or https URL, header pairs as they go on the wire, and the body's bytes."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the final status line, lower-case header names in arrival order, and the body's first bytes.

    `truncated` is true when the body went on past the limit the caller had set.
    """

    status: int
    reason: str
    headers: Headers
    body: bytes
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The exchange failed before a whole answer was there."""

    failure: Failure
