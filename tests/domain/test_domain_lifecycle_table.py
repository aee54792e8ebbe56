"""The table of the lifecycle as a whole: nothing is left open, nothing is stuck."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product

import pytest
from domain_tasks import NOW, RETENTION_S, running

from chalicelib.domain import lifecycle
from chalicelib.domain.lifecycle import TRANSITIONS, Event, Step
from chalicelib.domain.outcome import BudgetSpent, Continue, Failed, Outcome, Succeeded
from chalicelib.domain.task import CLAIMABLE, TERMINAL, Status, Task


def settled(outcome: Outcome, *, last: bool = False) -> Callable[[Task], Task]:
    def happen(task: Task) -> Task:
        left = 0 if last else 1
        ready = replace(task, max_attempts=task.attempt + left)
        return lifecycle.settle(ready, outcome, now=NOW, retention_s=RETENTION_S).task

    return happen


def stepped(step: Callable[..., Step]) -> Callable[[Task], Task]:
    return lambda task: step(task, now=NOW, retention_s=RETENTION_S).task


HAPPENINGS: Mapping[Event, Callable[[Task], Task]] = {
    Event.CLAIM: lambda task: lifecycle.claim(task, token="t", now=NOW),
    Event.TAKE_OVER: lambda task: lifecycle.take_over(task, token="t", now=NOW),
    Event.SUCCEED: settled(Succeeded()),
    Event.FAIL_AND_RETRY: settled(Failed("no")),
    Event.CONTINUE: settled(Continue(1_000)),
    Event.FAIL: settled(Failed("no"), last=True),
    Event.SPEND_BUDGET: settled(BudgetSpent("late")),
    Event.LOSE_LAST: stepped(lifecycle.lose_last),
    Event.GIVE_UP: stepped(lifecycle.give_up),
    Event.CANCEL: lambda task: lifecycle.cancel(task, now=NOW, retention_s=RETENTION_S),
}


@pytest.mark.parametrize(("status", "event"), [*product(Status, Event)], ids=str)
def test_whatever_happens_to_whatever_task_is_in_the_table_or_impossible(status: Status, event: Event) -> None:
    task = replace(running(), status=status)
    expected = TRANSITIONS.get((status, event))

    if expected is None:
        with pytest.raises(KeyError):
            HAPPENINGS[event](task)
    else:
        assert HAPPENINGS[event](task).status is expected


def test_a_finished_task_never_changes() -> None:
    assert [(status, event) for status, event in TRANSITIONS if status in TERMINAL] == []


def test_a_status_is_claimable_running_or_finished() -> None:
    assert CLAIMABLE | {Status.RUNNING} | TERMINAL == set(Status)
    assert not CLAIMABLE & TERMINAL


def test_every_status_is_reached_from_the_first() -> None:
    assert reached_from(Status.QUEUED) == set(Status)


@pytest.mark.parametrize("status", sorted(set(Status) - TERMINAL))
def test_every_unfinished_task_can_still_end_well(status: Status) -> None:
    assert Status.COMPLETED in reached_from(status)


def test_every_event_happens_to_some_task() -> None:
    assert {event for _, event in TRANSITIONS} == set(Event)


def test_what_waits_can_be_claimed_or_withdrawn_and_nothing_else_can() -> None:
    assert allowing(Event.CLAIM) == CLAIMABLE
    assert allowing(Event.CANCEL) == CLAIMABLE


def test_only_a_running_task_has_an_attempt_to_end() -> None:
    endings = set(Event) - {Event.CLAIM, Event.CANCEL, Event.GIVE_UP}

    assert {status for status, event in TRANSITIONS if event in endings} == {Status.RUNNING}


def test_any_unfinished_task_can_be_given_up() -> None:
    assert allowing(Event.GIVE_UP) == set(Status) - TERMINAL


def allowing(event: Event) -> set[Status]:
    return {status for status, each in TRANSITIONS if each is event}


def reached_from(status: Status) -> set[Status]:
    reached = {status}
    while more := {after for (before, _), after in TRANSITIONS.items() if before in reached} - reached:
        reached |= more
    return reached
