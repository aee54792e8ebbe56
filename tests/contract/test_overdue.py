"""Looking through all rows for those that nobody comes for: what is found is what `wakeup.overdue` says."""

from __future__ import annotations

from typing import Any

import pytest
from contract_bench import Tasks
from contract_samples import MINUTE, NOW, TOKEN, a_task

from chalicelib.domain import wakeup
from chalicelib.domain.task import Payload, Status, Task, Unreadable

OVER = NOW - wakeup.OVERDUE_MS


def found_in(tasks: Tasks) -> dict[str, Task]:
    """All that is overdue, by the ids."""
    found: dict[str, Task] = {}
    after: str | None = None
    while True:
        stretch = tasks.overdue(now=NOW, after=after)
        found |= {task.id: task for task in stretch.tasks}
        after = stretch.after
        if after is None:
            return found


@pytest.mark.parametrize("at", [OVER - 1, OVER, OVER + 1], ids=["longer", "an hour", "shorter"])
@pytest.mark.parametrize(
    ("status", "time", "fields"),
    [
        (Status.QUEUED, "due_at", {}),
        (Status.RETRY, "due_at", {"lease_until": NOW + MINUTE}),
        (Status.CONTINUED, "due_at", {}),
        (Status.RUNNING, "lease_until", {"due_at": OVER - 5, "claim_token": TOKEN}),
        (Status.COMPLETED, "completed_at", {"due_at": OVER - 5, "webhook": True, "expires_at": NOW // 1000 + 60}),
        (Status.COMPLETED, "completed_at", {"due_at": OVER - 5, "expires_at": NOW // 1000 + 60}),
        (Status.FAILED, "completed_at", {"due_at": OVER - 5, "webhook": True, "expires_at": NOW // 1000}),
        (Status.CANCELLED, "completed_at", {"due_at": OVER - 5, "expires_at": NOW // 1000 + 60}),
    ],
    ids=["queued", "retry", "continued", "running", "untold", "told", "expired", "cancelled"],
)
def test_a_row_is_found_when_nobody_came_for_an_hour(
    tasks: Tasks, status: Status, time: str, fields: dict[str, Any], at: int
) -> None:
    row = a_task(**{"status": status, **fields, time: at})
    tasks.create(row)

    found = found_in(tasks).get(row.id)

    kept = row.expires_at is None or row.expires_at > NOW // 1000
    assert (found is not None) is (kept and wakeup.overdue(row, NOW))
    if found is not None:
        assert (found.team, found.status, found.attempt, found.due_at) == (row.team, status, 0, row.due_at)
        assert found.work == Unreadable(), "what is sealed stays so"


def test_what_lies_beside_the_rows_is_passed_over(tasks: Tasks) -> None:
    large = a_task(due_at=OVER, payload=Payload((), "x" * 20_000))
    tasks.create(large)

    assert found_in(tasks).keys() >= {large.id}


def test_many_rows_are_looked_through_in_parts(tasks: Tasks) -> None:
    rows = [a_task(due_at=OVER, payload=Payload((), "x" * 1_000)) for _ in range(1_001)]
    for row in rows:
        tasks.create(row)

    first = tasks.overdue(now=NOW, after=None)

    assert first.after is not None
    assert found_in(tasks).keys() >= {row.id for row in rows}
