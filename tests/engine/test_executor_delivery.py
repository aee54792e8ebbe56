"""What a webhook of AstraFlow is sent, when it is sent again, and when it is no longer told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from engine_faults import Fault
from item_stories import DOWN, ENDPOINT, TENANT, Tracker
from standardwebhooks.webhooks import Webhook as Receiver
from standardwebhooks.webhooks import WebhookVerificationError
from world import ManualClock, answer

from chalicelib.domain.exchange import Answer, NoAnswer
from chalicelib.domain.retry import DELIVERY_STEPS_S
from chalicelib.domain.task import Status, Task
from chalicelib.domain.webhooks import ItemEvent, Webhook

DAY_S = 86_400


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

        task = tracker.delivered(webhook)

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

        task = tracker.delivered(webhook)

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

        task = tracker.delivered(webhook)

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

        task = tracker.delivered(webhook)

        assert (task.status, len(tracker.calls())) == (Status.COMPLETED, 2)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 451])
    def test_any_other_refusal_is_final(self, tracker: Tracker, webhook: Webhook, status: int) -> None:
        tracker.servers.answers(answer(status, "no"))
        tracker.create()

        task = tracker.delivered(webhook)

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

        task = tracker.delivered(webhook)

        assert pause_s <= pauses_s(task)[0] <= pause_s + 0.5

    def test_a_retry_after_is_kept_when_the_row_does_not_take_the_outcome(
        self, tracker: Tracker, webhook: Webhook
    ) -> None:
        tracker.servers.answers(answer(503, retry_after="300"), answer(200))
        tracker.create()
        tracker.faults.fail("tasks", "commit", Fault.UNAVAILABLE, times=6)

        task = tracker.delivered(webhook)

        assert (task.status, len(tracker.calls())) == (Status.COMPLETED, 2)
        assert 300 <= pauses_s(task)[0] < 301

    def test_trouble_of_our_own_spends_no_retry(self, tracker: Tracker, webhook: Webhook) -> None:
        tracker.create()
        tracker.faults.fail("items", "get", Fault.UNAVAILABLE, times=20)
        tracker.faults.fail("webhooks", "get", Fault.UNAVAILABLE, times=20)

        task = tracker.delivered(webhook)

        assert (task.status, task.retries_made, len(tracker.calls())) == (Status.COMPLETED, 0, 1)
