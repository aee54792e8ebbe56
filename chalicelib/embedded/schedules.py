"""One-time schedules in SQLite. Whoever owns the clock fires them: nothing here waits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.embedded.database import Database
from chalicelib.embedded.queue import EmbeddedQueue
from chalicelib.ports.ambient import Clock

#: API reference of EventBridge Scheduler, CreateSchedule, parameter Name.
_NAME = re.compile(r"[0-9a-zA-Z-_.]{1,64}")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS schedules (name TEXT PRIMARY KEY, fire_at_s INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS schedules_due ON schedules (fire_at_s, name);
"""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A schedule that waits. `fire_at_s` is in epoch seconds."""

    name: str
    fire_at_s: int
    body: str


class EmbeddedSchedules:
    """Schedules that send into one queue."""

    def __init__(self, database: Database, clock: Clock, queue: EmbeddedQueue) -> None:
        self._database = database
        self._clock = clock
        self._queue = queue
        #: Called after a change that may have made the next schedule come earlier.
        self.listeners: list[Callable[[], None]] = []
        database.define(_SCHEMA)

    def create(self, name: str, *, fire_at_s: int, body: str) -> None:
        """Send `body` once at the epoch second `fire_at_s`. A schedule of the same name is the same schedule.

        ValueError for a name or a time that EventBridge Scheduler refuses.
        """
        if not _NAME.fullmatch(name):
            raise ValueError("name must be 1 to 64 characters of [0-9a-zA-Z-_.]")
        if fire_at_s * 1000 < self._clock.now():
            raise ValueError("fire_at_s must not be in the past")
        self._database.change("INSERT OR IGNORE INTO schedules VALUES (?, ?, ?)", (name, fire_at_s, body))
        for listener in self.listeners:
            listener()

    def delete(self, name: str) -> None:
        """Forget a schedule; one that does not exist is forgotten already."""
        self._database.change("DELETE FROM schedules WHERE name = ?", (name,))

    def due(self, now: int) -> list[Scheduled]:
        """The schedules whose time has come at `now` (epoch milliseconds), the earliest first."""
        found = self._database.rows(
            "SELECT name, fire_at_s, body FROM schedules WHERE fire_at_s <= ? ORDER BY fire_at_s, name", (now // 1000,)
        )
        return [Scheduled(*row) for row in found]

    def fire_due(self, now: int) -> list[Scheduled]:
        """Send what is due at `now` into the queue and delete it; what was fired."""
        with self._database.transaction():
            fired = self.due(now)
            for schedule in fired:
                self._queue.send(schedule.body, delay_s=0, group=None)
                self.delete(schedule.name)
        return fired

    def next_at(self) -> int | None:
        """When the next schedule is due, in epoch milliseconds; None when there is none."""
        earliest: int | None = self._database.rows("SELECT MIN(fire_at_s) FROM schedules")[0][0]
        return None if earliest is None else earliest * 1000
