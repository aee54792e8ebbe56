"""Requests that come again (draft-ietf-httpapi-idempotency-key-header): the key, and what it was used for."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.surfaces.kit import Call, Problem
from chalicelib.surfaces.replies import NO_STORE

LONGEST_IDEMPOTENCY_KEY = 255
#: Says that an answer is the first one again.
REPLAYED = {"Idempotent-Replayed": "true"}


def idempotency_key(call: Call) -> str | None:
    """The key under which a request may be sent again."""
    key = call.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_IDEMPOTENCY_KEY or not (key.isascii() and key.isprintable()):
        raise Problem(
            400,
            f"Idempotency-Key must be 1 to {LONGEST_IDEMPOTENCY_KEY} printable ASCII characters",
            field="Idempotency-Key",
        )
    return key


def secret_headers(*, replayed: bool) -> Mapping[str, str]:
    """The headers of an answer with a secret in it, which is no cache's."""
    return {**NO_STORE, **(REPLAYED if replayed else {})}


def fingerprint(call: Call, members: Mapping[str, Any]) -> str:
    """A hash of what was asked for, whatever the order of its members. It is keyed: who reads where it is stored cannot
    try out what a request may have held."""
    message = b"fingerprint\0" + msgspec.json.encode(members, order="deterministic")
    return hmac.new(call.platform.settings.key_pepper, message, hashlib.sha256).hexdigest()[:32]
