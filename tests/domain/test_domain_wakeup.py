"""What becomes of a wake-up call whose claim was refused: the table of the engine, row by row and as a whole."""

from __future__ import annotations

from typing import Any

import pytest
from domain_tasks import NOW, a_task, modest, running
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.lifecycle import LEASE_MS, SKEW_MS
from chalicelib.domain.task import CLAIMABLE, TERMINAL, Status, Task
from chalicelib.domain.wakeup import (
    GRACE_MS,
    GROWING_HOLDS_S,
    Decision,
    Drop,
    GoOn,
    Hold,
    LoseLast,
    Resend,
    TakeOver,
    decide,
    startable,
)

LEASE_OVER = NOW + LEASE_MS + SKEW_MS


def decided(row: Task | None, **changes: Any) -> Decision:
    """The decision on a fresh message for a first attempt that is due now, but for the changes."""
    call = {"n": 1, "due": NOW, "token": "mine", "now": NOW, "age_ms": 0, "receives": 1}
    return decide(row, **{**call, **changes})


@pytest.mark.parametrize(("receives", "seconds"), [*enumerate((2, 4, 8, 16, 32, 32, 32, 32), start=1)])
def test_no_row_and_a_young_message_it_comes_back_ever_later(receives: int, seconds: int) -> None:
    assert decided(None, age_ms=GRACE_MS - 1, receives=receives) == Hold(seconds * 1000)


def test_the_holds_reach_past_the_time_of_grace() -> None:
    assert sum(GROWING_HOLDS_S) * 1000 > GRACE_MS


def test_no_row_and_an_old_message_it_is_left_over_from_a_create_that_failed() -> None:
    assert decided(None, age_ms=GRACE_MS) == Drop()


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_finished_task_needs_no_message(status: Status) -> None:
    assert decided(a_task(status=status, attempt=1)) == Drop()


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_finished_task_whose_webhook_is_outstanding_is_announced_first(status: Status) -> None:
    assert decided(a_task(status=status, attempt=1, webhook=True)) == Drop(announce=True)


def test_a_claim_of_mine_whose_answer_was_lost_goes_on() -> None:
    assert decided(running(claim="mine")) == GoOn()


def test_a_live_lease_is_waited_for() -> None:
    assert decided(running(claim="theirs"), now=NOW + 1_000) == Hold(LEASE_MS + SKEW_MS - 1_000)


def test_a_lease_that_is_over_is_taken_over_while_an_attempt_is_left() -> None:
    assert decided(running(claim="theirs"), now=LEASE_OVER) == TakeOver()


def test_a_lease_that_is_over_on_the_last_attempt_is_the_end() -> None:
    assert decided(running(claim="theirs", max_attempts=1), now=LEASE_OVER) == LoseLast()


@pytest.mark.parametrize("status", [Status.RETRY, Status.CONTINUED])
@pytest.mark.parametrize("n", [1, 2])
def test_a_stale_message_stands_in_for_the_next_attempts(status: Status, n: int) -> None:
    assert decided(a_task(status=status, attempt=2, due_at=NOW + 4_000), n=n, age_ms=GRACE_MS) == Resend()


@pytest.mark.parametrize("age_ms", [0, GRACE_MS], ids=["young", "old"])
def test_the_rows_own_message_waits_for_its_time(age_ms: int) -> None:
    row = a_task(due_at=NOW + 3_000)

    assert decided(row, due=row.due_at, age_ms=age_ms) == Hold(3_000)


def test_a_young_message_with_another_due_time_waits_as_the_rows_own_may_not_be_there_yet() -> None:
    assert decided(a_task(due_at=NOW + 3_000), age_ms=GRACE_MS - 1) == Hold(3_000)


def test_an_old_message_with_another_due_time_is_a_stray() -> None:
    assert decided(a_task(due_at=NOW + 3_000), age_ms=GRACE_MS) == Drop()


def test_a_message_for_a_later_attempt_is_left_over_from_an_earlier_life_of_the_id() -> None:
    assert decided(a_task(), n=2) == Drop()


def test_a_row_that_became_startable_meanwhile_is_tried_again_at_once() -> None:
    assert decided(a_task()) == Hold(0)


#: Around now, with the edges that rules turn on.
instants = st.integers(NOW - 300_000, NOW + 300_000) | st.sampled_from(
    [NOW, NOW - LEASE_MS - SKEW_MS, NOW - SKEW_MS, NOW + 1]
)
calls = st.fixed_dictionaries(
    {
        "n": st.integers(1, 6),
        "due": instants,
        "token": st.sampled_from(["mine", "theirs"]),
        "now": st.just(NOW),
        "age_ms": st.integers(0, 2 * GRACE_MS) | st.sampled_from([GRACE_MS - 1, GRACE_MS]),
        "receives": st.integers(1, 20),
    }
)
waiting = st.builds(
    lambda status, attempt, due: a_task(status=status, attempt=attempt, due_at=due),
    st.sampled_from(sorted(CLAIMABLE)),
    st.integers(0, 4),
    instants,
)
under_way = st.builds(
    lambda attempt, most, lease, token: a_task(
        status=Status.RUNNING, attempt=attempt, max_attempts=most, lease_until=lease, claim_token=token
    ),
    st.integers(1, 4),
    st.integers(1, 4),
    instants,
    st.sampled_from(["mine", "others"]),
)


@modest
@given(waiting | under_way, calls)
def test_an_unfinished_task_loses_no_message_but_strays_and_those_of_an_earlier_life(
    row: Task, call: dict[str, Any]
) -> None:
    if isinstance(decide(row, **call), Drop):
        assert row.status in CLAIMABLE
        stray = row.due_at > NOW and call["due"] != row.due_at and call["age_ms"] >= GRACE_MS
        assert stray or call["n"] > row.attempt + 1
        assert call["n"] > row.attempt


@modest
@given(calls)
def test_a_young_message_without_a_row_is_never_dropped(call: dict[str, Any]) -> None:
    decision = decide(None, **call)

    assert isinstance(decision, Hold if call["age_ms"] < GRACE_MS else Drop)


@modest
@given(st.none() | waiting | under_way, calls)
def test_a_hold_is_never_shorter_than_nothing(row: Task | None, call: dict[str, Any]) -> None:
    decision = decide(row, **call)

    assert not isinstance(decision, Hold) or decision.ms >= 0


@modest
@given(under_way, calls)
def test_a_live_lease_of_somebody_else_is_never_touched(row: Task, call: dict[str, Any]) -> None:
    decision = decide(row, **call)

    if row.claim_token == call["token"]:
        assert decision == GoOn()
    elif row.lease_until is not None and row.lease_until + SKEW_MS > NOW:
        assert isinstance(decision, Hold)
    else:
        assert decision == (LoseLast() if row.attempt >= row.max_attempts else TakeOver())


@pytest.mark.parametrize("status", sorted(Status))
def test_only_a_waiting_task_that_is_due_starts_with_its_next_attempt(status: Status) -> None:
    row = a_task(status=status, attempt=2, due_at=NOW)

    assert startable(row, 3, NOW) == (status in CLAIMABLE)
    assert not startable(row, 3, NOW - 1)
    assert not startable(row, 2, NOW)
    assert not startable(row, 4, NOW)
