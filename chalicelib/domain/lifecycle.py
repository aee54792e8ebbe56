"""The life of a task: one table of status x event -> status, and the steps that follow it.

A step is a value: the task as it is to be stored and the effects to perform once it is. Who stores it, and on what
condition, is the engine's business; the diagram in the documentation is drawn from `TRANSITIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from chalicelib.domain.outcome import BudgetSpent, Continue, Failed, Outcome, Succeeded
from chalicelib.domain.retry import MOST_RETRIES, pause_ms
from chalicelib.domain.task import AttemptOutcome, AttemptRecord, Status, Task

#: How long a claim holds: longer than the longest callback (120 s) and shorter than the function (145 s).
LEASE_MS = 130_000
#: Clocks of two machines may differ by so much: a lease is over only that long after its end.
SKEW_MS = 5_000

LOST = "Attempt lost: the worker stopped before it could record an outcome"
UNDELIVERABLE = "Task could not be processed: its messages were returned too often"


class Event(StrEnum):
    """What can happen to a task."""

    #: A worker takes a waiting task.
    CLAIM = "claim"
    #: A worker takes a task whose lease is over.
    TAKE_OVER = "take over"
    #: The attempt did the work.
    SUCCEED = "succeed"
    #: The attempt failed and another is left.
    FAIL_AND_RETRY = "fail, retry left"
    #: The attempt asked to go on later.
    CONTINUE = "continue"
    #: The attempt failed and was the last.
    FAIL = "fail, no retry left"
    #: The budget for waiting is spent.
    SPEND_BUDGET = "spend budget"
    #: The last attempt's lease is over.
    LOSE_LAST = "lose last attempt"
    #: The task's messages came back from the dead-letter queue twice.
    GIVE_UP = "give up"
    #: The owner withdraws it.
    CANCEL = "cancel"


TRANSITIONS: Mapping[tuple[Status, Event], Status] = MappingProxyType(
    {
        (Status.QUEUED, Event.CLAIM): Status.RUNNING,
        (Status.QUEUED, Event.CANCEL): Status.CANCELLED,
        (Status.QUEUED, Event.GIVE_UP): Status.FAILED,
        (Status.RUNNING, Event.TAKE_OVER): Status.RUNNING,
        (Status.RUNNING, Event.SUCCEED): Status.COMPLETED,
        (Status.RUNNING, Event.FAIL_AND_RETRY): Status.RETRY,
        (Status.RUNNING, Event.CONTINUE): Status.CONTINUED,
        (Status.RUNNING, Event.FAIL): Status.FAILED,
        (Status.RUNNING, Event.SPEND_BUDGET): Status.TIMEOUT,
        (Status.RUNNING, Event.LOSE_LAST): Status.FAILED,
        (Status.RUNNING, Event.GIVE_UP): Status.FAILED,
        (Status.RETRY, Event.CLAIM): Status.RUNNING,
        (Status.RETRY, Event.CANCEL): Status.CANCELLED,
        (Status.RETRY, Event.GIVE_UP): Status.FAILED,
        (Status.CONTINUED, Event.CLAIM): Status.RUNNING,
        (Status.CONTINUED, Event.CANCEL): Status.CANCELLED,
        (Status.CONTINUED, Event.GIVE_UP): Status.FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class WakeNext:
    """Send the wake-up call of attempt `number`, due at `due_at`."""

    number: int
    due_at: int


@dataclass(frozen=True, slots=True)
class Announce:
    """Send the wake-up call of the completion webhook."""


Effect = WakeNext | Announce


@dataclass(frozen=True, slots=True)
class Step:
    """The task as it is to be stored, and what is to be done once it is."""

    task: Task
    effects: tuple[Effect, ...] = ()


def claim(task: Task, *, token: str, now: int) -> Task:
    """The task as the claim of its next attempt leaves it."""
    return _leased(task, Event.CLAIM, token, now)


def take_over(task: Task, *, token: str, now: int) -> Task:
    """The task as a claim after a lost attempt leaves it: the lost one enters the history."""
    return _leased(
        _remember(task, AttemptOutcome.LOST, finished_at=None, error=LOST, next_at=now), Event.TAKE_OVER, token, now
    )


def settle(task: Task, outcome: Outcome, *, now: int, retention_s: int) -> Step:
    """The step that an attempt's outcome leads to. `task` is the row as the claim returned it."""
    if isinstance(outcome, Continue):
        due_at = now + outcome.after_ms
        entry = _remember(task, AttemptOutcome.CONTINUED, finished_at=now, next_at=due_at)
        return _waiting(
            replace(entry, continued=task.continued + 1, max_attempts=task.max_attempts + 1), Event.CONTINUE, due_at
        )
    task = replace(task, waited_ms=task.waited_ms + outcome.waited_ms)
    if isinstance(outcome, Succeeded):
        done = replace(task, result=outcome.result, error=None)
        entry = _remember(done, AttemptOutcome.SUCCEEDED, finished_at=now, status_code=_status_code(outcome))
        return _finished(entry, Event.SUCCEED, now, retention_s)
    task = replace(task, error=outcome.error, result=outcome.result)
    spent = isinstance(outcome, BudgetSpent)
    if spent or task.last_attempt or (isinstance(outcome, Failed) and outcome.final):
        entry = _remember(
            task, AttemptOutcome.FAILED, finished_at=now, status_code=_status_code(outcome), error=outcome.error
        )
        return _finished(entry, Event.SPEND_BUDGET if spent else Event.FAIL, now, retention_s)
    at_least_ms = outcome.at_least_ms if isinstance(outcome, Failed) else 0
    due_at = now + max(pause_ms(task), at_least_ms)
    entry = _remember(
        task,
        AttemptOutcome.FAILED,
        finished_at=now,
        status_code=_status_code(outcome),
        error=outcome.error,
        next_at=due_at,
    )
    # Between attempts only the history tells what the last one came to: the body would be billed on every write.
    return _waiting(replace(entry, result=None, error=None), Event.FAIL_AND_RETRY, due_at)


def lose_last(task: Task, *, now: int, retention_s: int) -> Step:
    """The step for a task whose last attempt's lease is over."""
    entry = _remember(task, AttemptOutcome.LOST, finished_at=None, error=LOST)
    return _finished(replace(entry, error=LOST), Event.LOSE_LAST, now, retention_s)


def give_up(task: Task, *, now: int, retention_s: int) -> Step:
    """The step for a task whose messages came back from the dead-letter queue twice."""
    if task.status is Status.RUNNING:
        task = _remember(task, AttemptOutcome.LOST, finished_at=None, error=LOST)
    return _finished(replace(task, error=UNDELIVERABLE), Event.GIVE_UP, now, retention_s)


def cancel(task: Task, *, now: int, retention_s: int) -> Task:
    """The task as a cancel leaves it. No completion webhook follows (AsyncQueue manual, "onComplete Webhook")."""
    return replace(
        task,
        status=TRANSITIONS[task.status, Event.CANCEL],
        completed_at=now,
        expires_at=expiry(now, retention_s),
    )


def expiry(now: int, retention_s: int) -> int:
    """Epoch seconds after which a row that ended at `now` may go."""
    return now // 1000 + retention_s


def lease_over(task: Task, now: int) -> bool:
    """Whether a running task's lease has ended for every clock that may differ by `SKEW_MS`."""
    return task.lease_until is not None and task.lease_until + SKEW_MS <= now


def _leased(task: Task, event: Event, token: str, now: int) -> Task:
    return replace(
        task,
        status=TRANSITIONS[task.status, event],
        attempt=task.attempt + 1,
        claim_token=token,
        claimed_at=now,
        lease_until=now + LEASE_MS,
        started_at=now if task.started_at is None else task.started_at,
    )


def _waiting(task: Task, event: Event, due_at: int) -> Step:
    waiting = replace(task, status=TRANSITIONS[task.status, event], due_at=due_at)
    return Step(waiting, (WakeNext(task.attempt + 1, due_at),))


def _finished(task: Task, event: Event, now: int, retention_s: int) -> Step:
    announced = task.on_complete_url is not None
    ended = replace(
        task,
        status=TRANSITIONS[task.status, event],
        completed_at=now,
        expires_at=expiry(now, retention_s),
        webhook=announced,
    )
    return Step(ended, (Announce(),) if announced else ())


def _remember(
    task: Task,
    outcome: AttemptOutcome,
    *,
    finished_at: int | None,
    status_code: int | None = None,
    error: str | None = None,
    next_at: int | None = None,
) -> Task:
    entry = AttemptRecord(
        number=task.attempt,
        scheduled_at=task.due_at,
        started_at=task.claimed_at if task.claimed_at is not None else task.due_at,
        finished_at=finished_at,
        outcome=outcome,
        status_code=status_code,
        error=error,
        next_at=next_at,
    )
    return replace(task, history=(*task.history, entry)[-(MOST_RETRIES + 1) :])


def _status_code(outcome: Succeeded | Failed | BudgetSpent) -> int | None:
    return None if outcome.result is None else outcome.result.status_code
