"""What the key service is asked for: a thousand tasks take no more than four calls, however they are spread."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rings import CountedRing
from world import ManualClock, Recording

from chalicelib.domain import lifecycle
from chalicelib.domain.ids import uuid4_from
from chalicelib.domain.outcome import Succeeded
from chalicelib.domain.task import Backoff, Callback, Payload, Result, Status, Task
from chalicelib.embedded.database import Database
from chalicelib.embedded.tasks import EmbeddedTasks
from chalicelib.ports.tasks import Applied, Fence
from chalicelib.vault.keeper import FRESH_MS, Keeper

TASKS = 1_000
#: "KMS calls per 1,000 tasks".
MOST_CALLS = 4


def a_task(number: int, now: int, team: str) -> Task:
    return Task(
        id=uuid4_from(number.to_bytes(16, "big")),
        team=team,
        status=Status.QUEUED,
        work=Callback("https://api.example.com/hook", "POST", 30, 30, Backoff.EXPONENTIAL),
        max_attempts=4,
        due_at=now,
        created_at=now,
        create_token="create",
        payload=Payload((("X-Order", "7"),), "a body"),
        on_complete_url="https://api.example.com/done",
    )


def calls_for(tasks: int, *, apart_ms: int) -> int:
    """The calls for so many tasks of one team, each created by one function, run by another, told of by a third, and
    read by the first. Each function keeps its keys to itself."""
    clock, ring = ManualClock(), CountedRing()
    with Database() as database:
        api, worker, teller = (EmbeddedTasks(database, Keeper(ring, clock, Recording())) for _ in range(3))
        for number in range(tasks):
            now = clock.now()
            task = a_task(number, now, "team")
            api.create(task)
            claimed = worker.claim(task.id, attempt=1, token="token", now=now)
            assert isinstance(claimed, Applied)
            running = replace(claimed.task, payload=worker.payload(claimed.task))
            done = lifecycle.settle(running, Succeeded(5, Result(200, (), "ok", 5)), now=now, retention_s=86_400)
            assert isinstance(worker.commit(done.task, Fence.of(running)), Applied)
            for reader in (teller, api):
                read = reader.get(task.id, now=now)
                assert read is not None
                assert read.result is not None
            clock.sleep(apart_ms)
    return ring.asked.total()


@pytest.mark.parametrize("within_ms", [0, FRESH_MS // 2, FRESH_MS], ids=["at once", "in half an hour", "in an hour"])
def test_a_thousand_tasks_of_a_team_take_at_most_four_calls(within_ms: int) -> None:
    assert calls_for(TASKS, apart_ms=within_ms // TASKS) <= MOST_CALLS


def test_many_thousands_take_fewer_still() -> None:
    assert calls_for(4 * TASKS, apart_ms=10) * TASKS / (4 * TASKS) <= MOST_CALLS / 2


def test_a_team_that_trickles_takes_a_call_for_each_function_and_hour() -> None:
    assert calls_for(24, apart_ms=FRESH_MS) == 3 * 24
