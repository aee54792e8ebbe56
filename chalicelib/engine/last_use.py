"""When a credential was last used: people look at it before they take an old one away.

A function of Lambda stops with its answer, so that nothing can be noted after it. It is noted before, when the
credential was accepted: one write for each credential and hour, decided by what the look-up has read already. The store
asks for it once and gives up soon, and whatever it says, the request goes on.
"""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.errors import UnavailableError
from chalicelib.ports.ambient import Clock, Recorder

#: A use is noted once in so many milliseconds.
NOTED_EVERY_MS = 3_600_000
#: After a note that was not confirmed, nothing is noted by this process for so long: one request in it has waited.
RESTS_MS = 60_000


class Note(Protocol):
    """A write of the time of a use, over a use until `before` or none."""

    def __call__(self, *, at: int, before: int) -> object: ...


class LastUse:
    """Notes uses of credentials. Raises nothing."""

    def __init__(self, clock: Clock, recorder: Recorder) -> None:
        self._clock = clock
        self._recorder = recorder
        self._resting_until = 0

    def noted(self, last: int | None, note: Note) -> None:
        """Note a use of now, if the `last` one that was noted is old enough."""
        now = self._clock.now()
        before = now - NOTED_EVERY_MS
        if now < self._resting_until or (last is not None and last > before):
            return
        try:
            note(at=now, before=before)
        except UnavailableError as error:
            self._resting_until = now + RESTS_MS
            self._recorder.record("use not noted", error=str(error))
