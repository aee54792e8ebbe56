"""What a commit replaces in a task's row, what it leaves, and whom it refuses; the mark of a webhook, cleared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from contract_bench import Tasks
from contract_samples import MINUTE, NOW, TOKEN, a_task, bare
from contract_steps import LARGE_BODY, RETENTION_S, claimed, created, read, standing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain import lifecycle
from chalicelib.domain.outcome import BudgetSpent, Continue, Failed, Outcome, Succeeded
from chalicelib.domain.task import (
    AttemptOutcome,
    AttemptRecord,
    Backoff,
    Callback,
    Payload,
    Result,
    SigningState,
    Status,
    Task,
)
from chalicelib.ports.tasks import Applied, Fence, Refused

#: 256 KiB of UTF-8 in characters of four bytes.
LARGE_TEXT = "🦉" * (64 * 1024)
STRANGE = (
    "\0 nul, \x1b escape, \ufeff mark, \u2028 line, e\u0301 é, 漢字, 🏳\ufe0f\u200d🌈, \U0010ffff, "
    "'quote' \"double\" \\ %s {x} \r\n\t "
)

#: For each field of a task that a commit replaces, a value unlike the one of a fresh claim.
CHANGING: dict[str, Any] = {
    "status": Status.RETRY,
    "attempt": 3,
    "continued": 2,
    "max_attempts": 9,
    "due_at": NOW + 7 * MINUTE,
    "claim_token": "another claim",
    "lease_until": NOW + 11,
    "claimed_at": NOW + 12,
    "started_at": NOW + 13,
    "completed_at": NOW + 14,
    "waited_ms": 15,
    "history": tuple(
        AttemptRecord(
            number,
            NOW + number,
            NOW + number + 1,
            None if number == 3 else NOW + number + 2,
            AttemptOutcome.LOST if number == 3 else AttemptOutcome.FAILED,
            status_code=None if number % 2 else 500 + number,
            error=f"HTTP {500 + number}, {STRANGE}" if number % 3 else None,
            next_at=None if number == 11 else NOW + number + 3,
        )
        for number in range(1, 12)
    ),
    "result": Result(418, (("content-type", "text/plain"), ("x-empty", "")), "I'm a teapot", 16),
    "error": "it failed",
    "webhook": True,
    "expires_at": NOW // 1000 + 17,
}
#: And for each that a commit leaves as it is, but for the two that the sealed result belongs to.
FIXED: dict[str, Any] = {
    "work": Callback("https://elsewhere.example/", "GET", 1, 1, Backoff.LINEAR),
    "created_at": 1,
    "create_token": "another create",
    "payload": Payload((), "another payload"),
    "fingerprint": "another fingerprint",
    "delay_until": 2,
    "on_complete_url": "https://elsewhere.example/done",
    "signing": SigningState(99),
    "hops": 5,
    "replay_of": "another task",
}


class TestCommit:
    def test_a_commit_replaces_what_changes_and_nothing_else(self, tasks: Tasks) -> None:
        row = claimed(tasks)
        before = read(tasks, row.id)

        answer = tasks.commit(replace(row, **CHANGING, **FIXED), Fence.of(row))

        expected = replace(before, **CHANGING)
        assert {"id", "team", *CHANGING, *FIXED} == {field.name for field in fields(Task)}
        assert isinstance(answer, Applied)
        assert bare(answer.task) == bare(expected)
        assert read(tasks, row.id) == expected

    def test_a_commit_clears_what_the_task_no_longer_says(self, tasks: Tasks) -> None:
        row = standing(tasks, **CHANGING)
        cleared = replace(
            row,
            claim_token=None,
            lease_until=None,
            claimed_at=None,
            started_at=None,
            completed_at=None,
            waited_ms=0,
            history=(),
            result=None,
            error=None,
            webhook=False,
            expires_at=None,
        )

        tasks.commit(cleared, Fence.of(row))

        assert bare(read(tasks, row.id)) == bare(cleared)
        assert read(tasks, row.id).result is None

    @pytest.mark.parametrize(
        "stale",
        [
            lambda fence: replace(fence, status=Status.QUEUED),
            lambda fence: replace(fence, attempt=fence.attempt + 1),
            lambda fence: replace(fence, attempt=fence.attempt - 1),
            lambda fence: replace(fence, token="another"),
            lambda fence: replace(fence, token=None),
        ],
        ids=["status", "attempt ahead", "attempt behind", "token", "no token"],
    )
    def test_a_commit_under_a_stale_fence_is_refused_with_the_row(
        self, tasks: Tasks, stale: Callable[[Fence], Fence]
    ) -> None:
        row = claimed(tasks)
        before = read(tasks, row.id)

        answer = tasks.commit(replace(row, **CHANGING), stale(Fence.of(row)))

        assert isinstance(answer, Refused)
        assert answer.row is not None
        assert bare(answer.row) == bare(row)
        assert read(tasks, row.id) == before

    def test_a_row_that_was_never_claimed_is_fenced_by_no_token(self, tasks: Tasks) -> None:
        task = created(tasks)
        given_up = lifecycle.give_up(task, now=NOW, retention_s=RETENTION_S).task

        refused = tasks.commit(given_up, Fence(Status.QUEUED, 0, TOKEN))
        applied = tasks.commit(given_up, Fence(Status.QUEUED, 0, None))

        assert isinstance(refused, Refused)
        assert isinstance(applied, Applied)
        assert read(tasks, task.id) == given_up

    def test_a_commit_to_no_row_is_refused_with_none_and_makes_none(self, tasks: Tasks) -> None:
        absent = a_task()

        assert tasks.commit(absent, Fence.of(absent)) == Refused(None)
        assert tasks.get(absent.id, now=NOW) is None

    def test_of_two_outcomes_under_one_fence_the_first_stands(self, tasks: Tasks) -> None:
        row = claimed(tasks)
        first = lifecycle.settle(row, Succeeded(5), now=NOW + 5, retention_s=RETENTION_S).task
        second = lifecycle.settle(row, Failed("late", 6), now=NOW + 6, retention_s=RETENTION_S).task

        tasks.commit(first, Fence.of(row))
        answer = tasks.commit(second, Fence.of(row))

        assert isinstance(answer, Refused)
        assert answer.row is not None
        assert bare(answer.row) == bare(first)

    def test_a_large_result_round_trips_beside_a_large_payload(self, tasks: Tasks) -> None:
        row = claimed(tasks, payload=Payload((), LARGE_BODY))
        result = Result(200, (("content-type", "text/plain; charset=utf-8"),), LARGE_TEXT, 31)
        done = lifecycle.settle(row, Succeeded(31, result), now=NOW + 31, retention_s=RETENTION_S).task

        answer = tasks.commit(done, Fence.of(row))

        assert isinstance(answer, Applied)
        assert answer.task.result in (None, result)
        whole = read(tasks, row.id)
        assert whole.result == result
        assert whole.payload == Payload((), LARGE_BODY)
        without_payload = tasks.get(row.id, now=NOW)
        assert without_payload is not None
        assert without_payload.result == result

    def test_a_lost_race_leaves_the_winners_large_result_alone(self, tasks: Tasks) -> None:
        row = claimed(tasks)
        taken = replace(lifecycle.take_over(row, token="second", now=NOW + 5), payload=None)
        tasks.commit(taken, Fence.of(row))
        won = Result(200, (), LARGE_TEXT, 1)
        lost = Result(200, (), LARGE_TEXT[::2], 1)

        tasks.commit(
            lifecycle.settle(taken, Succeeded(1, won), now=NOW + 6, retention_s=RETENTION_S).task, Fence.of(taken)
        )
        tasks.commit(
            lifecycle.settle(row, Succeeded(1, lost), now=NOW + 7, retention_s=RETENTION_S).task, Fence.of(row)
        )

        assert read(tasks, row.id).result == won

    def test_strange_texts_round_trip(self, tasks: Tasks) -> None:
        payload = Payload((("X-Strange", STRANGE), ("x-empty", ""), ("X-Strange", "again")), STRANGE)
        row = claimed(tasks, payload=payload, on_complete_url="https://example.com/ä?" + STRANGE)
        result = Result(299, (("set-cookie", "a"), ("set-cookie", "b"), ("x-empty", "")), STRANGE, 0)
        failed = lifecycle.settle(
            replace(row, max_attempts=1), Failed(STRANGE, 0, result), now=NOW, retention_s=RETENTION_S
        ).task

        tasks.commit(failed, Fence.of(row))

        assert read(tasks, row.id) == replace(failed, payload=payload)

    def test_an_empty_text_is_not_an_absent_one(self, tasks: Tasks) -> None:
        row = claimed(tasks, payload=Payload((), ""))
        failed = replace(row, error="", result=Result(204, (), "", 0))

        tasks.commit(failed, Fence.of(row))

        assert read(tasks, row.id) == replace(failed, payload=Payload((), ""))


class TestAnnounced:
    def test_the_mark_is_cleared_and_nothing_else(self, tasks: Tasks) -> None:
        row = standing(tasks, **{**CHANGING, "status": Status.FAILED})
        before = read(tasks, row.id)

        tasks.announced(row.id)
        tasks.announced(row.id)

        assert before.webhook
        assert read(tasks, row.id) == replace(before, webhook=False)

    def test_without_a_row_nothing_is_made(self, tasks: Tasks) -> None:
        absent = a_task()

        tasks.announced(absent.id)

        assert tasks.get(absent.id, now=NOW) is None


texts = st.text(max_size=200)
headers = st.lists(st.tuples(st.text(min_size=1, max_size=20), texts), max_size=5).map(tuple)
results = st.none() | st.builds(
    Result,
    status_code=st.integers(100, 599),
    headers=headers,
    body=texts | st.builds(lambda text, times: text * times, texts, st.integers(1, 40)),
    duration_ms=st.integers(0, 120_000),
)
waits = st.integers(0, 120_000)
outcomes = st.one_of(
    st.builds(Succeeded, waited_ms=waits, result=results),
    st.builds(Failed, error=texts, waited_ms=waits, result=results),
    st.builds(BudgetSpent, error=texts, waited_ms=waits),
    st.builds(Continue, after_ms=st.integers(0, 10**9)),
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(path=st.lists(outcomes, min_size=1, max_size=3), max_attempts=st.integers(1, 3), announce=st.booleans())
def test_whatever_an_attempt_comes_to_the_row_says_just_that(
    tasks: Tasks, path: list[Outcome], max_attempts: int, announce: bool
) -> None:
    task = created(tasks, max_attempts=max_attempts, on_complete_url="https://example.com/done" if announce else None)
    now = task.due_at
    for number, outcome in enumerate(path, start=1):
        answer = tasks.claim(task.id, attempt=number, token=f"claim {number}", now=now)
        assert isinstance(answer, Applied)
        step = lifecycle.settle(answer.task, outcome, now=now + 7, retention_s=RETENTION_S)

        written = tasks.commit(step.task, Fence.of(answer.task))

        assert isinstance(written, Applied)
        assert read(tasks, task.id, now=now + 7) == replace(step.task, payload=task.payload)
        if step.task.finished:
            break
        now = max(step.task.due_at, now + 7)
