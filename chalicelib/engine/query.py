"""Reading tasks: one, one that is waited for, and pages of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.errors import ForbiddenError, NotFoundError
from chalicelib.domain.listing import Page, Position, Query, view_of
from chalicelib.domain.task import Task
from chalicelib.ports.ambient import Clock
from chalicelib.ports.tasks import TaskReader

#: The longest wait, in seconds: below the 29 s after which API Gateway gives up.
LONGEST_WAIT_S = 25
_FIRST_PAUSE_MS = 50
_LONGEST_PAUSE_MS = 1_000

#: What a surface shows of a task's status at an instant.
Shown = Callable[[Task, int], object]


def _shown_status(task: Task, now: int) -> object:
    return view_of(task.status, task.due_at, now)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tasks:
    """A team's view of its tasks. Raises NotFoundError, and ForbiddenError for another team's."""

    reader: TaskReader
    clock: Clock

    def get(self, team: str, task_id: str, *, payload: bool = False) -> Task:
        """One task as it stands, with its result, and with its payload on request."""
        task = self.reader.get(task_id, now=self.clock.now(), payload=payload)
        if task is None:
            raise NotFoundError
        if task.team != team:
            raise ForbiddenError
        return task

    def wait(
        self, team: str, task_id: str, *, seconds: float, payload: bool = False, shown: Shown = _shown_status
    ) -> Task:
        """One task, as soon as what is `shown` of it has changed or it is finished, or after so many seconds."""
        until = self.clock.now() + int(seconds * 1000)
        task = self.get(team, task_id, payload=payload)
        before = shown(task, self.clock.now())
        pause_ms = _FIRST_PAUSE_MS
        while not task.finished and shown(task, self.clock.now()) == before:
            left_ms = until - self.clock.now()
            if left_ms <= 0:
                break
            self.clock.sleep(min(pause_ms, left_ms))
            pause_ms = min(pause_ms * 3 // 2, _LONGEST_PAUSE_MS)
            task = self.get(team, task_id, payload=payload)
        return task

    def page(self, query: Query, position: Position, limit: int) -> Page:
        """One page of a team's tasks."""
        return self.reader.page(query, position, limit)

    def count(self, query: Query) -> int:
        """How many tasks a listing holds."""
        return self.reader.count(query)
