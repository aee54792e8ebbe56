"""Attempts whose worker vanished, and calls whose answer was lost."""

from __future__ import annotations

import pytest
from attempt_stories import crash_at_call, webhooks, work_through_crashes
from engine_faults import Crash, Fault
from engine_stories import HOOK, Stage
from world import answer

from chalicelib.domain import messages
from chalicelib.domain.lifecycle import LEASE_MS, LOST, SKEW_MS
from chalicelib.domain.task import Status

# Workers that vanish


def test_an_attempt_whose_worker_vanished_is_taken_over_when_its_lease_is_over(stage: Stage) -> None:
    stage.servers.script = crash_at_call(1, stage)
    task = stage.submit()

    assert work_through_crashes(stage) == 1

    row = stage.row(task)
    assert (row.status, row.attempt, row.retries_made) == (Status.COMPLETED, 2, 1)
    assert stage.outcomes(task) == ["lost", "succeeded"]
    assert row.history[0].finished_at is None
    assert row.history[1].started_at >= task.due_at + LEASE_MS + SKEW_MS


def test_a_last_attempt_that_was_lost_fails_the_task_and_tells_its_owner(stage: Stage) -> None:
    stage.servers.script = crash_at_call(1, stage)
    task = stage.submit(max_retries=0, on_complete_url=HOOK)

    assert work_through_crashes(stage) == 1

    assert (stage.row(task).status, stage.row(task).error) == (Status.FAILED, LOST)
    assert webhooks(stage) == ["task.failed"]
    assert stage.servers.called() == 1


def test_a_crash_after_the_claim_and_before_the_call_costs_one_attempt(stage: Stage) -> None:
    stage.faults.fail("tasks", "claim", Fault.CRASH_AFTER)
    task = stage.submit()

    work_through_crashes(stage)

    assert stage.outcomes(task) == ["lost", "succeeded"]
    assert stage.servers.called() == 1


def test_a_crash_after_the_outcome_was_written_loses_neither_the_outcome_nor_the_webhook(stage: Stage) -> None:
    stage.faults.fail("tasks", "commit", Fault.CRASH_AFTER)
    task = stage.submit(on_complete_url=HOOK)

    work_through_crashes(stage)

    assert stage.outcomes(task) == ["succeeded"]
    assert webhooks(stage) == ["task.completed"]
    assert stage.servers.called() == 1


def test_two_workers_on_a_lost_lease_make_one_attempt(stage: Stage) -> None:
    stage.servers.script = crash_at_call(1, stage)
    task = stage.submit()
    with pytest.raises(Crash):
        stage.work()
    stage.clock.move_to(task.due_at + LEASE_MS + SKEW_MS)
    message = messages.Attempt(task.id, 1, task.due_at)
    other = stage.wake_up(message)
    stage.faults.before("tasks", "commit", lambda *_: stage.platform.attempts(other))

    stage.platform.attempts(other)

    assert stage.outcomes(task) == ["lost", "succeeded"]
    assert stage.servers.called() == 2


# Answers that are lost


def test_a_claim_whose_answer_was_lost_is_recognised_as_its_own(stage: Stage) -> None:
    stage.faults.fail("tasks", "claim", Fault.ANSWER_LOST)
    task = stage.submit()

    stage.work()

    assert stage.outcomes(task) == ["succeeded"]
    assert stage.servers.called() == 1


def test_a_claim_that_is_never_confirmed_costs_its_attempt_and_makes_no_call(stage: Stage) -> None:
    stage.faults.fail("tasks", "claim", Fault.ANSWER_LOST, times=3)
    task = stage.submit()

    stage.work()

    assert stage.outcomes(task) == ["lost", "succeeded"]
    assert stage.servers.called() == 1


def test_a_throttled_claim_is_tried_again_and_costs_nothing(stage: Stage) -> None:
    stage.faults.fail("tasks", "claim", Fault.UNAVAILABLE, times=7)
    task = stage.submit()
    began = stage.clock.now()

    stage.work()

    assert stage.outcomes(task) == ["succeeded"]
    assert stage.clock.now() - began < 10_000


@pytest.mark.parametrize("status", [200, 500])
def test_a_commit_whose_answer_was_lost_is_recognised_as_its_own(stage: Stage, status: int) -> None:
    stage.servers.answers(answer(status), answer(200))
    stage.faults.fail("tasks", "commit", Fault.ANSWER_LOST)
    task = stage.submit(on_complete_url=HOOK)

    stage.work()

    assert stage.servers.called() == (1 if status == 200 else 2)
    assert stage.row(task).status is Status.COMPLETED
    assert webhooks(stage) == ["task.completed"]
    assert {line["written"] for line in stage.recording.named("attempt")} == {"stored"}


@pytest.mark.parametrize("step", ["take over", "lose last"])
def test_the_commit_after_a_lost_attempt_is_recognised_too(stage: Stage, step: str) -> None:
    stage.servers.script = crash_at_call(1, stage)
    task = stage.submit(max_retries=int(step == "take over"), on_complete_url=HOOK)
    stage.faults.fail("tasks", "commit", Fault.ANSWER_LOST)

    work_through_crashes(stage)

    expected = (["lost", "succeeded"], ["task.completed"]) if step == "take over" else (["lost"], ["task.failed"])
    assert (stage.outcomes(task), webhooks(stage)) == expected


def test_a_payload_that_cannot_be_read_means_no_call(stage: Stage) -> None:
    stage.faults.fail("tasks", "payload", Fault.UNAVAILABLE, times=3)
    task = stage.submit()

    stage.work()

    assert stage.outcomes(task) == ["lost", "succeeded"]
    assert stage.servers.called() == 1
