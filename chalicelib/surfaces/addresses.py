"""Addresses that a user wants called, as the guard of the outbound door judges their text."""

from __future__ import annotations

from chalicelib.outbound.guard import Refusal
from chalicelib.surfaces.kit import Call, Problem


def callable_url(call: Call, name: str, value: object) -> str:
    """The value of the field `name`, if it is a URL that may be called. Nothing is looked up."""
    verdict = call.platform.parts.guard.judge(value) if isinstance(value, str) else Refusal.INVALID
    if verdict is Refusal.INVALID:
        raise Problem(400, f"{name} must be a valid HTTP/HTTPS URL", field=name)
    if verdict is Refusal.BLOCKED:
        raise Problem(400, f"{name} must not point to a private or reserved address, name or port", field=name)
    return str(value)
