"""Conditional writes on task rows: what applies, what is refused, and what a refusal says."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Any

import pytest
from contract_bench import Tasks
from contract_samples import MINUTE, NOW, TOKEN, a_task, bare
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain import lifecycle
from chalicelib.domain.outcome import BudgetSpent, Continue, Failed, Outcome, Succeeded
from chalicelib.domain.task import (
    TERMINAL,
    AttemptOutcome,
    AttemptRecord,
    Backoff,
    Callback,
    Operation,
    Payload,
    Result,
    SigningState,
    Simulation,
    Status,
    Task,
    Work,
)
from chalicelib.ports.tasks import Applied, Fence, Refused

RETENTION_S = 86_400
#: 200 KiB of ASCII, and 256 KiB of UTF-8 in characters of four bytes.
LARGE_BODY = "x" * (200 * 1024)
LARGE_TEXT = "🦉" * (64 * 1024)
STRANGE = (
    "\0 nul, \x1b escape, \ufeff mark, \u2028 line, e\u0301 é, 漢字, 🏳\ufe0f\u200d🌈, \U0010ffff, "
    "'quote' \"double\" \\ %s {x} \r\n\t "
)


def created(tasks: Tasks, **given_fields: Any) -> Task:
    """A task whose row stands as created."""
    task = a_task(**given_fields)
    assert isinstance(tasks.create(task), Applied)
    return task


def claimed(tasks: Tasks, **given_fields: Any) -> Task:
    """The row of a task that was just claimed for the first time."""
    task = created(tasks, **given_fields)
    answer = tasks.claim(task.id, attempt=1, token=TOKEN, now=task.due_at)
    assert isinstance(answer, Applied)
    return answer.task


def standing(tasks: Tasks, **changed: Any) -> Task:
    """A row that stands as these fields say."""
    row = claimed(tasks)
    answer = tasks.commit(replace(row, **changed), Fence.of(row))
    assert isinstance(answer, Applied)
    return answer.task


def read(tasks: Tasks, task_id: str, now: int = NOW) -> Task:
    """The whole row with payload and result."""
    row = tasks.get(task_id, now=now, payload=True)
    assert row is not None
    return row


class TestCreate:
    def test_a_created_task_reads_back_whole(self, tasks: Tasks) -> None:
        task = a_task()

        answer = tasks.create(task)

        assert isinstance(answer, Applied)
        assert bare(answer.task) == bare(task)
        assert read(tasks, task.id) == task

    @pytest.mark.parametrize(
        "work",
        [
            Callback("https://api.example.com/", "GET", 0.5, 120, Backoff.LINEAR),
            Simulation("group 7", "shop", 17_250, failure="Größe is not known", priority="high"),
            Simulation("", "", 0),
            Operation("platform.Größe"),
        ],
        ids=lambda work: type(work).__name__,
    )
    def test_every_kind_of_work_reads_back_as_it_was(self, tasks: Tasks, work: Work) -> None:
        task = a_task(work=work)
        tasks.create(task)

        assert read(tasks, task.id).work == work

    def test_absent_values_stay_absent(self, tasks: Tasks) -> None:
        task = created(
            tasks,
            payload=Payload(),
            fingerprint=None,
            delay_until=None,
            on_complete_url=None,
            signing=SigningState(),
        )

        assert read(tasks, task.id) == task

    def test_a_second_create_is_refused_with_the_first_row(self, tasks: Tasks) -> None:
        first = created(tasks)

        answer = tasks.create(replace(a_task(team="other"), id=first.id, create_token="second"))

        assert isinstance(answer, Refused)
        assert answer.row is not None
        assert bare(answer.row) == bare(first)
        assert read(tasks, first.id) == first

    def test_a_refused_create_leaves_a_large_payload_alone(self, tasks: Tasks) -> None:
        first = created(tasks, payload=Payload((("X-First", "1"),), LARGE_BODY))

        tasks.create(replace(first, create_token="second", payload=Payload((), "y" * len(LARGE_BODY))))

        assert read(tasks, first.id) == first
        assert tasks.payload(bare(first)) == first.payload

    def test_of_many_creates_at_once_one_is_applied(self, tasks: Tasks) -> None:
        task = a_task()
        rivals = [replace(task, create_token=f"token-{number}", fingerprint=str(number)) for number in range(8)]

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(tasks.create, rivals))

        (winner,) = (answer.task for answer in answers if isinstance(answer, Applied))
        losers = [answer.row for answer in answers if isinstance(answer, Refused)]
        assert all(row is not None and bare(row) == bare(winner) for row in losers)
        assert bare(read(tasks, task.id)) == bare(winner)

    def test_an_id_is_free_again_once_its_row_has_expired(self, tasks: Tasks) -> None:
        old = standing(tasks, status=Status.COMPLETED, completed_at=NOW, expires_at=NOW // 1000 + 60)

        early = tasks.create(a_task(id=old.id, created_at=NOW + 59_000))
        anew = a_task(id=old.id, created_at=NOW + 60_000, due_at=NOW + 60_000)
        late = tasks.create(anew)

        assert isinstance(early, Refused)
        assert isinstance(late, Applied)
        assert read(tasks, old.id, now=NOW + 60_000) == anew


class TestClaim:
    def test_a_claim_starts_the_attempt_and_hands_back_the_row(self, tasks: Tasks) -> None:
        task = created(tasks)

        answer = tasks.claim(task.id, attempt=1, token=TOKEN, now=NOW + 5)

        expected = lifecycle.claim(task, token=TOKEN, now=NOW + 5)
        assert isinstance(answer, Applied)
        assert bare(answer.task) == bare(expected)
        assert read(tasks, task.id) == expected

    def test_the_second_claim_keeps_the_first_start(self, tasks: Tasks) -> None:
        row = claimed(tasks)
        step = lifecycle.settle(row, Failed("no answer", 12), now=NOW + 20, retention_s=RETENTION_S)
        tasks.commit(step.task, Fence.of(row))

        answer = tasks.claim(row.id, attempt=2, token="second", now=step.task.due_at)

        assert isinstance(answer, Applied)
        assert answer.task.started_at == NOW
        assert bare(answer.task) == bare(lifecycle.claim(step.task, token="second", now=step.task.due_at))

    @pytest.mark.parametrize("status", [Status.QUEUED, Status.RETRY, Status.CONTINUED])
    def test_every_waiting_task_can_be_claimed_when_it_is_due(self, tasks: Tasks, status: Status) -> None:
        row = standing(tasks, status=status, due_at=NOW + MINUTE)

        early = tasks.claim(row.id, attempt=2, token="t", now=NOW + MINUTE - 1)
        due = tasks.claim(row.id, attempt=2, token="t", now=NOW + MINUTE)

        assert isinstance(early, Refused)
        assert early.row is not None
        assert bare(early.row) == bare(row)
        assert isinstance(due, Applied)

    @pytest.mark.parametrize("attempt", [0, 2, 3])
    def test_a_claim_of_another_attempt_is_refused_with_the_row(self, tasks: Tasks, attempt: int) -> None:
        task = created(tasks)

        answer = tasks.claim(task.id, attempt=attempt, token=TOKEN, now=NOW)

        assert isinstance(answer, Refused)
        assert answer.row is not None
        assert bare(answer.row) == bare(task)
        assert read(tasks, task.id) == task

    @pytest.mark.parametrize("status", [Status.RUNNING, *sorted(TERMINAL)])
    def test_a_task_that_does_not_wait_cannot_be_claimed(self, tasks: Tasks, status: Status) -> None:
        row = standing(tasks, status=status)

        answer = tasks.claim(row.id, attempt=2, token="t", now=NOW + MINUTE)

        assert isinstance(answer, Refused)
        assert answer.row is not None
        assert bare(answer.row) == bare(row)

    def test_a_claim_of_no_row_is_refused_with_none_and_makes_none(self, tasks: Tasks) -> None:
        absent = a_task()

        assert tasks.claim(absent.id, attempt=1, token=TOKEN, now=NOW) == Refused(None)
        assert tasks.get(absent.id, now=NOW) is None

    def test_of_many_claims_at_once_one_wins_and_the_others_see_its_row(self, tasks: Tasks) -> None:
        raced = [created(tasks) for _ in range(8)]
        tokens = [f"worker-{number}" for number in range(6)]

        with ThreadPoolExecutor(len(tokens)) as threads:
            per_worker = threads.map(
                lambda token: [tasks.claim(task.id, attempt=1, token=token, now=NOW) for task in raced], tokens
            )
            answers = list(zip(*per_worker, strict=True))

        for each in answers:
            (winner,) = (answer.task for answer in each if isinstance(answer, Applied))
            losers = [answer.row for answer in each if isinstance(answer, Refused)]
            assert len(losers) == len(tokens) - 1
            assert all(row is not None and row.claim_token == winner.claim_token for row in losers)

    def test_a_large_payload_comes_with_the_claim_or_on_request(self, tasks: Tasks) -> None:
        task = created(tasks, payload=Payload((("X-Big", "y" * 8_000),), LARGE_BODY))

        answer = tasks.claim(task.id, attempt=1, token=TOKEN, now=NOW)

        assert isinstance(answer, Applied)
        assert answer.task.payload in (None, task.payload)
        assert tasks.payload(answer.task) == task.payload
        assert read(tasks, task.id).payload == task.payload


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


class TestCancel:
    @pytest.mark.parametrize("status", [Status.QUEUED, Status.RETRY, Status.CONTINUED])
    def test_a_waiting_task_is_withdrawn(self, tasks: Tasks, status: Status) -> None:
        row = standing(tasks, status=status)
        before = read(tasks, row.id)

        answer = tasks.cancel(row.id, team=row.team, now=NOW + 5, expires_at=lifecycle.expiry(NOW + 5, RETENTION_S))

        expected = lifecycle.cancel(before, now=NOW + 5, retention_s=RETENTION_S)
        assert isinstance(answer, Applied)
        assert bare(answer.task) == bare(expected)
        assert read(tasks, row.id) == expected

    @pytest.mark.parametrize("status", [Status.RUNNING, *sorted(TERMINAL)])
    def test_a_task_that_runs_or_is_finished_is_not(self, tasks: Tasks, status: Status) -> None:
        row = standing(tasks, status=status)
        before = read(tasks, row.id)

        answer = tasks.cancel(row.id, team=row.team, now=NOW, expires_at=NOW // 1000 + RETENTION_S)

        assert isinstance(answer, Refused)
        assert answer.row is not None
        assert bare(answer.row) == bare(row)
        assert read(tasks, row.id) == before

    def test_another_teams_task_is_refused_with_the_row(self, tasks: Tasks) -> None:
        task = created(tasks)

        answer = tasks.cancel(task.id, team="another", now=NOW, expires_at=NOW // 1000 + RETENTION_S)

        assert isinstance(answer, Refused)
        assert answer.row is not None
        assert answer.row.team == task.team
        assert read(tasks, task.id) == task

    def test_an_absent_task_is_refused_with_none_and_not_made(self, tasks: Tasks) -> None:
        absent = a_task()

        answer = tasks.cancel(absent.id, team=absent.team, now=NOW, expires_at=NOW // 1000 + RETENTION_S)

        assert answer == Refused(None)
        assert tasks.get(absent.id, now=NOW) is None

    def test_between_a_cancel_and_a_claim_exactly_one_wins(self, tasks: Tasks) -> None:
        raced = [created(tasks) for _ in range(8)]

        with ThreadPoolExecutor(2) as threads:
            claims = threads.submit(lambda: [tasks.claim(task.id, attempt=1, token=TOKEN, now=NOW) for task in raced])
            cancels = threads.submit(
                lambda: [
                    tasks.cancel(task.id, team=task.team, now=NOW, expires_at=NOW // 1000 + RETENTION_S)
                    for task in reversed(raced)
                ]
            )
            pairs = list(zip(claims.result(), reversed(cancels.result()), strict=True))

        assert all(isinstance(claim, Applied) is not isinstance(cancel, Applied) for claim, cancel in pairs)


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
