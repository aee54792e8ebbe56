"""Webhooks of AstraFlow: when one is no longer told, and what it was sent once more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from engine_faults import Fault
from item_stories import DOWN, ENDPOINT, TENANT, Tracker
from world import answer

from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.domain.listing import Position
from chalicelib.domain.task import Status
from chalicelib.domain.webhooks import FAILING, GONE, MOST_FAILURES, ItemEvent, Webhook


class TestDisabling:
    def test_an_endpoint_that_is_gone_is_told_no_more(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.servers.answers(answer(410))
        tracker.create()

        assert tracker.delivered(webhook).status is Status.FAILED
        tracker.create()
        tracker.work()

        stands = tracker.webhook(webhook)
        assert (stands.enabled, stands.disabled_reason) == (False, GONE)
        assert len(tracker.calls()) == 1
        assert len(tracker.deliveries(webhook)) == 1

    def test_twenty_deliveries_in_a_row_that_failed_for_good_disable_it(
        self, tracker: Tracker, webhook: Webhook
    ) -> None:
        tracker.servers.answers(answer(404))
        for _ in range(MOST_FAILURES - 1):
            tracker.create()
            tracker.work()
        assert tracker.webhook(webhook).enabled

        tracker.create()
        tracker.work()

        stands = tracker.webhook(webhook)
        assert (stands.disabled_at, stands.disabled_reason) == (tracker.clock.now(), FAILING)

    def test_one_that_succeeds_begins_the_row_anew(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.servers.answers(*[answer(404)] * (MOST_FAILURES - 1), answer(200), answer(404))
        for _ in range(MOST_FAILURES + 5):
            tracker.create()
            tracker.work()

        assert tracker.webhook(webhook).enabled
        assert len(tracker.webhook(webhook).failed) == 5

    def test_failures_that_may_pass_do_not_count_until_the_last(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.servers.answers(DOWN)
        tracker.create()
        tracker.work(until=tracker.clock.now() + 60_000)
        assert tracker.webhook(webhook).failed == ()

        tracker.work()

        assert len(tracker.webhook(webhook).failed) == 1

    def test_what_was_on_its_way_ends_when_the_webhook_is_disabled_or_deleted(
        self, tracker: Tracker, webhook: Webhook
    ) -> None:
        other = tracker.listening(ItemEvent.CREATED, f"{ENDPOINT}/other")
        tracker.servers.answers(DOWN)
        tracker.create()
        tracker.deliver()
        tracker.platform.webhooks.undelivered(webhook, "another", gone=True)
        tracker.platform.webhooks.delete(TENANT, other.id)

        tracker.work()

        assert [row.error for row in tracker.rows()].count("The webhook is disabled") == 1
        assert [row.error for row in tracker.rows()].count("The webhook was deleted") == 1
        assert len(tracker.servers.calls) == 2

    def test_an_enabled_webhook_is_told_again(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.servers.answers(answer(410), answer(200))
        tracker.create()
        tracker.work()

        tracker.platform.webhooks.enable(TENANT, webhook.id)
        tracker.create("again")
        tracker.work()

        assert [message["data"]["name"] for message in tracker.told()][1:] == ["again"]
        assert (tracker.webhook(webhook).enabled, tracker.webhook(webhook).failed) == (True, ())

    @pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.ANSWER_LOST])
    def test_a_note_that_is_not_taken_does_not_hurt_the_delivery(
        self, tracker: Tracker, webhook: Webhook, fault: Fault
    ) -> None:
        tracker.servers.answers(answer(404))
        tracker.create()
        tracker.faults.fail("webhooks", "save", fault, times=3)

        assert tracker.delivered(webhook).status is Status.FAILED

    def test_failures_that_are_noted_at_the_same_time_all_count(self, tracker: Tracker, webhook: Webhook) -> None:
        hooks = tracker.platform.webhooks

        def note(number: int) -> None:
            hooks.undelivered(webhook, f"delivery {number}", gone=False)

        with ThreadPoolExecutor(MOST_FAILURES - 1) as threads:
            list(threads.map(note, range(MOST_FAILURES - 1)))
        assert tracker.webhook(webhook).enabled
        note(MOST_FAILURES)

        assert tracker.webhook(webhook).disabled_reason == FAILING


class TestReplays:
    def test_a_replay_sends_the_same_message_under_the_same_id(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.servers.answers(answer(404), answer(200))
        item = tracker.create("first")
        before = tracker.delivered(webhook)
        tracker.update(item, name="changed since")

        again = tracker.platform.webhooks.replay(webhook, before.id).task
        tracker.work()

        assert again.id != before.id
        first, second = tracker.calls()
        assert first.body == second.body
        assert dict(first.headers)["webhook-id"] == dict(second.headers)["webhook-id"] == before.id
        once_more = tracker.platform.webhooks.replay(webhook, again.id).task
        tracker.work()
        assert dict(tracker.calls()[-1].headers)["webhook-id"] == before.id
        assert once_more.id not in (again.id, before.id)

    def test_only_a_finished_delivery_of_an_enabled_webhook_can_be_replayed(
        self, tracker: Tracker, webhook: Webhook
    ) -> None:
        tracker.servers.answers(DOWN)
        tracker.create()
        tracker.deliver()
        (task,) = tracker.deliveries(webhook)

        with pytest.raises(ConflictError):
            tracker.platform.webhooks.replay(webhook, task.id)
        tracker.work()
        tracker.platform.webhooks.undelivered(webhook, "another", gone=True)
        with pytest.raises(ConflictError):
            tracker.platform.webhooks.replay(tracker.platform.webhooks.get(TENANT, webhook.id), task.id)

    def test_a_delivery_is_found_by_its_own_webhook_and_tenant_alone(self, tracker: Tracker, webhook: Webhook) -> None:
        other = tracker.listening(ItemEvent.UPDATED)
        tracker.create()
        task = tracker.delivered(webhook)
        find = tracker.platform.webhooks.delivery

        assert find(webhook, task.id).id == task.id
        for stranger in (other, replace(webhook, tenant="t" + "f" * 16)):
            with pytest.raises(NotFoundError):
                find(stranger, task.id)

    def test_what_was_never_sent_is_no_delivery(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.faults.fail("items", "save", Fault.UNAVAILABLE, times=3)
        with pytest.raises(Exception, match="refused"):
            tracker.create()
        task = tracker.delivered(webhook)

        with pytest.raises(NotFoundError):
            tracker.platform.webhooks.delivery(webhook, task.id)

    def test_a_ping_is_delivered_whatever_the_webhook_listens_for(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.platform.webhooks.ping(webhook)
        tracker.work()

        assert tracker.told() == [{"event": "ping", "created_at": "2024-01-15T10:30:00Z", "data": {}}]
        page = tracker.platform.webhooks.deliveries(webhook, Position(), 10)
        assert [row.payload and row.payload.body for row in page.tasks] == [tracker.calls()[0].body.decode()]
