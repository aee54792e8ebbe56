"""What a webhook of AstraFlow is sent, when it is sent again, and when it is no longer told."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from engine_faults import Fault
from item_stories import ENDPOINT, TENANT, Tracker
from standardwebhooks.webhooks import Webhook as Receiver
from standardwebhooks.webhooks import WebhookVerificationError
from world import ManualClock, answer

from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.domain.exchange import Answer, Failure, NoAnswer
from chalicelib.domain.listing import Position
from chalicelib.domain.retry import DELIVERY_STEPS_S
from chalicelib.domain.task import Status, Task
from chalicelib.domain.webhooks import FAILING, GONE, MOST_FAILURES, ItemEvent, Webhook

DAY_S = 86_400
DOWN = NoAnswer(Failure.REFUSED)


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    with Tracker() as tracker:
        yield tracker


@pytest.fixture
def webhook(tracker: Tracker) -> Webhook:
    return tracker.listening(ItemEvent.CREATED)


def delivered(tracker: Tracker, webhook: Webhook) -> Task:
    """The only delivery of a webhook, once nothing is left to do."""
    tracker.work()
    (task,) = tracker.deliveries(webhook)
    return task


def pauses_s(task: Task) -> list[float]:
    """Seconds from the end of each attempt to the next one's due time."""
    return [(entry.next_at - entry.finished_at) / 1000 for entry in task.history if entry.next_at and entry.finished_at]


class TestWhatIsSent:
    def test_the_body_tells_the_event_when_it_happened_and_the_whole_task(
        self, tracker: Tracker, webhook: Webhook
    ) -> None:
        item = tracker.create("Pay", description="today", due_at=tracker.clock.now() + 60_000)
        tracker.deliver()

        assert tracker.told() == [
            {
                "event": "task.created",
                "created_at": "2024-01-15T10:30:00Z",
                "data": {
                    "id": item.id,
                    "name": "Pay",
                    "description": "today",
                    "status": "pending",
                    "due_date": "2024-01-15T10:31:00Z",
                    "created_at": "2024-01-15T10:30:00Z",
                    "updated_at": "2024-01-15T10:30:00Z",
                },
            }
        ]

    def test_it_is_a_post_of_json_that_names_its_event(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.create()
        tracker.deliver()

        (request,) = tracker.calls()
        headers = dict(request.headers)
        assert request.method == "POST"
        assert (headers["Content-Type"], headers["X-AstraFlow-Event"]) == ("application/json", "task.created")

    def test_redirects_are_not_followed(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.servers.answers(answer(302, location="https://elsewhere.example/"), answer(204))
        tracker.create()

        task = delivered(tracker, webhook)

        assert tracker.servers.followed == [False, False]
        assert (task.status, len(task.history)) == (Status.COMPLETED, 2)

    def test_an_endpoint_has_ten_seconds(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.create()
        tracker.deliver()

        assert tracker.servers.timeouts_s == [10]


class TestSignatures:
    @pytest.fixture
    def tracker(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracker]:
        with Tracker() as tracker:
            # The package judges the age of a message by the machine's own clock.
            monkeypatch.setattr("standardwebhooks.webhooks.datetime", _frozen(tracker.clock))
            yield tracker

    def test_a_receiver_verifies_every_attempt_under_one_id(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.servers.answers(answer(500), answer(503), answer(200))
        receiver = Receiver(tracker.platform.webhooks.secret(webhook))
        verified: list[Any] = []
        script = tracker.servers.script

        def verify(request: Any, timeout_s: float) -> Any:
            verified.append(receiver.verify(request.body, dict(request.headers)))
            return script(request, timeout_s)

        tracker.servers.script = verify
        tracker.create("signed")

        task = delivered(tracker, webhook)

        headers = [dict(request.headers) for request in tracker.calls()]
        assert [message["data"]["name"] for message in verified] == ["signed"] * 3
        assert {each["webhook-id"] for each in headers} == {task.id}
        assert len({each["webhook-timestamp"] for each in headers}) == 3

    def test_each_webhook_has_a_secret_of_its_own(self, tracker: Tracker, webhook: Webhook) -> None:
        other = tracker.listening(ItemEvent.CREATED, f"{ENDPOINT}/other")
        secrets = [tracker.platform.webhooks.secret(each) for each in (webhook, other)]
        tracker.create()
        tracker.deliver()

        (request,) = tracker.calls()
        assert secrets[0].startswith("whsec_")
        assert len({*secrets}) == 2
        with pytest.raises(WebhookVerificationError):
            Receiver(secrets[1]).verify(request.body or b"", dict(request.headers))

    @pytest.mark.parametrize("overlap_s", [0, DAY_S])
    def test_a_rotated_secret_signs_beside_the_old_one_while_they_overlap(
        self, tracker: Tracker, webhook: Webhook, overlap_s: int
    ) -> None:
        before = Receiver(tracker.platform.webhooks.secret(webhook))
        turned = tracker.platform.webhooks.rotate(TENANT, webhook.id, overlap_s)
        after = Receiver(tracker.platform.webhooks.secret(turned.webhook))

        def verifies(receiver: Receiver) -> bool:
            request = tracker.calls()[-1]
            try:
                receiver.verify(request.body or b"", dict(request.headers))
            except WebhookVerificationError:
                return False
            return True

        tracker.create()
        tracker.deliver()
        assert (verifies(before), verifies(after)) == (overlap_s > 0, True)
        tracker.clock.sleep(DAY_S * 1000)
        tracker.create()
        tracker.deliver()
        assert (verifies(before), verifies(after)) == (False, True)


def _frozen(clock: ManualClock) -> Any:
    class Frozen(datetime):
        @classmethod
        def now(cls, *_: Any, **__: Any) -> datetime:
            return datetime.fromtimestamp(clock.now() / 1000, UTC)

    return Frozen


class TestRetries:
    def test_it_is_tried_again_for_a_day_in_growing_steps(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.servers.answers(DOWN)
        tracker.create()

        task = delivered(tracker, webhook)

        assert (task.status, task.error) == (Status.FAILED, "fetch failed: ECONNREFUSED")
        assert len(task.history) == 1 + len(DELIVERY_STEPS_S)
        for pause_s, step_s in zip(pauses_s(task), DELIVERY_STEPS_S, strict=True):
            assert step_s <= pause_s <= step_s * 1.1

    def test_what_failed_together_does_not_come_back_together(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.servers.answers(DOWN)
        for _ in range(9):
            tracker.create()
        tracker.deliver()

        assert len({pauses_s(task)[0] for task in tracker.deliveries(webhook)}) > 5

    @pytest.mark.parametrize("reply", [answer(500), answer(408), answer(425), answer(429), answer(302), DOWN])
    def test_what_may_pass_is_tried_again(self, tracker: Tracker, webhook: Webhook, reply: Answer | NoAnswer) -> None:
        tracker.servers.answers(reply, answer(200))
        tracker.create()

        task = delivered(tracker, webhook)

        assert (task.status, len(tracker.calls())) == (Status.COMPLETED, 2)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 451])
    def test_any_other_refusal_is_final(self, tracker: Tracker, webhook: Webhook, status: int) -> None:
        tracker.servers.answers(answer(status, "no"))
        tracker.create()

        task = delivered(tracker, webhook)

        assert (task.status, len(tracker.calls())) == (Status.FAILED, 1)
        assert task.error == f"The endpoint answered {status}"
        assert task.result is not None
        assert task.result.body == "no"
        assert tracker.webhook(webhook).enabled

    @pytest.mark.parametrize(
        ("asked", "pause_s"),
        [("60", 60), ("1", 5), ("9999999999", 900), ("-5", 5), ("soon", 5), ("", 5), ("date", 120), ("gone date", 5)],
    )
    def test_retry_after_lengthens_a_step_up_to_a_quarter_of_an_hour(
        self, tracker: Tracker, webhook: Webhook, asked: str, pause_s: int
    ) -> None:
        dates = {"date": 120, "gone date": -120}
        if asked in dates:
            moment = datetime.fromtimestamp(tracker.clock.now() / 1000 + dates[asked], UTC)
            asked = format_datetime(moment, usegmt=True)
        tracker.servers.answers(answer(503, retry_after=asked), answer(200))
        tracker.create()

        task = delivered(tracker, webhook)

        assert pause_s <= pauses_s(task)[0] <= pause_s + 0.5

    def test_a_retry_after_is_kept_when_the_row_does_not_take_the_outcome(
        self, tracker: Tracker, webhook: Webhook
    ) -> None:
        tracker.servers.answers(answer(503, retry_after="300"), answer(200))
        tracker.create()
        tracker.faults.fail("tasks", "commit", Fault.UNAVAILABLE, times=6)

        task = delivered(tracker, webhook)

        assert (task.status, len(tracker.calls())) == (Status.COMPLETED, 2)
        assert 300 <= pauses_s(task)[0] < 301

    def test_trouble_of_our_own_spends_no_retry(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.create()
        tracker.faults.fail("items", "get", Fault.UNAVAILABLE, times=20)
        tracker.faults.fail("webhooks", "get", Fault.UNAVAILABLE, times=20)

        task = delivered(tracker, webhook)

        assert (task.status, task.retries_made, len(tracker.calls())) == (Status.COMPLETED, 0, 1)


class TestDisabling:
    def test_an_endpoint_that_is_gone_is_told_no_more(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.servers.answers(answer(410))
        tracker.create()

        assert delivered(tracker, webhook).status is Status.FAILED
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

        assert delivered(tracker, webhook).status is Status.FAILED

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
        before = delivered(tracker, webhook)
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
        task = delivered(tracker, webhook)
        find = tracker.platform.webhooks.delivery

        assert find(webhook, task.id).id == task.id
        for stranger in (other, replace(webhook, tenant="t" + "f" * 16)):
            with pytest.raises(NotFoundError):
                find(stranger, task.id)

    def test_what_was_never_sent_is_no_delivery(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.faults.fail("items", "save", Fault.UNAVAILABLE, times=3)
        with pytest.raises(Exception, match="refused"):
            tracker.create()
        task = delivered(tracker, webhook)

        with pytest.raises(NotFoundError):
            tracker.platform.webhooks.delivery(webhook, task.id)

    def test_a_ping_is_delivered_whatever_the_webhook_listens_for(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.platform.webhooks.ping(webhook)
        tracker.work()

        assert tracker.told() == [{"event": "ping", "created_at": "2024-01-15T10:30:00Z", "data": {}}]
        page = tracker.platform.webhooks.deliveries(webhook, Position(), 10)
        assert [row.payload and row.payload.body for row in page.tasks] == [tracker.calls()[0].body.decode()]
