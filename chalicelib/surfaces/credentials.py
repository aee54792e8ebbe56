"""The key that a request brings."""

from __future__ import annotations

import hmac

from chalicelib.surfaces.kit import Call


def key(call: Call) -> str:
    """The key of a request, or nothing. `Authorization` wins over `X-API-Key`; its scheme is matched without case."""
    authorization = call.headers.get("authorization", "").strip()
    if authorization:
        scheme, _, credentials = authorization.partition(" ")
        return credentials.strip() if scheme.lower() == "bearer" else ""
    return call.headers.get("x-api-key", "").strip()


def same(given: str, expected: str) -> bool:
    """Whether two keys are the same, in a time that does not tell how much of them is."""
    return hmac.compare_digest(given.encode(), expected.encode())
