"""Attempts: when each wake-up call begins one, and what doubles of it do."""

from __future__ import annotations

from itertools import pairwise

import pytest
from attempt_stories import work_through_crashes
from engine_faults import Fault
from engine_stories import Stage
from world import answer

from chalicelib.domain import messages
from chalicelib.domain.exchange import Answer, Request
from chalicelib.domain.task import Status, Task
from chalicelib.domain.wakeup import Hold

DAY_S = 86_400

# When an attempt starts


def test_a_message_that_overtakes_its_row_waits_for_it_in_place(stage: Stage) -> None:
    def overtake(task: Task) -> None:
        stage.faults.before("tasks", "claim", lambda *_, **__: stage.tasks.create(task), nth=3)
        stage.deliver()

    stage.faults.before("tasks", "create", overtake)
    began = stage.clock.now()

    task = stage.submit()

    assert stage.row(task).status is Status.COMPLETED
    assert stage.row(task).started_at == began + 50 + 150
    stage.work()
    assert stage.servers.called() == 1


def test_a_message_that_overtakes_its_row_by_more_is_held_and_runs_soon_after(stage: Stage) -> None:
    stage.faults.before("tasks", "create", lambda _: stage.deliver())
    began = stage.clock.now()

    task = stage.submit()
    assert stage.servers.calls == []
    stage.work()

    assert stage.row(task).status is Status.COMPLETED
    assert (stage.row(task).started_at or 0) - began <= 3_000


def test_a_message_is_not_dropped_as_long_as_a_create_may_still_be_under_way(stage: Stage) -> None:
    stage.faults.before("tasks", "create", lambda _: stage.work(until=stage.clock.now() + 80_000))

    task = stage.submit()
    stage.work()

    assert stage.row(task).status is Status.COMPLETED


@pytest.mark.parametrize(
    "seconds", [0, 0.001, 0.499, 0.5, 0.999, 1, 60.3, 60.7, 899, 900, 900.001, 901, 960, 3_600, 30 * DAY_S]
)
def test_a_task_starts_within_half_a_second_of_its_time_and_never_early(stage: Stage, seconds: float) -> None:
    task = stage.delayed(seconds)

    stage.work()

    started = stage.row(task).started_at
    assert started is not None
    assert 0 <= started - task.due_at <= 500


@pytest.mark.parametrize("late_s", [0, 30, 59])
@pytest.mark.parametrize("seconds", [901, 3_600.5])
def test_a_schedule_may_fire_anywhere_in_its_minute(stage: Stage, seconds: float, late_s: int) -> None:
    task = stage.delayed(seconds)
    stage.clock.move_to((stage.schedules.next_at() or 0) + late_s * 1000)

    stage.work()

    assert 0 <= (stage.row(task).started_at or 0) - task.due_at <= 1_000


@pytest.mark.parametrize("early_ms", [1, 999, 1_000, 1_001, 5_400])
def test_a_message_that_comes_early_is_held_or_waits(stage: Stage, early_ms: int) -> None:
    task = stage.delayed(early_ms / 1000)
    stage.repeat(task)

    stage.work()

    assert stage.row(task).started_at == task.due_at
    assert stage.servers.called() == 1


def test_a_message_far_too_early_is_handed_back_without_a_look_at_the_row(stage: Stage) -> None:
    message = messages.Attempt("11111111-2222-4333-8444-555555555555", 1, stage.clock.now() + 7_300)

    assert stage.platform.attempts(stage.wake_up(message)) == Hold(7_000)
    assert stage.faults.calls["tasks", "claim"] == 0


# Messages that come more than once


@pytest.mark.parametrize("copies", [2, 5])
def test_duplicates_are_one_call(stage: Stage, copies: int) -> None:
    task = stage.submit()
    for _ in range(copies - 1):
        stage.repeat(task)

    stage.work()

    assert stage.servers.called() == 1
    assert stage.row(task).attempt == 1
    assert stage.quiet()


def test_duplicates_during_the_call_are_held_until_the_lease_is_over(stage: Stage) -> None:
    def script(request: Request, timeout_s: float) -> Answer:
        stage.repeat(task)
        stage.deliver()
        return answer(200)

    stage.servers.script = script
    task = stage.submit()

    stage.work()

    assert stage.servers.called() == 1
    assert stage.outcomes(task) == ["succeeded"]


def test_duplicates_between_attempts_never_make_an_attempt_early_or_twice(stage: Stage) -> None:
    starts: list[int] = []

    def script(request: Request, timeout_s: float) -> Answer:
        starts.append(stage.clock.now())
        stage.repeat(task, len(starts))
        return answer(500)

    stage.servers.script = script
    task = stage.submit()

    stage.work()

    assert [after - before for before, after in pairwise(starts)] == [1_000, 2_000, 4_000]
    assert stage.outcomes(task) == ["failed"] * 4
    assert stage.quiet()


def test_a_stale_message_stands_in_for_a_next_one_that_was_never_sent(stage: Stage) -> None:
    stage.servers.answers(answer(500), answer(200))
    task = stage.submit()
    stage.faults.fail("tasks queue", "send", Fault.CRASH_BEFORE)

    assert work_through_crashes(stage) == 1

    assert stage.outcomes(task) == ["failed", "succeeded"]
    assert stage.servers.called() == 2
    assert stage.quiet()


def test_a_next_message_that_the_queue_refuses_is_sent_when_the_old_one_returns(stage: Stage) -> None:
    stage.servers.answers(answer(500), answer(200))
    task = stage.submit()
    stage.faults.fail("tasks queue", "send", Fault.UNAVAILABLE, times=3)
    began = stage.clock.now()

    stage.work()

    assert stage.outcomes(task) == ["failed", "succeeded"]
    assert stage.clock.now() - began < 10_000
