"""A request that makes something with a secret, and that may come again under an idempotency key.

The idempotency key is stored nowhere. What is made has an id that follows from it, and a secret that is derived from it
together with the deployment's pepper: so the same answer can be given again, though only a hash of the secret is kept.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from chalicelib.domain import ids
from chalicelib.domain.errors import KeyReusedError


@dataclass(frozen=True, slots=True)
class Asked:
    """One such request: its key, the id of what it makes, and what it asks for in words of its own."""

    key: str
    id: str
    words: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What is remembered of the request that made something: what it asked for, and chance that went into the secret:
    one that was revoked is never made again."""

    words: str
    salt: str


def asked_for(place: str, key: str | None, *words: str) -> Asked | None:
    """The request with this key, which makes something in this place; None for one without a key."""
    return None if key is None else Asked(key, ids.derived(place, key), "\0".join(words))


def derived(pepper: bytes, purpose: str, asked: Asked, salt: str = "") -> bytes:
    """32 bytes that nobody can guess, and that are the same each time."""
    message = "\0".join(["asked", purpose, asked.id, salt, asked.key])
    return hmac.new(pepper, message.encode(), hashlib.sha256).digest()


def refuse_other(asked: Asked, words: str) -> None:
    """KeyReusedError when the key was used to ask for something else."""
    if asked.words != words:
        raise KeyReusedError
