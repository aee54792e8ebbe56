"""Due dates: each is told of once, at the time that holds when it has come."""

from __future__ import annotations

from typing import Any

import pytest
from engine_faults import Fault
from item_stories import Tracker

from chalicelib.domain.items import ItemStatus
from chalicelib.domain.task import Delivery, Due, Status
from chalicelib.domain.webhooks import ItemEvent

MINUTE = 60_000
HOUR = 60 * MINUTE


class TestDueDates:
    def test_an_item_is_told_of_at_its_due_date(self, tracker: Tracker) -> None:
        tracker.listening(ItemEvent.DUE)
        due_at = tracker.clock.now() + 36 * HOUR

        item = tracker.create(due_at=due_at)
        tracker.work()

        (message,) = tracker.told()
        assert (message["event"], message["data"]["id"]) == ("task.due", item.id)
        assert due_at <= tracker.clock.now() < due_at + 2_000

    @pytest.mark.parametrize("ago", [0, 1, HOUR, 1_000 * HOUR])
    def test_a_date_that_is_past_is_kept_and_tells_nothing(self, tracker: Tracker, ago: int) -> None:
        tracker.listening(ItemEvent.DUE)

        item = tracker.create(due_at=tracker.clock.now() - ago)
        tracker.work()

        assert tracker.item(item).due_at == item.due_at
        assert tracker.servers.calls == []

    def test_a_date_that_passes_while_it_is_set_is_told_of(self, tracker: Tracker) -> None:
        tracker.listening(ItemEvent.DUE)
        tracker.faults.before("webhooks", "all", lambda *_: tracker.clock.sleep(1_000))

        tracker.create(due_at=tracker.clock.now() + 500)
        tracker.work()

        assert len(tracker.told()) == 1

    def test_a_completed_item_is_not_due(self, tracker: Tracker) -> None:
        tracker.listening(ItemEvent.DUE)
        item = tracker.create(due_at=tracker.clock.now() + HOUR)
        tracker.update(item, status=ItemStatus.COMPLETED)

        tracker.work()

        assert tracker.servers.calls == []

    def test_a_date_that_was_moved_is_told_of_once_at_the_new_time(self, tracker: Tracker) -> None:
        tracker.listening(ItemEvent.DUE)
        began = tracker.clock.now()
        item = tracker.create(due_at=began + HOUR)

        tracker.update(item, due_at=began + 3 * HOUR)
        tracker.work(until=began + 2 * HOUR)
        assert tracker.told() == []
        tracker.work()

        assert len(tracker.told()) == 1
        assert tracker.clock.now() >= began + 3 * HOUR

    def test_the_task_of_a_date_that_no_longer_holds_is_withdrawn(self, tracker: Tracker) -> None:
        item = tracker.create(due_at=tracker.clock.now() + HOUR)

        tracker.update(item, due_at=None)

        assert [row.status for row in tracker.rows()] == [Status.CANCELLED]
        assert tracker.schedules.next_at() is None

    @pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.ANSWER_LOST])
    def test_one_that_cannot_be_withdrawn_ends_quietly(self, tracker: Tracker, fault: Fault) -> None:
        tracker.listening(ItemEvent.DUE)
        item = tracker.create(due_at=tracker.clock.now() + HOUR)
        tracker.faults.fail("tasks", "cancel", fault, times=9)

        tracker.delete(item)
        tracker.faults.heal()
        tracker.work()

        assert tracker.servers.calls == []
        assert tracker.quiet()

    def test_another_change_leaves_the_date_as_it_is(self, tracker: Tracker) -> None:
        tracker.listening(ItemEvent.DUE)
        due_at = tracker.clock.now() + HOUR
        item = tracker.create(due_at=due_at)

        tracker.update(item, name="renamed")
        tracker.update(item, due_at=due_at)
        tracker.work()

        assert [message["data"]["name"] for message in tracker.told()] == ["renamed"]
        assert sum(isinstance(row.work, Due) for row in tracker.rows()) == 1

    def test_the_reminder_of_a_round_that_was_lost_is_withdrawn(self, tracker: Tracker) -> None:
        item = tracker.create()
        tracker.faults.before("items", "save", lambda *_, **__: tracker.update(item, description="rival"))

        tracker.update(item, due_at=tracker.clock.now() + HOUR)

        assert sorted(row.status.value for row in tracker.rows()) == ["cancelled", "queued"]

    def test_who_listens_is_seen_when_the_date_has_come(self, tracker: Tracker) -> None:
        tracker.create(due_at=tracker.clock.now() + HOUR)
        tracker.listening(ItemEvent.DUE)

        tracker.work()

        assert len(tracker.told()) == 1
        assert sum(isinstance(row.work, Delivery) for row in tracker.rows()) == 1

    def test_a_due_date_that_comes_before_its_change_is_made_waits_for_it(self, tracker: Tracker) -> None:
        tracker.listening(ItemEvent.DUE)

        def pass_the_date(*_: Any, **__: Any) -> None:
            tracker.clock.sleep(1_500)
            tracker.deliver()

        tracker.faults.before("items", "save", pass_the_date)

        tracker.create(due_at=tracker.clock.now() + 1_000)

        assert tracker.told() == []
        tracker.work()
        assert len(tracker.told()) == 1
