"""Addresses that a user wants called, as the guard of the outbound door judges their text."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.outbound.guard import Guard, Refusal
from chalicelib.surfaces.kit import Call, Problem


def callable_url(call: Call, name: str, value: object) -> str:
    """The value of the field `name`, if it is a URL that may be called. Nothing is looked up."""
    verdict = _guard(call).judge(value) if isinstance(value, str) else Refusal.INVALID
    if verdict is Refusal.INVALID:
        raise Problem(400, f"{name} must be a valid HTTP/HTTPS URL", field=name)
    if verdict is Refusal.BLOCKED:
        raise Problem(400, f"{name} must not point to a private or reserved address, name or port", field=name)
    return str(value)


def _guard(call: Call) -> Guard:
    """The deployment's guard, which learns from each request one more name under which the deployment answers."""
    guard = call.platform.parts.guard
    return replace(guard, own_hosts=(*guard.own_hosts, call.host)) if call.host else guard
