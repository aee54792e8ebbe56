"""Conditional writes on task rows: what applies, what is refused, and what a refusal says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from contract_bench import Tasks
from contract_samples import MINUTE, NOW, TOKEN, a_task, bare
from contract_steps import LARGE_BODY, RETENTION_S, claimed, created, read, standing

from chalicelib.domain import lifecycle
from chalicelib.domain.outcome import Failed
from chalicelib.domain.task import (
    TERMINAL,
    Backoff,
    Callback,
    Operation,
    Payload,
    SigningState,
    Simulation,
    Status,
    Work,
)
from chalicelib.ports.tasks import Applied, Fence, Refused


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
