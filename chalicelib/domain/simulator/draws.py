"""Draws: numbers that look like chance and are a keyed hash.

The same seed and the same key give the same number on every machine, whatever was drawn before: no order of requests,
no number of workers and no repeated step changes a result.
"""

from __future__ import annotations

import hashlib
import hmac


def draw(seed: str, *key: str | int) -> float:
    """A number of at least 0 and below 1: the first 53 bits of HMAC-SHA256 over the key."""
    return (int.from_bytes(_digest(seed, key)[:8], "big") >> 11) / (1 << 53)


def sixteen_bytes(seed: str, *key: str | int) -> bytes:
    """Sixteen bytes for an identifier."""
    return _digest(seed, key)[:16]


def _digest(seed: str, key: tuple[str | int, ...]) -> bytes:
    # No part of a key holds a NUL: two keys are the same text only when they are the same key.
    return hmac.new(seed.encode(), "\0".join(map(str, key)).encode(), hashlib.sha256).digest()
