"""Trying again in place, where a part of the platform did not confirm."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from chalicelib.domain.errors import UnavailableError
from chalicelib.ports.ambient import Clock

T = TypeVar("T")


def insist(
    call: Callable[[], T], clock: Clock, *, pauses_ms: tuple[int, ...] = (50, 200), until: int | None = None
) -> T:
    """The call's answer, tried again after each pause. The last UnavailableError is passed on.

    Only for calls that are safe to repeat: conditional writes that recognise themselves, sends that may be doubled.
    No new try begins after the instant `until`.
    """
    for pause in pauses_ms:
        try:
            return call()
        except UnavailableError:
            if until is not None and clock.now() + pause > until:
                raise
            clock.sleep(pause)
    return call()
