"""Accepting a task: the baton first, then the row, then the answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from engine_faults import Crash, Fault
from engine_stories import Stage

from chalicelib.domain import ids
from chalicelib.domain.errors import KeyReusedError, UnavailableError
from chalicelib.domain.listing import Position, Query
from chalicelib.domain.task import Payload, Status, Task
from chalicelib.views.asyncqueue import accepted

HOUR_S = 3_600


def stored(stage: Stage) -> int:
    """How many tasks the team has."""
    return stage.tasks.page(Query(stage.owner.id, stage.clock.now()), Position(), 100).total


def test_an_accepted_task_is_durable_and_runs(stage: Stage) -> None:
    task = stage.submit()

    assert stage.row(task).status is Status.QUEUED
    stage.work()
    assert stage.row(task).status is Status.COMPLETED
    assert stage.servers.called() == 1


def test_the_baton_is_there_before_the_row(stage: Stage) -> None:
    order: list[str] = []
    stage.faults.before("tasks queue", "send", lambda *_, **__: order.append("baton"))
    stage.faults.before("tasks", "create", lambda *_: order.append("row"))

    stage.submit()

    assert order == ["baton", "row"]


@pytest.mark.parametrize(
    ("port", "method", "seconds"),
    [("tasks queue", "send", 0), ("tasks queue", "send", 900), ("schedules", "create", 901)],
)
@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.ANSWER_LOST])
def test_without_a_confirmed_baton_nothing_is_stored(
    stage: Stage, port: str, method: str, seconds: int, fault: Fault
) -> None:
    stage.faults.fail(port, method, fault)

    with pytest.raises(UnavailableError):
        stage.delayed(seconds)

    assert stored(stage) == 0
    assert stage.faults.calls["tasks", "create"] == 0


@pytest.mark.parametrize("seconds", [0, HOUR_S])
@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.CRASH_BEFORE])
def test_without_a_row_the_stray_baton_dies_by_itself(stage: Stage, seconds: int, fault: Fault) -> None:
    stage.faults.fail("tasks", "create", fault, times=3)
    began = stage.clock.now()

    with pytest.raises((UnavailableError, Crash)):
        stage.delayed(seconds)

    assert stored(stage) == 0
    assert not stage.quiet()
    stage.work()
    assert stage.quiet()
    assert stage.servers.calls == []
    assert stage.clock.now() - began < (seconds + 130) * 1000


def test_a_put_whose_answer_was_lost_is_recognised(stage: Stage) -> None:
    stage.faults.fail("tasks", "create", Fault.ANSWER_LOST)

    submitted = stage.platform.submit(stage.order())

    assert not submitted.replayed
    stage.work()
    assert stage.row(submitted.task).status is Status.COMPLETED
    assert stage.servers.called() == 1


def test_a_put_that_is_never_confirmed_is_never_acknowledged_but_still_carried_to_its_end(stage: Stage) -> None:
    stage.faults.fail("tasks", "create", Fault.ANSWER_LOST, times=3)

    with pytest.raises(UnavailableError):
        stage.submit(idempotency_key="order-1", fingerprint="f")
    stage.work()

    again = stage.platform.submit(stage.order(idempotency_key="order-1", fingerprint="f"))
    assert again.replayed
    assert stage.row(again.task).status is Status.COMPLETED
    assert stage.servers.called() == 1


def test_a_crash_between_the_put_and_the_answer_leaves_a_task_that_runs(stage: Stage) -> None:
    stage.faults.fail("tasks", "create", Fault.CRASH_AFTER)

    with pytest.raises(Crash):
        stage.submit()

    assert stored(stage) == 1
    stage.work()
    assert stage.servers.called() == 1


def test_a_random_id_that_is_taken_is_never_acknowledged(stage: Stage) -> None:
    stage.faults.before("tasks", "create", lambda task: stage.tasks.create(replace(task, create_token="another")))

    with pytest.raises(UnavailableError):
        stage.submit()


def test_the_message_names_the_team_for_fair_queues_and_carries_no_user_data(stage: Stage) -> None:
    stage.submit(payload=Payload((("X-Secret", "hunter2"),), "private words"))

    (message,) = stage.tasks_queue.receive(10)

    assert message.group == stage.owner.id
    assert "hunter2" not in message.body
    assert "private" not in message.body


@pytest.mark.parametrize("seconds", [-HOUR_S, 0])
def test_a_time_in_the_past_is_now(stage: Stage, seconds: int) -> None:
    task = stage.delayed(seconds)

    assert task.due_at == task.created_at
    assert task.delay_until == task.created_at + seconds * 1000
    stage.deliver()
    assert stage.row(task).status is Status.COMPLETED


def test_a_repeated_create_gets_the_first_answer_even_after_the_task_is_finished(stage: Stage) -> None:
    order = stage.order(idempotency_key="order-1", fingerprint="f")
    first = stage.platform.submit(order)
    before = stage.platform.submit(order)
    stage.work()
    after = stage.platform.submit(order)

    assert (first.replayed, before.replayed, after.replayed) == (False, True, True)
    assert accepted(before.task) == accepted(after.task) == accepted(first.task)
    stage.work()
    assert stage.servers.called() == 1


def test_a_repeated_create_of_a_delayed_task_shows_its_date_not_the_present_one(stage: Stage) -> None:
    order = stage.order(idempotency_key="order-1", fingerprint="f", delay_until=stage.clock.now() + 60_000)
    first = stage.platform.submit(order)
    stage.work()

    again = stage.platform.submit(order)

    assert (again.task.due_at, again.task.created_at) == (first.task.due_at, first.task.created_at)


def test_fifty_repeats_at_once_are_one_task_and_one_call(stage: Stage) -> None:
    order = stage.order(idempotency_key="order-1", fingerprint="f")
    with ThreadPoolExecutor(10) as threads:
        submitted = list(threads.map(lambda _: stage.platform.submit(order), range(50)))

    assert len({each.task.id for each in submitted}) == 1
    assert sum(not each.replayed for each in submitted) == 1
    assert stored(stage) == 1
    stage.work()
    assert stage.servers.called() == 1
    assert stage.quiet()


def test_the_same_key_with_another_body_is_refused_and_changes_nothing(stage: Stage) -> None:
    task = stage.submit(idempotency_key="order-1", fingerprint="f")

    with pytest.raises(KeyReusedError):
        stage.submit(idempotency_key="order-1", fingerprint="g", url="https://elsewhere.example/")

    stage.work()
    assert stage.row(task).status is Status.COMPLETED
    assert [request.url for request in stage.servers.calls] == [task.work.url]


def test_a_refused_create_with_an_earlier_date_starts_nothing_early(stage: Stage) -> None:
    task = stage.delayed(30, idempotency_key="order-1", fingerprint="f")
    with pytest.raises(KeyReusedError):
        stage.submit(idempotency_key="order-1", fingerprint="g")

    stage.work(until=task.due_at - 1)
    assert stage.servers.calls == []
    stage.work()
    assert stage.servers.called() == 1


def test_a_row_of_another_team_under_the_same_id_is_never_shown(stage: Stage) -> None:
    def take(task: Task) -> None:
        stage.tasks.create(replace(task, team="another", create_token="another"))

    stage.faults.before("tasks", "create", take)

    with pytest.raises(KeyReusedError):
        stage.submit(idempotency_key="order-1", fingerprint="f")


def test_another_team_is_free_to_use_the_same_key(stage: Stage) -> None:
    mine = stage.submit(idempotency_key="order-1", fingerprint="f")
    theirs = stage.submit(idempotency_key="order-1", fingerprint="f", team=stage.new_team().id)

    assert mine.id != theirs.id
    assert mine.id == ids.derived(stage.owner.id, "order-1")
    stage.work()
    assert stage.servers.called() == 2
