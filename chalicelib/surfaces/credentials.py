"""The key that a request brings."""

from __future__ import annotations

import hmac

from chalicelib.surfaces.kit import Call


def key(call: Call) -> str:
    """The key of a request, or nothing. `Authorization` wins over `X-API-Key`; its scheme is matched without case."""
    if call.headers.get("authorization", "").strip():
        return bearer(call)
    return call.headers.get("x-api-key", "").strip()


def bearer(call: Call) -> str:
    """What `Authorization` brings under the scheme `Bearer`, or nothing."""
    scheme, _, credentials = call.headers.get("authorization", "").strip().partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else ""


def same(given: str, expected: str) -> bool:
    """Whether two keys are the same, in a time that does not tell how much of them is."""
    return hmac.compare_digest(given.encode(), expected.encode())
