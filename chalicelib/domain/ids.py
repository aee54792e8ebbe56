"""Identifiers: random ones from the port's randomness, derived ones from a client's key."""

from __future__ import annotations

import hashlib
import re
import uuid

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_TRACKING_ID = re.compile(r"ASF-[0-9A-F]{32}", re.ASCII | re.IGNORECASE)


def uuid4_from(random: bytes) -> str:
    """A version 4 UUID made of 16 random bytes (RFC 9562, section 5.4)."""
    return str(uuid.UUID(bytes=random[:16], version=4))


def derived(team: str, key: str) -> str:
    """The task id that belongs to a team's `Idempotency-Key`: the same for the same pair, on every machine.

    A version 8 UUID (RFC 9562, section 5.8) over SHA-256, so that it can never be a random id.
    """
    digest = hashlib.sha256(b"sluice task\0" + team.encode() + b"\0" + key.encode()).digest()
    raw = bytearray(digest[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def well_formed(task_id: str) -> bool:
    """Whether a text can be a task's id at all; spares the store a look-up when it cannot."""
    return _UUID.fullmatch(task_id) is not None


def tracking_id(sixteen: bytes) -> str:
    """`ASF-` and 32 upper-case hexadecimal digits (AsyncFlow manual, "Submit Message")."""
    return f"ASF-{sixteen[:16].hex().upper()}"


def derived_tracking_id(team: str, key: str) -> str:
    """The tracking id that belongs to a group's `Idempotency-Key`, as `derived`."""
    return tracking_id(uuid.UUID(derived(team, key)).bytes)


def as_tracking_id(text: str) -> str | None:
    """A tracking id however its letters are written; None for what cannot be one."""
    return text.upper() if _TRACKING_ID.fullmatch(text) else None
