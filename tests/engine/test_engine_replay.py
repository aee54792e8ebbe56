"""Replays: a new task with a finished one's request, and what cannot be replayed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from engine_faults import Fault
from engine_stories import HOOK, TARGET, Stage
from flow_stories import Learner
from item_stories import ENDPOINT, Tracker
from world import answer

from chalicelib.domain.errors import ConflictError, NotFoundError, UnavailableError
from chalicelib.domain.kinds.registry import Kinds
from chalicelib.domain.task import Delivery, Operation, Payload, Status
from chalicelib.domain.webhooks import ItemEvent


def test_a_replay_asks_for_the_same_again_under_a_new_id(stage: Stage) -> None:
    stage.servers.answers(answer(500), answer(500), answer(200))
    task = stage.submit(
        max_retries=1, on_complete_url=HOOK, payload=Payload((("X-Order", "7"),), "{}"), idempotency_key="mine"
    )
    stage.work()
    assert stage.row(task).status is Status.FAILED

    new = stage.platform.replay(task.id).task
    stage.work()

    assert new.id != task.id
    assert (new.replay_of, new.max_retries, new.work) == (task.id, task.max_retries, task.work)
    assert stage.row(new).status is Status.COMPLETED
    assert stage.row(task).status is Status.FAILED
    first, _, again = [request for request in stage.servers.calls if request.url == TARGET]
    assert (again.body, dict(again.headers)["X-Order"]) == (first.body, "7")
    assert dict(again.headers)["Idempotency-Key"] == new.id


def test_a_replay_can_be_replayed_and_without_a_key_each_is_a_task(stage: Stage) -> None:
    task = stage.submit()
    stage.work()
    once, twice = (stage.platform.replay(task.id).task for _ in range(2))
    stage.work()
    third = stage.platform.replay(once.id).task
    assert len({task.id, once.id, twice.id, third.id}) == 4
    assert third.replay_of == once.id


def test_the_same_key_makes_one_replay(stage: Stage) -> None:
    task = stage.submit()
    stage.work()
    first = stage.platform.replay(task.id, key="k")
    again = stage.platform.replay(task.id, key="k")
    other = stage.platform.replay(task.id, key="other")
    assert (first.replayed, again.replayed) == (False, True)
    assert first.task.id == again.task.id != other.task.id


def test_an_owners_key_never_meets_a_replay(stage: Stage) -> None:
    task = stage.submit()
    stage.work()
    new = stage.platform.replay(task.id, key="k").task
    assert stage.submit(idempotency_key=f"{task.id} k").id != new.id


def test_a_replay_signs_with_the_secret_of_today(stage: Stage) -> None:
    task = stage.submit()
    stage.work()
    stage.platform.teams.rotate_signing_secret(stage.owner.id, 0)
    assert task.signing.generation == 1
    assert stage.platform.replay(task.id).task.signing.generation == 2


def test_an_operation_is_replayed_as_an_operation(stage: Stage) -> None:
    order = stage.order(work=Operation("platform.Hello"), payload=Payload(body='{"message":"hi"}'), task_id="op-1")
    task = stage.platform.submit(order).task
    stage.work()
    new = stage.platform.replay("op-1").task
    stage.work()
    assert new.id.startswith("op-")
    assert stage.row(new).result is not None
    assert stage.row(new).result == stage.row(task).result


@pytest.mark.parametrize("status", ["queued", "running"])
def test_an_unfinished_task_is_not_replayed(stage: Stage, status: str) -> None:
    task = stage.submit()
    if status == "running":
        stage.tasks.claim(task.id, attempt=1, token="somebody", now=stage.clock.now())
    with pytest.raises(ConflictError, match="not finished"):
        stage.platform.replay(task.id)


def test_a_cancelled_task_is_not_replayed(stage: Stage) -> None:
    task = stage.delayed(60)
    stage.platform.cancel(task.team, task.id)
    with pytest.raises(ConflictError, match="cancelled"):
        stage.platform.replay(task.id)


def test_an_operation_of_a_kind_that_is_gone_is_not_replayed() -> None:
    with Stage() as stage:
        order = stage.order(work=Operation("platform.Hello"), payload=Payload(body='{"message":"hi"}'))
        task = stage.platform.submit(order).task
        stage.work()
        without = replace(stage.platform.replay, kinds=Kinds())
        with pytest.raises(ConflictError, match="no operations of the kind"):
            without(task.id)


def test_a_message_of_asyncflow_is_not_replayed(stage: Stage) -> None:
    tracking_id = Learner(stage).accepted()
    stage.work()
    with pytest.raises(ConflictError, match="sends it anew"):
        stage.platform.replay(tracking_id)


def test_a_delivery_goes_out_again_under_the_id_its_receiver_knows() -> None:
    with Tracker() as tracker:
        webhook = tracker.listening(ItemEvent.CREATED)
        tracker.servers.script = lambda request, timeout_s: answer(404)
        tracker.create()
        tracker.work()
        (first,) = tracker.servers.calls
        (delivery,) = tracker.deliveries(webhook)
        assert delivery.status is Status.FAILED

        tracker.servers.script = lambda request, timeout_s: answer(200)
        new = tracker.platform.replay(delivery.id).task
        tracker.work()

        again = tracker.servers.calls[-1]
        assert (again.url, again.body) == (ENDPOINT, first.body)
        assert dict(again.headers)["webhook-id"] == dict(first.headers)["webhook-id"] == delivery.id
        assert new.work_as(Delivery).change is None
        assert tracker.tasks.get(new.id, now=tracker.clock.now()).status is Status.COMPLETED


def test_a_delivery_whose_change_was_never_made_tells_nothing_when_it_is_replayed_either() -> None:
    with Tracker() as tracker:
        webhook = tracker.listening(ItemEvent.CREATED)
        tracker.faults.fail("items", "save", Fault.UNAVAILABLE, times=10)
        with pytest.raises(UnavailableError):
            tracker.create()
        tracker.work()
        (delivery,) = tracker.deliveries(webhook)
        assert (delivery.status, delivery.result) == (Status.COMPLETED, None)

        new = tracker.platform.replay(delivery.id).task
        tracker.work()

        assert new.work_as(Delivery).change == delivery.work_as(Delivery).change
        assert tracker.servers.calls == []


def test_what_is_not_there_is_not_replayed(stage: Stage) -> None:
    with pytest.raises(NotFoundError):
        stage.platform.replay("11111111-2222-4333-8444-555555555555")
