"""What must hold for each message of AsyncFlow, besides what holds for every task."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.domain.task import AttemptOutcome, Simulation, Status, Task
from chalicelib.views import asyncflow as views

#: The background service looks for messages so often.
PICK_UP_MS = 5_000
#: The longest that any message takes.
LONGEST_MS = 900_000
#: A pick-up that is late takes up to so much less time.
_FORGIVEN_MS = 1_000
#: No message is tried again, runs out of time or is withdrawn.
_NEVER = frozenset({Status.RETRY, Status.TIMEOUT, Status.CANCELLED})
_PLACES = {"Queued": 0, "Processing": 1, "Completed": 2, "Failed": 2}


def shown_before(status: str, other: str) -> bool:
    """Whether a status that is shown belongs before another."""
    return _PLACES[status] < _PLACES[other]


def broken_by_beginning(row: Task) -> Iterator[str]:
    """The rules that a new row breaks."""
    if row.due_at % PICK_UP_MS or not 0 < row.due_at - row.created_at <= PICK_UP_MS:
        yield "message not due at the next pick-up"


def broken_by_step(before: Task, row: Task, *, latest: int, given_up: bool) -> Iterator[str]:
    """The rules that the step from one row to the next breaks. `latest` is what the fastest clock shows; `given_up`:
    the reader of dead letters has ended the message, which then need not end as was drawn."""
    if row.work != before.work:
        yield "fate changed"
    if row.status in _NEVER:
        yield "message did what none does"
    if row.continued > 1:
        yield "picked up twice"
    if shown_before(views.status(row), views.status(before)):
        yield "status went backwards"
    if row.finished and not given_up:
        yield from _broken_by_end(row, latest)


def _broken_by_end(row: Task, latest: int) -> Iterator[str]:
    fate = row.work_as(Simulation)
    drawn = Status.COMPLETED if fate.failure is None else Status.FAILED
    if (row.status, row.error) != (drawn, fate.failure):
        yield "message ended otherwise than was drawn"
    picked_up = [entry.finished_at for entry in row.history if entry.outcome is AttemptOutcome.CONTINUED]
    if len(picked_up) != 1 or picked_up[0] is None or row.completed_at is None or row.delay_until is None:
        yield "message ended without its pick-up"
        return
    if min(row.completed_at, latest) < row.delay_until + fate.duration_ms:
        yield "message ended before its time"
    if row.completed_at < picked_up[0] + fate.duration_ms - _FORGIVEN_MS:
        yield "message took less than its time"
