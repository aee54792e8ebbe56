"""Batches: each message gets its own verdict, whatever happens to its neighbours."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from engine_faults import Fault
from engine_stories import FUNCTION_MS, Stage
from world import answer, sqs_event

from chalicelib import workers
from chalicelib.domain import messages
from chalicelib.domain.dead_letters import LONGEST_BODY
from chalicelib.domain.exchange import Answer, Request
from chalicelib.domain.task import Status, Task
from chalicelib.embedded.queue import EmbeddedQueue, Received

BROKEN = "https://broken.example/"
SLOW = "https://slow.example/"
FOREIGN = json.dumps({"Records": [{"eventSource": "aws:s3"}]})


Worker = Callable[[Mapping[str, Any], int], Mapping[str, Any]]


def script(stage: Stage, request: Request) -> Answer:
    if request.url == BROKEN:
        raise RuntimeError("a mistake in our own code")
    if request.url == SLOW:
        stage.clock.sleep(100_000)
    return answer(200)


def failures(queue: EmbeddedQueue, received: list[Received], run: Worker = workers.attempts) -> set[str]:
    """The bodies of the messages that a worker hands back."""
    named = {each["itemIdentifier"] for each in run(sqs_event(queue, received), FUNCTION_MS)["batchItemFailures"]}
    return {message.body for message in received if message.message_id in named}


def test_of_a_batch_of_ten_only_those_that_must_come_back_do(stage: Stage) -> None:
    stage.servers.script = lambda request, timeout_s: script(stage, request)
    fine, throttled = stage.submit(), stage.submit()
    broken, early = stage.submit(url=BROKEN), stage.delayed(60)
    cancelled, slow = stage.submit(), stage.submit(url=SLOW)
    stale = retrying(stage)
    stage.platform.cancel(stage.owner.id, cancelled.id)
    stage.faults.fail("tasks", "claim", Fault.UNAVAILABLE, times=3, about=throttled.id)
    absent = messages.Attempt("11111111-2222-4333-8444-555555555555", 1, stage.clock.now())
    drain(stage)
    bodies = {
        "fine": body(fine),
        "poison": "{",
        "throttled": body(throttled),
        "exception": body(broken),
        "early": body(early),
        "stale": body(stale),
        "cancelled": body(cancelled),
        "duplicate": body(fine),
        "no row": messages.encode(absent),
        "slow": body(slow),
    }
    for text in bodies.values():
        stage.tasks_queue.send(text, delay_s=0, group="team")
    received = stage.tasks_queue.receive(10)
    assert len(received) == 10

    returned = failures(stage.tasks_queue, received)

    assert returned == {bodies[name] for name in ("poison", "throttled", "exception", "early", "no row")}
    assert [stage.row(task).status for task in (fine, slow, cancelled, stale)] == [
        Status.COMPLETED,
        Status.COMPLETED,
        Status.CANCELLED,
        Status.RETRY,
    ]
    assert stage.servers.called(fine.work.url) == 2  # `fine` once, and `stale` before.
    assert [line["error"] for line in stage.recording.named("record failed")] == ["RuntimeError"]
    # The stale message has sent what it stands in for: one more copy beside the attempt's own.
    successor = messages.encode(messages.Attempt(stale.id, 2, stage.row(stale).due_at))
    assert [message.body for message in drain(stage)].count(successor) == 2


def retrying(stage: Stage) -> Task:
    """A task whose first attempt failed, and whose second is due in a second."""
    usual = stage.servers.script
    stage.servers.script = lambda request, timeout_s: answer(500)
    task = stage.submit()
    message = messages.Attempt(task.id, 1, task.due_at)
    stage.platform.attempts(stage.wake_up(message))
    stage.servers.script = usual
    return task


def body(task: Task) -> str:
    return messages.encode(messages.Attempt(task.id, 1, task.due_at))


def drain(stage: Stage) -> list[Received]:
    """What is due in the tasks queue, taken out of it."""
    taken: list[Received] = []
    while received := stage.tasks_queue.receive(10):
        taken += received
        for message in received:
            stage.tasks_queue.delete(message.receipt)
    return taken


def test_without_partial_batches_a_failure_raises_and_a_clean_batch_does_not() -> None:
    stage = Stage(partial_batch=False)
    with stage:
        stage.submit()
        received = stage.tasks_queue.receive(10)
        assert failures(stage.tasks_queue, received) == set()
        stage.tasks_queue.send("{", delay_s=0, group="team")

        with pytest.raises(workers.BatchError, match="1 of 1"):
            failures(stage.tasks_queue, stage.tasks_queue.receive(10))


def test_without_partial_batches_the_neighbours_of_a_failure_are_done_once() -> None:
    stage = Stage(partial_batch=False)
    with stage:
        task = stage.submit()
        stage.tasks_queue.send("{", delay_s=0, group="team")
        received = stage.tasks_queue.receive(10)

        for _ in range(2):
            with pytest.raises(workers.BatchError):
                failures(stage.tasks_queue, received)

        assert stage.row(task).status is Status.COMPLETED
        assert stage.servers.called() == 1


@pytest.mark.parametrize("hold", [Fault.UNAVAILABLE, Fault.ANSWER_LOST])
def test_a_message_that_cannot_be_held_comes_back_by_itself(stage: Stage, hold: Fault) -> None:
    task = stage.delayed(60)
    stage.repeat(task)
    stage.faults.fail("tasks queue", "hold", hold)

    stage.work()

    assert stage.outcomes(task) == ["succeeded"]
    assert stage.quiet()


POISON = [
    "{",
    "hello",
    "[" * 100_000,
    "x" * 1024 * 1024,
    FOREIGN,
    json.dumps({"type": "attempt", "n": 1, "due": 1}),
    json.dumps({"type": "attempt", "task": 1, "n": 1, "due": 1}),
]


@pytest.mark.parametrize("queue", ["tasks", "webhooks"])
def test_poison_fails_no_batch_and_ends_counted_among_the_dead_letters(stage: Stage, queue: str) -> None:
    where = {"tasks": stage.tasks_queue, "webhooks": stage.webhooks_queue}[queue]
    for text in POISON:
        where.send(text, delay_s=0, group="team")
    task = stage.submit()

    stage.work()

    assert stage.row(task).status is Status.COMPLETED
    assert stage.quiet()
    letters = stage.recording.named("dead letter")
    assert [(letter["action"], letter["reason"]) for letter in letters] == [("kept", "unreadable")] * len(POISON)
    kept = stage.platform.dead_letters.page("", 100)
    assert {(letter.body, letter.length) for letter in kept} == {(text[:LONGEST_BODY], len(text)) for text in POISON}


@pytest.mark.parametrize("run", [workers.attempts, workers.webhooks, workers.dead_letters])
def test_a_message_of_newer_code_is_handed_back_by_every_worker(stage: Stage, run: Worker) -> None:
    text = json.dumps({"v": 2, "type": "attempt", "task": "t"})
    stage.tasks_queue.send(text, delay_s=0, group="team")

    assert failures(stage.tasks_queue, stage.tasks_queue.receive(10), run) == {text}
    assert stage.recording.named("dead letter") == []


def test_a_message_in_the_wrong_queue_is_not_lost(stage: Stage) -> None:
    task = stage.submit()
    for message in stage.tasks_queue.receive(10):
        stage.webhooks_queue.send(message.body, delay_s=0, group="team")
        stage.tasks_queue.delete(message.receipt)

    stage.work()

    assert stage.row(task).status is Status.COMPLETED
    assert stage.quiet()


def test_a_mistake_in_our_own_code_costs_its_task_and_no_other(stage: Stage) -> None:
    stage.servers.script = lambda request, timeout_s: script(stage, request)
    broken = stage.submit(url=BROKEN, max_retries=0)
    fine = stage.submit()

    stage.work()

    assert stage.row(broken).status is Status.FAILED
    assert stage.row(fine).status is Status.COMPLETED
    assert stage.quiet()
