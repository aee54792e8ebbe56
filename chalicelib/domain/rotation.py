"""Turning a signing secret over: once for one request, however often that request comes."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.errors import KeyReusedError
from chalicelib.domain.task import SigningState

#: Rotations are remembered for a day, and no more than fit into a small row.
REMEMBERED_MS = 86_400_000
MOST_REMEMBERED = 20


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation that was asked for under an idempotency key, which `key` stands for, with this overlap in seconds.

    Secrets are derived from the state it led to, so that the same answer can be given again and none is kept.
    """

    key: str
    overlap_s: int
    at: int
    state: SigningState


#: The rotations that are remembered, oldest first.
Rotations = tuple[Rotation, ...]


def turned(state: SigningState, overlap_s: int, now: int) -> SigningState:
    """The next secret in force, and the one before it beside it for `overlap_s` seconds."""
    return SigningState(state.generation + 1, now + overlap_s * 1000 if overlap_s else None)


def recalled(rotations: Rotations, key: str | None, overlap_s: int) -> Rotation | None:
    """The rotation that a request asked for when it came first; None when this is the first time. KeyReusedError when
    it asked for another overlap then."""
    found = next((rotation for rotation in rotations if rotation.key == key), None)
    if found is not None and found.overlap_s != overlap_s:
        raise KeyReusedError
    return found


def remembered(rotations: Rotations, rotation: Rotation) -> Rotations:
    """Those that are remembered from this one on."""
    recent = tuple(each for each in rotations if rotation.at - each.at < REMEMBERED_MS)
    return (*recent, rotation)[-MOST_REMEMBERED:]
