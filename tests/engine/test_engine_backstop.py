"""The daily look: it finds what lost its wake-up call without a trace, and disturbs nothing else."""

from __future__ import annotations

import pytest
from engine_faults import Fault
from engine_stories import HOOK, Stage

from chalicelib.domain import messages
from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.task import Status
from chalicelib.domain.wakeup import OVERDUE_MS
from chalicelib.engine.backstop import EVERY_MS, PAUSE_MS

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def forget_everything(stage: Stage) -> None:
    """All messages and schedules are gone, and no dead letter tells of them."""
    for table in ("messages", "schedules"):
        stage.database.change(f"DELETE FROM {table}")  # noqa: S608


def test_a_task_whose_schedule_vanished_is_called_an_hour_after_its_time(stage: Stage) -> None:
    task = stage.delayed(7_200)
    forget_everything(stage)
    stage.clock.move_to(task.due_at + OVERDUE_MS)

    answer = stage.look()
    stage.work()

    assert (answer["found"], answer["ended"]) == (1, True)
    assert stage.row(task).status is Status.COMPLETED
    assert stage.servers.called() == 1
    assert stage.recording.named("overdue") == [
        {"task": task.id, "team": task.team, "status": "queued", "attempt": 0},
    ]
    assert stage.recording.named("backstop") == [{"found": 1, "ms": 0}]


def test_a_task_whose_worker_and_message_vanished_is_taken_over(stage: Stage) -> None:
    task = stage.submit()
    stage.faults.fail("door", "send", Fault.CRASH_BEFORE)
    with pytest.raises(BaseException):  # noqa: B017, PT011  (the process stops)
        stage.deliver()
    forget_everything(stage)
    stage.clock.sleep(HOUR_MS * 2)

    stage.look()
    stage.work()

    assert (stage.row(task).status, stage.row(task).attempt) == (Status.COMPLETED, 2)


def test_a_webhook_that_vanished_is_sent(stage: Stage) -> None:
    task = stage.submit(on_complete_url=HOOK)
    stage.platform.attempts(stage.wake_up(messages.Attempt(task.id, 1, task.due_at)))
    forget_everything(stage)
    stage.clock.sleep(HOUR_MS)

    stage.look()
    stage.work()

    assert stage.servers.called(HOOK) == 1
    assert not stage.row(task).webhook


def test_what_waits_runs_or_is_over_is_left_alone(stage: Stage) -> None:
    done = stage.submit()
    stage.work()
    later = stage.delayed(DAY_MS // 1000)
    cancelled = stage.delayed(60)
    stage.platform.cancel(cancelled.team, cancelled.id)
    stage.clock.sleep(HOUR_MS)
    fresh = stage.submit()
    sent = stage.faults.calls["tasks queue", "send"]

    stage.look()

    assert stage.recording.named("overdue") == []
    assert stage.faults.calls["tasks queue", "send"] == sent
    assert [stage.row(task).status for task in (done, later, cancelled, fresh)] == [
        Status.COMPLETED,
        Status.QUEUED,
        Status.CANCELLED,
        Status.QUEUED,
    ]


def test_a_call_beside_one_that_is_there_changes_nothing(stage: Stage) -> None:
    """The queue is more than an hour behind: nothing was lost."""
    task = stage.submit()
    stage.clock.sleep(OVERDUE_MS)

    stage.look()
    stage.work()

    assert (stage.row(task).status, stage.row(task).attempt, stage.servers.called()) == (Status.COMPLETED, 1, 1)
    assert stage.quiet()


def test_it_looks_once_a_day_however_often_it_is_started(stage: Stage) -> None:
    for _ in range(3 * 24 + 1):
        stage.look()
        stage.clock.sleep(HOUR_MS)

    assert len(stage.recording.named("backstop")) == 4
    assert stage.faults.calls["tasks", "overdue"] == 4


def test_a_look_that_has_no_time_left_is_carried_on_by_the_next_run(stage: Stage) -> None:
    tasks = [stage.submit() for _ in range(1_001)]
    forget_everything(stage)
    stage.clock.sleep(OVERDUE_MS)

    stage.look(ms=30_000 + PAUSE_MS)
    assert stage.faults.calls["tasks", "overdue"] == 1
    assert stage.recording.named("backstop") == []
    stage.clock.sleep(HOUR_MS)
    stage.look()

    assert stage.faults.calls["tasks", "overdue"] == 2
    (over,) = stage.recording.named("backstop")
    assert over["found"] == len(stage.recording.named("overdue")) == len(tasks)


def test_a_run_without_any_time_looks_at_nothing(stage: Stage) -> None:
    stage.look(ms=30_000)

    assert stage.faults.calls["tasks", "overdue"] == 0


def test_two_runs_at_once_do_not_hinder_each_other(stage: Stage) -> None:
    task = stage.submit()
    forget_everything(stage)
    stage.clock.sleep(OVERDUE_MS)
    stage.faults.before("blobs", "swap", lambda *_, **__: stage.look())

    stage.look()
    stage.work()

    assert stage.servers.called() == 1
    assert stage.row(task).status is Status.COMPLETED
    assert len(stage.recording.named("backstop")) == 1


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.ANSWER_LOST])
@pytest.mark.parametrize("call", [("tasks queue", "send"), ("tasks", "overdue"), ("blobs", "swap"), ("blobs", "get")])
def test_a_part_that_does_not_answer_ends_the_run_and_the_next_one_goes_on(
    stage: Stage, call: tuple[str, str], fault: Fault
) -> None:
    task = stage.submit()
    forget_everything(stage)
    stage.clock.sleep(OVERDUE_MS)
    stage.faults.fail(*call, fault, times=100)
    with pytest.raises(UnavailableError):
        stage.look()
    stage.faults.heal()

    stage.clock.sleep(EVERY_MS)
    stage.look()
    stage.work()

    assert stage.row(task).status is Status.COMPLETED
    assert stage.servers.called() == 1
