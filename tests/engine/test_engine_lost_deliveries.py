"""A delivery whose last attempt's worker vanished counts on its webhook like any other that failed for good."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from engine_faults import Crash, Fault
from item_stories import Tracker
from world import answer

from chalicelib.domain.exchange import Failure, NoAnswer
from chalicelib.domain.lifecycle import LOST, UNDELIVERABLE
from chalicelib.domain.messages import Attempt, encode
from chalicelib.domain.retry import DELIVERY_STEPS_S
from chalicelib.domain.task import Status, Task
from chalicelib.domain.webhooks import FAILING, MOST_FAILURES, Webhook

LAST = len(DELIVERY_STEPS_S) + 1


def the_last_worker_vanishes(tracker: Tracker, webhook: Webhook, *, before: Any) -> Task:
    """A delivery whose last attempt's worker vanished in the middle of the call; the others before came to nothing."""
    calls = len(tracker.servers.calls)

    def script(request: Any, timeout_s: float) -> Any:
        if len(tracker.servers.calls) - calls < LAST:
            return before
        raise Crash

    tracker.servers.script = script
    tracker.create()
    with pytest.raises(Crash):
        tracker.work()
    return tracker.deliveries(webhook)[-1]


@pytest.mark.parametrize("before", [NoAnswer(Failure.REFUSED), answer(503)])
def test_it_counts(tracker: Tracker, webhook: Webhook, before: Any) -> None:
    task = the_last_worker_vanishes(tracker, webhook, before=before)
    assert tracker.webhook(webhook).failed == ()

    tracker.work()

    (ended,) = tracker.deliveries(webhook)
    assert (ended.status, ended.error) == (Status.FAILED, LOST)
    assert tracker.webhook(webhook).failed == (task.id,)


def test_it_counts_once_however_often_its_messages_come(tracker: Tracker, webhook: Webhook) -> None:
    task = the_last_worker_vanishes(tracker, webhook, before=answer(503))
    tracker.work()

    late = encode(Attempt(task.id, LAST, task.due_at))
    tracker.platform.parts.tasks_queue.send(late, delay_s=0, group=task.team)
    tracker.work()

    assert tracker.webhook(webhook).failed == (task.id,)


def test_the_one_that_fills_the_row_disables_the_webhook(tracker: Tracker, webhook: Webhook) -> None:
    for number in range(MOST_FAILURES - 1):
        tracker.platform.webhooks.undelivered(webhook, f"delivery {number}", gone=False)

    the_last_worker_vanishes(tracker, webhook, before=answer(503))
    tracker.work()

    assert tracker.webhook(webhook).disabled_reason == FAILING


@pytest.mark.parametrize("fault", [Fault.CRASH_AFTER, Fault.ANSWER_LOST])
def test_it_counts_though_whoever_finds_it_lost_stops_too(tracker: Tracker, webhook: Webhook, fault: Fault) -> None:
    task = the_last_worker_vanishes(tracker, webhook, before=answer(503))
    tracker.faults.fail("tasks", "commit", fault, times=2 if fault is Fault.ANSWER_LOST else 1)

    for _ in range(2):
        with suppress(Crash):
            tracker.work()

    assert tracker.deliveries(webhook)[0].error == LOST
    assert tracker.webhook(webhook).failed == (task.id,)


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.ANSWER_LOST])
def test_a_note_that_is_not_taken_holds_nothing_up(tracker: Tracker, webhook: Webhook, fault: Fault) -> None:
    the_last_worker_vanishes(tracker, webhook, before=answer(503))
    tracker.faults.fail("webhooks", "save", fault, times=100)

    tracker.work()

    assert tracker.deliveries(webhook)[0].status is Status.FAILED
    assert tracker.quiet()


def test_a_webhook_that_is_gone_by_then_needs_no_note(tracker: Tracker, webhook: Webhook) -> None:
    the_last_worker_vanishes(tracker, webhook, before=answer(503))
    tracker.platform.webhooks.delete(webhook.tenant, webhook.id)

    tracker.work()

    assert tracker.deliveries(webhook)[0].status is Status.FAILED


def test_one_that_no_worker_could_take_is_not_held_against_its_endpoint(tracker: Tracker, webhook: Webhook) -> None:
    tracker.create()
    (task,) = tracker.deliveries(webhook)
    given_up = Attempt(task.id, 1, task.due_at, rearmed=True)

    tracker.platform.rescue(given_up, sent_at=tracker.clock.now(), receives=1)

    assert tracker.deliveries(webhook)[0].error == UNDELIVERABLE
    assert tracker.webhook(webhook).failed == ()
