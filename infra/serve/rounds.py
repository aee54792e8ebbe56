"""What a machine does at its time besides handing out messages: fire what is due, remove what has expired."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event, Thread

from chalicelib.domain.errors import UnavailableError
from chalicelib.embedded.whole import Embedded

log = logging.getLogger("sluice.local")

#: Seconds of the longest sleep: a clock that was set, or a machine that slept, is noticed after so long.
_LONGEST_S = 60.0


class Round(Thread):
    """Does something at its times. `turn` does what is due and returns the seconds until something may be again, None
    when nothing is known of; whoever changes that calls `wake`. `pause_s`: seconds until the next try while the
    database does not answer."""

    def __init__(self, name: str, turn: Callable[[], float | None], pause_s: float = 1.0) -> None:
        super().__init__(name=name, daemon=True)
        self._turn = turn
        self._pause_s = pause_s
        self._woken = Event()
        self._stopping = False

    def wake(self) -> None:
        """Look again."""
        self._woken.set()

    def stop(self) -> None:
        """Do no more."""
        self._stopping = True
        self._woken.set()
        self.join()

    def run(self) -> None:
        while not self._stopping:
            # Cleared before the look at what may have changed: a change during the look is not lost.
            self._woken.clear()
            try:
                wait = self._turn()
            except UnavailableError as error:
                log.warning("round failed", extra={"fields": {"round": self.name, "error": str(error)}})
                wait = self._pause_s
            if not self._stopping:
                self._woken.wait(_LONGEST_S if wait is None else min(max(wait, 0.0), _LONGEST_S))


def firing(embedded: Embedded) -> Round:
    """Fires the schedules that are due, sleeping until the next one is."""
    schedules = embedded.schedules

    def turn() -> float | None:
        schedules.fire_due(time.time_ns() // 1_000_000)
        next_at = schedules.next_at()
        return None if next_at is None else next_at / 1000 - time.time()

    fires = Round("firing", turn)
    schedules.listeners.append(fires.wake)
    return fires


def expiry(embedded: Embedded) -> Round:
    """Removes the rows that have expired, once a minute."""

    def turn() -> None:
        embedded.expire(time.time_ns() // 1_000_000)

    return Round("expiry", turn)
