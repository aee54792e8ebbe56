"""Retry schedules, to the millisecond."""

from __future__ import annotations

import msgspec
import pytest
from domain_tasks import NOW, RETENTION_S, a_task

from chalicelib.domain import lifecycle
from chalicelib.domain.outcome import Failed
from chalicelib.domain.retry import MOST_RETRIES, delay_ms
from chalicelib.domain.task import Backoff, Callback, Status

SCHEDULES = [
    (Backoff.EXPONENTIAL, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]),
    (Backoff.LINEAR, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
]


@pytest.mark.parametrize(("backoff", "seconds"), SCHEDULES)
def test_the_documented_schedules_are_kept_exactly(backoff: Backoff, seconds: list[int]) -> None:
    assert [delay_ms(backoff, retry) for retry in range(1, MOST_RETRIES + 1)] == [each * 1000 for each in seconds]


@pytest.mark.parametrize("retry", [0, -1])
def test_there_is_no_retry_before_the_first(retry: int) -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        delay_ms(Backoff.LINEAR, retry)


@pytest.mark.parametrize(("backoff", "seconds"), SCHEDULES)
def test_a_task_that_always_fails_walks_the_whole_schedule(backoff: Backoff, seconds: list[int]) -> None:
    task = a_task(
        max_attempts=MOST_RETRIES + 1, work=msgspec.structs.replace(a_task().work_as(Callback), backoff=backoff)
    )
    now, pauses = NOW, []
    while not task.finished:
        now = max(now, task.due_at)
        task = lifecycle.claim(task, token="t", now=now)
        task = lifecycle.settle(task, Failed("no"), now=now, retention_s=RETENTION_S).task
        pauses.append(task.due_at - now)

    assert task.status is Status.FAILED
    assert pauses[:-1] == [each * 1000 for each in seconds]
    assert task.retries_made == MOST_RETRIES
