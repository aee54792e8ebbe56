"""Withdrawing a task."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain import lifecycle
from chalicelib.domain.errors import ConflictError, ForbiddenError, NotFoundError
from chalicelib.domain.task import Status, Task
from chalicelib.engine.batons import Batons
from chalicelib.engine.patience import insist
from chalicelib.ports.ambient import Clock
from chalicelib.ports.tasks import Applied, TaskStore


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cancel:
    """Withdraw a task that waits. One conditional write decides between this and the claim of an attempt: exactly one
    of the two wins, so no call starts after a cancel was acknowledged.

    Raises NotFoundError, ForbiddenError (another team's), ConflictError (it runs or is finished).
    """

    tasks: TaskStore
    batons: Batons
    clock: Clock
    retention_s: int

    def __call__(self, team: str, task_id: str) -> Task:
        now = self.clock.now()
        expires_at = lifecycle.expiry(now, self.retention_s)
        written = insist(lambda: self.tasks.cancel(task_id, team=team, now=now, expires_at=expires_at), self.clock)
        row = written.task if isinstance(written, Applied) else written.row
        if row is None or (row.expires_at is not None and row.expires_at <= now // 1000):
            raise NotFoundError
        if row.team != team:
            raise ForbiddenError
        if isinstance(written, Applied) or (row.status is Status.CANCELLED and row.completed_at == now):
            self.batons.forget(row)
            return row
        raise ConflictError
