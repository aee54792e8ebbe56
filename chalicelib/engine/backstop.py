"""The daily look for tasks that nobody will call.

Every unfinished task is covered by a baton, so this finds nothing. What it does find shows a bug that nobody knows of,
or a queue that is more than an hour behind: it is recorded, so that an alarm tells, and given one more wake-up call.
The row judges that one like any other, so that it changes nothing where another is there.

All rows are looked through in stretches. How far a look has come is kept after each, so that a run that has no time
left, or is stopped, is carried on by the next one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from chalicelib.domain.task import Task
from chalicelib.engine.batons import Batons
from chalicelib.engine.patience import insist
from chalicelib.ports.ambient import Clock, Recorder
from chalicelib.ports.blobs import Blobs
from chalicelib.ports.tasks import TaskReader

#: A look begins a day after the one before, give or take the hour in which the next run comes.
EVERY_MS = 23 * 3_600_000 + 1_800_000
#: Between two stretches: what is read for this leaves room for what is read for customers.
PAUSE_MS = 100
#: The name under which it is kept how far a look has come.
NAME = "backstop"
_KEPT_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Look:
    """One look: when it began, how far it has come, and how many overdue tasks it has found."""

    began: int
    after: str | None = None
    ended: bool = False
    found: int = 0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Backstop:
    """The use case behind the schedule. Raises UnavailableError: the next run begins where this one got to."""

    reader: TaskReader
    blobs: Blobs
    batons: Batons
    clock: Clock
    recorder: Recorder

    def __call__(self, *, until: int) -> Look:
        """Look through all tasks, unless that was done within the day, and until this time. How far it has come."""
        version, kept = self.blobs.get(NAME)
        look = Look(**json.loads(kept)) if kept else None
        now = self.clock.now()
        if look is None or (look.ended and now - look.began >= EVERY_MS):
            look = Look(began=now)
        while not look.ended and self.clock.now() < until:
            look = self._further(look)
            if self.blobs.swap(NAME, json.dumps(asdict(look)).encode(), over=version, expires_s=now // 1000 + _KEPT_S):
                # Another run is at it.
                break
            version += 1
            if look.ended:
                self.recorder.record("backstop", found=look.found, ms=self.clock.now() - look.began)
            else:
                self.clock.sleep(PAUSE_MS)
        return look

    def _further(self, look: Look) -> Look:
        stretch = self.reader.overdue(now=self.clock.now(), after=look.after)
        for row in stretch.tasks:
            insist(lambda row=row: self._call(row), self.clock)  # type: ignore[misc]
            self.recorder.record("overdue", task=row.id, team=row.team, status=row.status.value, attempt=row.attempt)
        found = look.found + len(stretch.tasks)
        return replace(look, after=stretch.after, ended=stretch.after is None, found=found)

    def _call(self, row: Task) -> None:
        if row.finished:
            self.batons.announce(row)
        else:
            self.batons.wake(row, row.attempt + 1, row.due_at)
