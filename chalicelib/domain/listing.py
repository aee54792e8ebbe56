"""Which tasks of a team to list, in what order, and where the page begins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.task import CLAIMABLE, Status, Task

#: The results' bodies on one page come to at most so many bytes of UTF-8 together, or to those of a single task: an
#: answer of a Lambda function is limited to 6 MB.
PAGE_BODY_BYTES = 4 * 1024 * 1024


class View(StrEnum):
    """The seven statuses a listing can be asked for, as AsyncQueue names them."""

    PENDING = "pending"
    DELAYED = "delayed"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


class Shelf(StrEnum):
    """Where the index keeps a task: all unfinished ones together, the finished ones by how they ended.

    A shelf is chosen so that a task changes it once in its life: index writes are what listing costs.
    """

    ACTIVE = "active"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


def view_of(status: Status, due_at: int, now: int) -> View:
    """The status a reader is shown: a queued task whose time is ahead is delayed, other waiting ones are pending."""
    if status is Status.QUEUED and due_at > now:
        return View.DELAYED
    if status in CLAIMABLE:
        return View.PENDING
    return View.PROCESSING if status is Status.RUNNING else View(status.value)


def shelf_of(status: Status) -> Shelf:
    """The shelf a task of this status stands on."""
    return Shelf.ACTIVE if status in CLAIMABLE or status is Status.RUNNING else Shelf(status.value)


def shelves_for(view: View | None) -> tuple[Shelf, ...]:
    """The shelves that can hold what a listing asks for."""
    if view is None:
        return tuple(Shelf)
    return (Shelf.ACTIVE,) if view in (View.PENDING, View.DELAYED, View.PROCESSING) else (Shelf(view.value),)


@dataclass(frozen=True, slots=True)
class Query:
    """A listing of one team's tasks. Bounds on the creation time are exclusive; `now` judges what is delayed."""

    team: str
    now: int
    view: View | None = None
    newest_first: bool = True
    created_after: int | None = None
    created_before: int | None = None

    def matches(self, task: Task) -> bool:
        """Whether a task belongs into this listing."""
        return (
            task.team == self.team
            and (self.view is None or view_of(task.status, task.due_at, self.now) is self.view)
            and (self.created_after is None or task.created_at > self.created_after)
            and (self.created_before is None or task.created_at < self.created_before)
        )


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: after so many tasks, or after the task of this creation time and id."""

    offset: int = 0
    after: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; `total` counts the whole listing, `more` says whether tasks follow this page.

    A page ends before the task whose result would exceed `PAGE_BODY_BYTES`; its first task is always on it.
    """

    tasks: tuple[Task, ...]
    total: int
    more: bool
