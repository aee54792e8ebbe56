"""Attempts: what each wake-up call does, whatever is lost, doubled or late on the way."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from engine_faults import Crash, Fault
from engine_stories import FUNCTION_MS, HOOK, TARGET, TIMED_OUT, Stage
from world import answer, sqs_event

from chalicelib import workers
from chalicelib.domain import messages
from chalicelib.domain.exchange import Answer, NoAnswer, Request
from chalicelib.domain.lifecycle import LEASE_MS, LOST, SKEW_MS
from chalicelib.domain.task import Status, Task
from chalicelib.domain.wakeup import Hold
from chalicelib.embedded.queue import Received
from chalicelib.engine.attempt import COMMIT_PAUSES_MS, MARGIN_MS, Done

DAY_S = 86_400


def webhooks(stage: Stage) -> list[str]:
    """The events that the owner was told."""
    return [str(request.body).split('"')[3] for request in stage.servers.calls if request.url == HOOK]


def crash_at_call(number: int, stage: Stage) -> Any:
    """Servers that see the process stop in the middle of one call, and answer all others."""

    def script(request: Request, timeout_s: float) -> Answer:
        if stage.servers.called() == number and request.url == TARGET:
            raise Crash
        return answer(200)

    return script


def work_through_crashes(stage: Stage) -> int:
    """Let everything happen, starting the process anew whenever it stops; how often it did."""
    for crashes in range(20):
        try:
            stage.work()
        except Crash:
            continue
        return crashes
    raise AssertionError("the process does not stop stopping")


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


# Outcomes that the row does not take


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


def patient(stage: Stage, reply: Answer | NoAnswer, ms: int | None = None) -> Any:
    """Servers that answer after so long, or only when time is up."""

    def script(request: Request, timeout_s: float) -> Answer | NoAnswer:
        stage.clock.sleep(round(timeout_s * 1000) if ms is None else ms)
        return reply

    return script


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
