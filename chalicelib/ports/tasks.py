"""Where task rows live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.listing import Page, Position, Query
from chalicelib.domain.task import Payload, Status, Task


@dataclass(frozen=True, slots=True)
class Fence:
    """What a row must still say for a write to be applied: the status, the attempt and the claim it was read with."""

    status: Status
    attempt: int
    token: str | None

    @classmethod
    def of(cls, task: Task) -> Fence:
        return cls(task.status, task.attempt, task.claim_token)


@dataclass(frozen=True, slots=True)
class Applied:
    """The write was made; `task` is the row as it now stands."""

    task: Task


@dataclass(frozen=True, slots=True)
class Refused:
    """The condition did not hold; `row` is the row that refused it, None when there is none."""

    row: Task | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was found in a part of all rows, and where the next part begins; None: this was the last."""

    tasks: tuple[Task, ...]
    after: str | None


class TaskStore(Protocol):
    """Conditional writes on single rows, each atomic. Every row handed back is as the last applied write left it.

    Rows come without `payload` and `result`, except as said. What comes of their work when it cannot be opened,
    `Unreadable` says: no write fails for it.
    """

    def create(self, task: Task) -> Applied | Refused:
        """Store a new row. Refused when the id is taken."""

    def claim(self, task_id: str, *, attempt: int, token: str, now: int) -> Applied | Refused:
        """Claim attempt number `attempt` on the condition of `wakeup.startable`; the row as `lifecycle.claim` says."""

    def commit(self, task: Task, fence: Fence) -> Applied | Refused:
        """Replace the changing fields of a row that still stands as the fence says. The row comes with its result."""

    def cancel(self, task_id: str, *, team: str, now: int, expires_at: int) -> Applied | Refused:
        """Withdraw a waiting task of this team: status, end and expiry as `lifecycle.cancel` says."""

    def announced(self, task_id: str) -> None:
        """Clear the row's mark that a completion webhook is still to be sent."""


class TaskReader(Protocol):
    """Reads of task rows. An expired row is absent, whether or not it was deleted yet. Work that cannot be opened comes
    as `Unreadable`; for a payload or result that cannot, SpoiledError or LockedError is raised."""

    def get(self, task_id: str, *, now: int, payload: bool = False, result: bool = True) -> Task | None:
        """The row with its result, unless that is not wanted, and with its payload on request. Strongly consistent."""

    def payload(self, task: Task) -> Payload:
        """The payload of a row that came without it."""

    def page(self, query: Query, position: Position, limit: int, *, payloads: bool = False) -> Page:
        """One page of a listing with results, and with payloads on request, whose size the limit has to bound. May lag
        behind writes by a few seconds.

        A task of which something is spoiled is left out, for it would keep its neighbours from being shown; read by its
        id, it says so.
        """

    def count(self, query: Query) -> int:
        """How many tasks a listing holds. May lag behind writes by a few seconds."""

    def overdue(self, *, now: int, after: str | None) -> Stretch:
        """Look through the rows of all teams for those that are `wakeup.overdue`, a part at a time: the first, or the
        one that `after` leads to. They come without anything that is sealed, and may lag behind by a few seconds."""
