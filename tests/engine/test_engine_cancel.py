"""Withdrawing a task: between a cancel and a claim exactly one wins, and the loser is told."""

from __future__ import annotations

from typing import Any

import pytest
from engine_faults import Fault
from engine_stories import HOOK, Stage
from hypothesis import given, settings
from hypothesis import strategies as st
from world import answer

from chalicelib.domain import messages
from chalicelib.domain.errors import ConflictError, ForbiddenError, NotFoundError, UnavailableError
from chalicelib.domain.exchange import Answer, Request
from chalicelib.domain.task import Status, Task

HOUR_S = 3_600


def cancel(stage: Stage, task: Task) -> Task:
    return stage.platform.cancel(stage.owner.id, task.id)


@pytest.mark.parametrize("seconds", [0, 60, HOUR_S])
def test_a_waiting_task_is_withdrawn_and_never_runs(stage: Stage, seconds: int) -> None:
    task = stage.delayed(seconds, on_complete_url=HOOK)

    withdrawn = cancel(stage, task)

    assert (withdrawn.status, withdrawn.completed_at) == (Status.CANCELLED, stage.clock.now())
    stage.work()
    assert stage.servers.calls == []
    assert stage.quiet()


def test_a_task_that_waits_for_a_retry_can_be_withdrawn(stage: Stage) -> None:
    stage.servers.answers(answer(500))
    task = stage.submit()
    stage.deliver()

    cancel(stage, task)

    stage.work()
    assert stage.servers.called() == 1
    assert (stage.row(task).status, stage.row(task).error) == (Status.CANCELLED, None)


def test_the_schedule_of_a_withdrawn_task_is_deleted(stage: Stage) -> None:
    task = stage.delayed(HOUR_S)

    cancel(stage, task)

    assert stage.schedules.next_at() is None


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.ANSWER_LOST])
def test_a_schedule_that_cannot_be_deleted_fires_in_vain(stage: Stage, fault: Fault) -> None:
    stage.faults.fail("schedules", "delete", fault)
    task = stage.delayed(HOUR_S)

    assert cancel(stage, task).status is Status.CANCELLED

    stage.work()
    assert stage.servers.calls == []
    assert stage.quiet()


def test_a_running_task_is_not_withdrawn(stage: Stage) -> None:
    refused: list[type[Exception]] = []

    def script(request: Request, timeout_s: float) -> Answer:
        with pytest.raises(ConflictError) as caught:
            cancel(stage, task)
        refused.append(caught.type)
        return answer(200)

    stage.servers.script = script
    task = stage.submit()

    stage.work()

    assert refused == [ConflictError]
    assert stage.row(task).status is Status.COMPLETED


def test_a_finished_task_is_not_withdrawn(stage: Stage) -> None:
    task = stage.submit()
    stage.work()

    with pytest.raises(ConflictError):
        cancel(stage, task)


def test_a_cancel_just_before_the_claim_wins(stage: Stage) -> None:
    task = stage.submit()
    stage.faults.before("tasks", "claim", lambda *_, **__: cancel(stage, task))

    stage.work()

    assert stage.row(task).status is Status.CANCELLED
    assert stage.servers.calls == []


def test_a_claim_just_before_the_cancel_wins(stage: Stage) -> None:
    task = stage.submit()
    stage.faults.before("tasks", "cancel", lambda *_, **__: stage.deliver())

    with pytest.raises(ConflictError):
        cancel(stage, task)

    assert stage.row(task).status is Status.COMPLETED


def test_a_cancel_whose_answer_was_lost_is_recognised_as_its_own(stage: Stage) -> None:
    task = stage.delayed(HOUR_S)
    stage.faults.fail("tasks", "cancel", Fault.ANSWER_LOST)

    assert cancel(stage, task).status is Status.CANCELLED
    assert stage.schedules.next_at() is None


def test_a_cancel_that_is_never_confirmed_is_not_acknowledged(stage: Stage) -> None:
    task = stage.submit()
    stage.faults.fail("tasks", "cancel", Fault.UNAVAILABLE, times=3)

    with pytest.raises(UnavailableError):
        cancel(stage, task)

    stage.work()
    assert stage.row(task).status is Status.COMPLETED


def test_a_second_cancel_is_told_that_there_is_nothing_left_to_withdraw(stage: Stage) -> None:
    task = stage.delayed(60)
    cancel(stage, task)
    stage.clock.sleep(1_000)

    with pytest.raises(ConflictError):
        cancel(stage, task)

    assert stage.row(task).completed_at == stage.clock.now() - 1_000


def test_another_teams_task_is_forbidden_and_untouched(stage: Stage) -> None:
    task = stage.delayed(60)

    with pytest.raises(ForbiddenError):
        stage.platform.cancel(stage.new_team().id, task.id)

    assert stage.row(task).status is Status.QUEUED


@pytest.mark.parametrize("task_id", ["", "nonsense", "11111111-2222-4333-8444-555555555555"])
def test_a_task_that_does_not_exist_is_not_found(stage: Stage, task_id: str) -> None:
    with pytest.raises(NotFoundError):
        stage.platform.cancel(stage.owner.id, task_id)


def test_a_task_whose_time_of_keeping_is_over_is_not_found(stage: Stage) -> None:
    task = stage.submit()
    stage.work()
    stage.clock.sleep((stage.settings.retention_s + 1) * 1000)

    with pytest.raises(NotFoundError):
        cancel(stage, task)


@settings(deadline=None, max_examples=60)
@given(
    due_ms=st.sampled_from([0, 1_000, 60_000, 901_000]),
    offset_ms=st.integers(-3_000, 8_000),
    answers=st.lists(st.sampled_from([200, 500]), min_size=1, max_size=3),
    call_ms=st.sampled_from([0, 700]),
)
def test_whenever_a_cancel_comes_it_either_wins_for_good_or_is_refused(
    due_ms: int, offset_ms: int, answers: list[int], call_ms: int
) -> None:
    """Nothing starts after an acknowledged cancel, and a refused one leaves the task to run to its end."""
    stage = Stage()
    with stage:
        starts: list[int] = []

        def script(request: Request, timeout_s: float) -> Answer:
            starts.append(stage.clock.now())
            stage.clock.sleep(call_ms)
            return answer(answers[min(len(starts), len(answers)) - 1])

        stage.servers.script = script
        task = stage.delayed(due_ms / 1000, max_retries=2)
        stage.work(until=task.due_at + offset_ms)
        before = len(starts)

        won = withdraws(stage, task)
        stage.work()

        assert stage.row(task).finished
        assert (stage.row(task).status is Status.CANCELLED) == won
        assert not won or len(starts) == before
        assert stage.quiet()


def withdraws(stage: Stage, task: Task) -> bool:
    try:
        cancel(stage, task)
    except ConflictError:
        return False
    return True


def test_a_stray_message_of_a_withdrawn_task_is_dropped(stage: Stage) -> None:
    task = stage.delayed(60)
    cancel(stage, task)
    stray: Any = messages.Attempt(task.id, 1, stage.clock.now())

    stage.platform.attempts(stage.wake_up(stray))

    assert stage.row(task).status is Status.CANCELLED
