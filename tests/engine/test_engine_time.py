"""Attempts within the time that there is: of the function, of the lease and of the budget."""

from __future__ import annotations

import pytest
from attempt_stories import patient, webhooks
from engine_faults import Fault
from engine_stories import FUNCTION_MS, HOOK, TIMED_OUT, Stage
from world import answer, sqs_event

from chalicelib import workers
from chalicelib.domain import messages
from chalicelib.domain.lifecycle import LEASE_MS, SKEW_MS
from chalicelib.domain.task import Status
from chalicelib.domain.wakeup import Hold
from chalicelib.engine.attempt import MARGIN_MS

# Time that runs out


@pytest.mark.parametrize("left_ms", [-1_000, 0, 1, MARGIN_MS])
def test_without_time_for_a_call_the_message_is_handed_back_unclaimed(stage: Stage, left_ms: int) -> None:
    task = stage.submit()
    call = stage.wake_up(messages.Attempt(task.id, 1, task.due_at), stop_at=stage.clock.now() + left_ms)

    assert isinstance(stage.platform.attempts(call), Hold)
    assert stage.faults.calls["tasks", "claim"] == 0
    assert stage.servers.calls == []


@pytest.mark.parametrize("slow_ms", [LEASE_MS - MARGIN_MS, FUNCTION_MS - MARGIN_MS])
def test_a_claim_that_took_too_long_is_not_used(stage: Stage, slow_ms: int) -> None:
    task = stage.submit()
    stage.faults.before("tasks", "payload", lambda *_: stage.clock.sleep(slow_ms))

    verdict = stage.platform.attempts(stage.wake_up(messages.Attempt(task.id, 1, task.due_at)))

    assert stage.servers.calls == []
    assert isinstance(verdict, Hold)
    assert stage.clock.now() + verdict.ms >= task.due_at + LEASE_MS + SKEW_MS
    stage.work()
    assert stage.outcomes(task) == ["lost", "succeeded"]


def test_a_call_never_outlasts_the_function(stage: Stage) -> None:
    task = stage.submit(max_wait_s=120.0, timeout_s=120.0)
    call = stage.wake_up(messages.Attempt(task.id, 1, task.due_at), stop_at=stage.clock.now() + 30_000)

    stage.platform.attempts(call)

    assert stage.servers.timeouts_s == [25.0]


def test_the_longest_call_fits_into_the_lease_and_the_function(stage: Stage) -> None:
    stage.submit(max_wait_s=120.0, timeout_s=120.0)

    stage.work()

    assert stage.servers.timeouts_s == [120.0]
    assert 120_000 + MARGIN_MS <= LEASE_MS <= FUNCTION_MS


def test_an_unavailable_store_hands_the_message_back_for_a_moment(stage: Stage) -> None:
    task = stage.submit()
    stage.faults.fail("tasks", "claim", Fault.UNAVAILABLE, times=3)

    verdict = stage.platform.attempts(stage.wake_up(messages.Attempt(task.id, 1, task.due_at)))

    assert verdict == Hold(2_000)
    assert stage.recording.named("held") == [{"task": task.id, "attempt": 1, "reason": "unavailable"}]


def test_a_batch_that_comes_with_no_time_left_is_handed_back_whole(stage: Stage) -> None:
    tasks = [stage.submit() for _ in range(3)]
    received = stage.tasks_queue.receive(10)

    failed = workers.attempts(sqs_event(stage.tasks_queue, received), 0)["batchItemFailures"]

    assert [each["itemIdentifier"] for each in failed] == [message.message_id for message in received]
    assert [stage.row(task).attempt for task in tasks] == [0, 0, 0]
    stage.work()
    assert stage.servers.called() == 3


# The budget for waiting


def test_the_budget_is_summed_over_the_attempts_and_then_ends_the_task(stage: Stage) -> None:
    stage.servers.script = patient(stage, TIMED_OUT)
    task = stage.submit(max_wait_s=25.0, timeout_s=10.0, max_retries=10, on_complete_url=HOOK)

    stage.work()

    row = stage.row(task)
    assert stage.servers.timeouts_s[:3] == [10.0, 10.0, 5.0]
    assert (row.status, row.error) == (Status.TIMEOUT, "Timeout: no response within 25 seconds")
    assert (row.waited_ms, row.retries_made) == (25_000, 2)
    assert row.result is None
    assert stage.servers.called() == 3
    assert webhooks(stage) == ["task.timeout"]


def test_waiting_in_the_queue_and_between_attempts_costs_nothing_of_the_budget(stage: Stage) -> None:
    stage.servers.script = patient(stage, answer(500), ms=100)
    task = stage.delayed(3_600, max_wait_s=1.0, timeout_s=1.0, max_retries=5)

    stage.work()

    assert (stage.row(task).status, stage.row(task).waited_ms) == (Status.FAILED, 600)


def test_a_timeout_of_one_attempt_is_a_failure_that_is_retried(stage: Stage) -> None:
    stage.servers.script = patient(stage, TIMED_OUT)
    task = stage.submit(max_wait_s=100.0, timeout_s=10.0, max_retries=2)

    stage.work()

    row = stage.row(task)
    assert (row.status, row.error) == (Status.FAILED, "fetch failed: ETIMEDOUT")
    assert [entry.error for entry in row.history] == ["fetch failed: ETIMEDOUT"] * 3
    assert row.waited_ms == 30_000


# The record


def test_every_attempt_leaves_one_canonical_line_without_secrets(stage: Stage) -> None:
    stage.servers.answers(answer(500, "private"), answer(200))
    task = stage.submit(url="https://shop.example/hook?token=hunter2")
    stage.work()

    lines = stage.recording.named("attempt")

    assert [(line["attempt"], line["outcome"], line["status_code"]) for line in lines] == [
        (1, "failed", 500),
        (2, "succeeded", 200),
    ]
    assert {line["task"] for line in lines} == {task.id}
    assert {line["late_ms"] for line in lines} == {0}
    assert "hunter2" not in repr(stage.recording.events)
    assert "private" not in repr(stage.recording.events)
