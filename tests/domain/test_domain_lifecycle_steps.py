"""What each step leaves in the row, and what is to be done after it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from domain_tasks import NOW, RETENTION_S, a_task, modest, running
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import lifecycle
from chalicelib.domain.lifecycle import LEASE_MS, LOST, SKEW_MS, UNDELIVERABLE, Announce, Step, WakeNext
from chalicelib.domain.outcome import BudgetSpent, Continue, Failed, Outcome, Succeeded
from chalicelib.domain.retry import MOST_RETRIES
from chalicelib.domain.task import AttemptOutcome, AttemptRecord, Backoff, Callback, Result, Status, Task

LATER = NOW + 5_000
HOOK = "https://example.com/done"
ANSWER = Result(200, (("content-type", "text/plain"),), "fine", 120)
REFUSAL = Result(503, (), "busy", 80)


def settle(task: Task, outcome: Outcome, now: int = LATER) -> Step:
    return lifecycle.settle(task, outcome, now=now, retention_s=RETENTION_S)


def test_a_claim_counts_the_attempt_and_holds_the_lease() -> None:
    task = lifecycle.claim(a_task(), token="t1", now=NOW)

    assert (task.status, task.attempt, task.claim_token) == (Status.RUNNING, 1, "t1")
    assert (task.started_at, task.claimed_at, task.lease_until) == (NOW, NOW, NOW + LEASE_MS)


def test_the_start_of_a_task_is_that_of_its_first_attempt() -> None:
    waiting = settle(running(), Failed("no")).task

    assert lifecycle.claim(waiting, token="t2", now=LATER).started_at == NOW


def test_success_keeps_the_answer_and_ends_the_task() -> None:
    step = settle(running(), Succeeded(120, ANSWER))

    assert (step.task.status, step.task.result, step.task.error) == (Status.COMPLETED, ANSWER, None)
    assert (step.task.completed_at, step.task.waited_ms) == (LATER, 120)
    assert step.task.expires_at == LATER // 1000 + RETENTION_S
    assert step.task.history == (AttemptRecord(1, NOW, NOW, LATER, AttemptOutcome.SUCCEEDED, 200),)
    assert step.effects == ()


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Succeeded(), "completed"), (Failed("no"), "failed"), (BudgetSpent("late"), "timeout")],
    ids=lambda each: str(each),
)
def test_an_end_is_announced_when_somebody_asked_for_it(outcome: Outcome, status: str) -> None:
    asked = settle(running(max_attempts=1, on_complete_url=HOOK), outcome)
    unasked = settle(running(max_attempts=1), outcome)

    assert (asked.task.status, asked.task.webhook, asked.effects) == (status, True, (Announce(),))
    assert (unasked.task.status, unasked.task.webhook, unasked.effects) == (status, False, ())


def test_a_failure_with_a_retry_left_waits_and_wakes_the_next_attempt() -> None:
    step = settle(running(on_complete_url=HOOK), Failed("no", 80, REFUSAL))

    assert (step.task.status, step.task.due_at, step.task.webhook) == (Status.RETRY, LATER + 1_000, False)
    assert step.effects == (WakeNext(2, LATER + 1_000),)
    assert step.task.history == (AttemptRecord(1, NOW, NOW, LATER, AttemptOutcome.FAILED, 503, "no", LATER + 1_000),)
    assert (step.task.result, step.task.error, step.task.expires_at) == (None, None, None)


def test_the_last_failure_shows_its_answer_beside_the_error() -> None:
    step = settle(running(max_attempts=1), Failed("no", 80, REFUSAL))

    assert (step.task.status, step.task.result, step.task.error) == (Status.FAILED, REFUSAL, "no")


def test_a_failure_without_an_answer_leaves_no_result() -> None:
    assert settle(running(max_attempts=1), Failed("no", 80)).task.result is None


def test_a_final_failure_ends_the_task_however_many_retries_are_left() -> None:
    step = settle(running(max_attempts=4, on_complete_url=HOOK), Failed("no use", 80, final=True))

    assert (step.task.status, step.task.error) == (Status.FAILED, "no use")
    assert step.effects == (Announce(),)


def test_a_spent_budget_ends_the_task_however_many_retries_are_left() -> None:
    step = settle(running(max_attempts=11), BudgetSpent("late", 30_000))

    assert (step.task.status, step.task.error, step.task.waited_ms) == (Status.TIMEOUT, "late", 30_000)


def test_going_on_later_spends_no_retry() -> None:
    step = settle(running(max_attempts=1), Continue(7_000))

    assert (step.task.status, step.task.due_at) == (Status.CONTINUED, LATER + 7_000)
    assert (step.task.max_retries, step.task.retries_made, step.task.max_attempts) == (0, 0, 2)
    assert step.effects == (WakeNext(2, LATER + 7_000),)


def test_after_going_on_the_first_failure_is_still_the_first() -> None:
    again = lifecycle.claim(settle(running(max_attempts=2), Continue(1_000)).task, token="t2", now=LATER)

    step = settle(again, Failed("no"))

    assert step.task.due_at == LATER + 1_000
    assert (step.task.retries_made, step.task.max_retries) == (0, 1)


def test_waiting_adds_up_over_the_attempts() -> None:
    first = settle(running(), Failed("no", 4_000)).task
    second = settle(lifecycle.claim(first, token="t2", now=LATER), Succeeded(2_500)).task

    assert second.waited_ms == 6_500


def test_a_lease_is_over_only_for_every_clock() -> None:
    task = running()

    assert not lifecycle.lease_over(task, NOW + LEASE_MS + SKEW_MS - 1)
    assert lifecycle.lease_over(task, NOW + LEASE_MS + SKEW_MS)
    assert not lifecycle.lease_over(a_task(), NOW + LEASE_MS + SKEW_MS)


def test_taking_over_remembers_the_attempt_that_was_lost() -> None:
    after = NOW + LEASE_MS + SKEW_MS

    task = lifecycle.take_over(running(), token="t2", now=after)

    assert (task.status, task.attempt, task.claim_token) == (Status.RUNNING, 2, "t2")
    assert (task.claimed_at, task.lease_until) == (after, after + LEASE_MS)
    assert task.history == (AttemptRecord(1, NOW, NOW, None, AttemptOutcome.LOST, error=LOST, next_at=after),)


def test_losing_the_last_attempt_fails_the_task_and_tells_its_owner() -> None:
    step = lifecycle.lose_last(running(max_attempts=1, on_complete_url=HOOK), now=LATER, retention_s=RETENTION_S)

    assert (step.task.status, step.task.error, step.effects) == (Status.FAILED, LOST, (Announce(),))
    assert [entry.outcome for entry in step.task.history] == [AttemptOutcome.LOST]


@pytest.mark.parametrize(("task", "lost"), [(a_task(), 0), (running(), 1)], ids=["queued", "running"])
def test_giving_up_fails_the_task_and_remembers_an_attempt_under_way(task: Task, lost: int) -> None:
    step = lifecycle.give_up(replace(task, on_complete_url=HOOK), now=LATER, retention_s=RETENTION_S)

    assert (step.task.status, step.task.error, step.effects) == (Status.FAILED, UNDELIVERABLE, (Announce(),))
    assert len(step.task.history) == lost


def test_a_withdrawn_task_ends_without_a_word() -> None:
    task = lifecycle.cancel(a_task(on_complete_url=HOOK), now=LATER, retention_s=RETENTION_S)

    assert (task.status, task.completed_at, task.webhook) == (Status.CANCELLED, LATER, False)
    assert task.expires_at == LATER // 1000 + RETENTION_S


attempts = st.one_of(
    st.builds(Failed, st.just("no"), st.integers(0, 1_000)),
    st.builds(Continue, st.integers(0, 1_000)),
    st.none(),
)


@modest
@given(st.lists(attempts, min_size=1, max_size=40))
def test_the_history_keeps_the_newest_eleven_in_order(story: list[Outcome | None]) -> None:
    task = running(max_attempts=100, work=linear())
    for outcome in story:
        task = lived_through(task, outcome)

    numbers = [entry.number for entry in task.history]
    assert numbers == list(range(max(1, len(story) - MOST_RETRIES), len(story) + 1))
    assert task.attempt == len(story) + 1


@modest
@given(st.lists(attempts, max_size=MOST_RETRIES), st.integers(0, MOST_RETRIES))
def test_retries_are_counted_without_those_that_only_went_on(story: list[Outcome | None], retries: int) -> None:
    task = running(max_attempts=retries + 1, work=linear())
    spent = 0
    for outcome in story:
        if task.last_attempt and not isinstance(outcome, Continue):
            break
        spent += not isinstance(outcome, Continue)
        task = lived_through(task, outcome)
        assert (task.retries_made, task.max_retries) == (spent, retries)
        assert task.last_attempt == (spent == retries)


def lived_through(task: Task, outcome: Outcome | None) -> Task:
    """The next attempt's claim, after this attempt's outcome or, without one, its loss."""
    if outcome is None:
        return lifecycle.take_over(task, token="next", now=LATER)
    return lifecycle.claim(settle(task, outcome).task, token="next", now=LATER)


def linear() -> Callback:
    return msgspec.structs.replace(a_task().work_as(Callback), backoff=Backoff.LINEAR)
