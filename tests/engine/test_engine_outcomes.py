"""Outcomes that the row does not take: they travel as messages, and count once."""

from __future__ import annotations

from typing import Any

import pytest
from attempt_stories import crash_at_call, patient, webhooks
from engine_faults import Crash, Fault
from engine_stories import HOOK, TIMED_OUT, Stage
from world import answer

from chalicelib.domain import messages
from chalicelib.domain.exchange import Answer, NoAnswer, Request
from chalicelib.domain.lifecycle import LEASE_MS, SKEW_MS
from chalicelib.domain.task import Status
from chalicelib.embedded.queue import Received
from chalicelib.engine.attempt import COMMIT_PAUSES_MS, MARGIN_MS, Done


@pytest.mark.parametrize(
    ("reply", "changes", "status", "outcomes", "told"),
    [
        (answer(200), {}, Status.COMPLETED, ["succeeded"], ["task.completed"]),
        (answer(500), {"max_retries": 0}, Status.FAILED, ["failed"], ["task.failed"]),
        (answer(500), {}, Status.COMPLETED, ["failed", "succeeded"], ["task.completed"]),
        (TIMED_OUT, {"max_wait_s": 2.0}, Status.TIMEOUT, ["failed"], ["task.timeout"]),
    ],
    ids=["succeeded", "failed", "retry", "budget spent"],
)
def test_an_outcome_that_the_row_refuses_for_long_travels_as_a_message(
    stage: Stage,
    reply: Answer | NoAnswer,
    changes: dict[str, Any],
    status: Status,
    outcomes: list[str],
    told: list[str],
) -> None:
    stage.servers.answers(reply, answer(200))
    stage.faults.fail("tasks", "commit", Fault.UNAVAILABLE, times=len(COMMIT_PAUSES_MS) + 1 + 4)
    task = stage.submit(on_complete_url=HOOK, **changes)

    stage.work()

    assert (stage.row(task).status, stage.outcomes(task), webhooks(stage)) == (status, outcomes, told)
    assert stage.servers.called() == len(outcomes)
    assert stage.recording.named("attempt")[0]["written"] == "carried"
    assert stage.quiet()


def test_a_carried_outcome_keeps_when_the_attempt_ended_and_its_status_but_not_what_was_said(stage: Stage) -> None:
    stage.servers.answers(answer(201, "private words"))
    stage.faults.fail("tasks", "commit", Fault.UNAVAILABLE, times=len(COMMIT_PAUSES_MS) + 1)
    task = stage.submit()
    stage.deliver()
    (carried,) = carried_messages(stage)

    assert "private" not in carried.body
    stage.work()
    row = stage.row(task)
    assert row.result is not None
    assert (row.result.status_code, row.result.body) == (201, "")
    assert row.completed_at == task.due_at


def test_an_outcome_is_carried_while_there_is_still_time_to_send_it(stage: Stage) -> None:
    stage.servers.script = patient(stage, answer(200))
    stage.faults.fail("tasks", "commit", Fault.UNAVAILABLE, times=10)
    task = stage.submit()
    stop_at = stage.clock.now() + 30_000

    verdict = stage.platform.attempts(stage.wake_up(messages.Attempt(task.id, 1, task.due_at), stop_at=stop_at))

    assert verdict == Done()
    assert stage.recording.named("attempt")[0]["written"] == "carried"
    assert stage.clock.now() <= stop_at - MARGIN_MS // 2


def carried_messages(stage: Stage) -> list[Received]:
    """A look into the tasks queue, a second later."""
    stage.clock.sleep(1_000)
    received = stage.tasks_queue.receive(10)
    for message in received:
        stage.tasks_queue.hold(message.receipt, 0)
    return received


def test_an_outcome_that_arrives_twice_counts_once(stage: Stage) -> None:
    stage.servers.answers(answer(500), answer(200))
    stage.faults.fail("tasks", "commit", Fault.UNAVAILABLE, times=len(COMMIT_PAUSES_MS) + 1)
    task = stage.submit()
    stage.deliver()
    (carried,) = carried_messages(stage)
    stage.tasks_queue.send(carried.body, delay_s=0, group=task.team)

    stage.work()

    assert stage.outcomes(task) == ["failed", "succeeded"]
    assert stage.servers.called() == 2


def test_an_outcome_that_comes_after_the_lease_was_taken_over_is_fenced_off(stage: Stage) -> None:
    stage.servers.script = crash_at_call(1, stage)
    task = stage.submit()
    with pytest.raises(Crash):
        stage.work()
    row = stage.row(task)
    late = messages.Outcome(
        task=task.id,
        n=1,
        due=task.due_at,
        token=row.claim_token or "",
        ended=stage.clock.now(),
        waited=10,
        verdict="failed",
        error="no",
    )
    stage.work()

    assert stage.platform.attempts(stage.wake_up(late)) == Done()
    assert stage.outcomes(task) == ["lost", "succeeded"]


def test_a_worker_that_was_slower_than_its_lease_changes_nothing(stage: Stage) -> None:
    def script(request: Request, timeout_s: float) -> Answer:
        if stage.servers.called() == 1:
            stage.clock.sleep(LEASE_MS + SKEW_MS)
            stage.repeat(task)
            stage.deliver()
            return answer(500)
        return answer(200, "the second")

    stage.servers.script = script
    task = stage.submit()

    stage.work()

    row = stage.row(task)
    assert (row.status, stage.outcomes(task)) == (Status.COMPLETED, ["lost", "succeeded"])
    assert row.result is not None
    assert row.result.body == "the second"
    assert [line["written"] for line in stage.recording.named("attempt")] == ["stored", "fenced off"]
