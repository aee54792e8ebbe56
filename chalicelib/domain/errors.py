"""Refusals that the engine knows, as exceptions with a stable code. Each surface words them in its own shape.

SluiceError
 +-- InvalidError            a field is wrong
 +-- NotFoundError           no such thing for this caller
 +-- ForbiddenError          it belongs to somebody else
 +-- ConflictError           it is not in a state that allows this
 +-- KeyReusedError          the Idempotency-Key came with another body before
 +-- PlanLimitError          the plan allows no more of these
 +-- UnavailableError        a part did not confirm; nothing was acknowledged
     +-- LockedError         nor will it before a key can be had
 +-- SpoiledError            what is stored is not what was stored
"""

from __future__ import annotations


class SluiceError(Exception):
    """The root of all refusals."""

    code = "error"


class InvalidError(SluiceError):
    """A field is wrong: `field` names it, the message says what is allowed."""

    code = "invalid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotFoundError(SluiceError):
    """There is no such thing, or none that this caller may know of."""

    code = "not_found"


class ForbiddenError(SluiceError):
    """The thing belongs to another team."""

    code = "forbidden"


class ConflictError(SluiceError):
    """The thing is not in a state that allows this."""

    code = "conflict"


class KeyReusedError(SluiceError):
    """An `Idempotency-Key` came again with another body (draft-ietf-httpapi-idempotency-key-header, 2.7)."""

    code = "idempotency_key_reused"


class PlanLimitError(SluiceError):
    """The team's plan allows no more of these."""

    code = "plan_limit"


class UnavailableError(SluiceError):
    """A part of the platform did not confirm in time. What was asked may or may not have been applied."""

    code = "unavailable"


class LockedError(UnavailableError):
    """The key that opens or seals a stored value cannot be had just now."""


class SpoiledError(SluiceError):
    """A stored value is not the one that was sealed for its place: moved, cut, changed, or its key is gone. It will not
    get better by itself, and somebody should look: `part` says of what."""

    code = "spoiled"

    def __init__(self, part: str) -> None:
        super().__init__(f"{part} is not what was stored")
        self.part = part
