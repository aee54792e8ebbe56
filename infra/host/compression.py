"""Which answers API Gateway compresses, and how: those of a certain size, for who says to read it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping

_CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "deflate": zlib.compress,
}


def coding(accepted: str | None, size: int, at_least: int | None) -> str | None:
    """The coding of an answer of so many bytes, by the request's `Accept-Encoding` (RFC 9110, section 12.5.3).

    API Gateway looks at what the client would like best and compresses if it knows that: for none of the others, and
    for nobody who says nothing. `at_least`: None compresses nothing.
    """
    if at_least is None or size < at_least or not accepted:
        return None
    weights = [_weight(each) for each in accepted.split(",")]
    # Of several that are as welcome, the first one.
    best, weight = max(weights, key=lambda each: each[1])
    return best if weight > 0 and best in _CODINGS else None


def compressed(body: bytes, name: str) -> bytes:
    """The body in the coding of this name."""
    return _CODINGS[name](body)


def _weight(text: str) -> tuple[str, float]:
    name, _, parameter = text.partition(";")
    key, _, value = parameter.strip().partition("=")
    try:
        weight = float(value) if key.strip().lower() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return name.strip().lower(), weight
