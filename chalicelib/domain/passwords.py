"""Passwords as they are stored: scrypt (RFC 7914) with its parameters and salt in the stored text."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

#: Characters of a password, and bytes of its UTF-8.
SHORTEST = 6
LONGEST_BYTES = 1_024
#: Bytes of a salt.
SALT_BYTES = 16

_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """What scrypt spends on one password: 2**`log_n` blocks of 128 * `r` bytes, `p` times over."""

    log_n: int
    r: int
    p: int


#: 32 MiB (OWASP Password Storage Cheat Sheet: N=2^15, r=8, p=3).
STANDARD = Cost(15, 8, 3)


def hashed(password: str, salt: bytes, cost: Cost = STANDARD) -> str:
    """What is stored in place of a password."""
    return f"scrypt${cost.log_n}${cost.r}${cost.p}${_text(salt)}${_text(_scrypt(password, salt, cost))}"


def matches(password: str, stored: str) -> bool:
    """Whether a password is the one that is stored, by the cost that is stored with it."""
    cost, salt, expected = _read(stored)
    return hmac.compare_digest(_scrypt(password, salt, cost), expected)


def within_limits(password: str) -> bool:
    """Whether a password is short enough to be looked at."""
    return len(password.encode()) <= LONGEST_BYTES


def nobodys(cost: Cost) -> str:
    """A stored password that no text matches: looking at it costs what any other costs."""
    return f"scrypt${cost.log_n}${cost.r}${cost.p}${_text(bytes(SALT_BYTES))}${_text(bytes(_HASH_BYTES))}"


def cost_of(stored: str) -> Cost:
    """What the stored password was hashed with."""
    return _read(stored)[0]


def _scrypt(password: str, salt: bytes, cost: Cost) -> bytes:
    # OpenSSL wants to be allowed a little more than the blocks themselves.
    room = 128 * cost.r * (2**cost.log_n + cost.p + 2) + 1_048_576
    return hashlib.scrypt(
        password.encode(), salt=salt, n=2**cost.log_n, r=cost.r, p=cost.p, maxmem=room, dklen=_HASH_BYTES
    )


def _read(stored: str) -> tuple[Cost, bytes, bytes]:
    _, log_n, r, p, salt, expected = stored.split("$")
    return Cost(int(log_n), int(r), int(p)), base64.b64decode(salt), base64.b64decode(expected)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
