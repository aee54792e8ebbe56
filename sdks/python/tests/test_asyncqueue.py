"""AsyncQueueClient against the real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from places import Place, Twin
from world import answer

from astraflow_sdk import (
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    WaitTimeoutError,
)

HOOK = "https://api.example.com/webhook"


@pytest.fixture
def client(place: Place) -> Any:
    return place.client("AsyncQueueClient", place.world.team()[1])


def test_a_task_is_made_carried_out_and_read(place: Place, twin: Twin, client: Any) -> None:
    place.world.door.script = lambda request: answer(200, '{"success": true}', content_type="application/json")

    made = twin.run(client.create_task(HOOK, json={"order": 1}, headers={"X-Custom": "a"}, max_retries=5))
    place.world.work()
    done = twin.run(client.get_task(made.id))

    assert (made.status, made.callback_url, made.body, made.max_retries) == ("pending", HOOK, '{"order":1}', 5)
    assert (made.headers, made.finished) == ({"X-Custom": "a"}, False)
    assert (done.status, done.finished, done.result.status_code) == ("completed", True, 200)
    assert done.result.json() == {"success": True}
    assert done.completed_at >= done.started_at >= done.created_at == datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
    assert done.raw["callbackUrl"] == HOOK


def test_every_option_of_a_task_reaches_the_server(place: Place, twin: Twin, client: Any) -> None:
    later = datetime(2024, 1, 15, 14, 0, tzinfo=UTC)

    made = twin.run(
        client.create_task(
            HOOK,
            method="PUT",
            body="plain",
            max_wait_time=60,
            timeout=2.5,
            delay_until=later,
            max_retries=0,
            retry_backoff="linear",
            on_complete_url=f"{HOOK}/done",
        )
    )

    assert made.status == "delayed"
    assert made.delay_until == later
    shown = {name: getattr(made, name) for name in ("method", "body", "max_wait_time", "timeout", "max_retries")}
    assert shown == {"method": "PUT", "body": "plain", "max_wait_time": 60, "timeout": 2.5, "max_retries": 0}
    assert (made.retry_backoff, made.on_complete_url) == ("linear", f"{HOOK}/done")


def test_the_request_is_shown_when_asked_for_with_its_secrets_masked(twin: Twin, client: Any) -> None:
    made = twin.run(client.create_task(HOOK, headers={"Authorization": "Bearer service-token"}, body="x"))

    assert twin.run(client.get_task(made.id)).body is None
    shown = twin.run(client.get_task(made.id, include_request=True))
    assert shown.body == "x"
    assert "service-token" not in shown.headers["Authorization"]


def test_a_task_is_waited_for_with_few_requests(place: Place, twin: Twin, client: Any) -> None:
    made = twin.run(client.create_task(HOOK, delay_until=_in(50, place)))

    done = twin.run(client.wait(made.id, timeout=120))

    assert done.status == "completed"
    assert place.transport.made("GET", f"/v1/tasks/{made.id}") <= 5


def test_waiting_ends_when_patience_does(place: Place, twin: Twin, client: Any) -> None:
    made = twin.run(client.create_task(HOOK, delay_until=_in(3600, place)))
    began = place.clock.now()

    with pytest.raises(WaitTimeoutError, match=f"Task {made.id} is not finished after 45 s") as raised:
        twin.run(client.wait(made.id, timeout=45))

    assert raised.value.last.status == "delayed"
    assert 45_000 <= place.clock.now() - began <= 47_000


def test_polling_looks_so_many_times(place: Place, twin: Twin, client: Any) -> None:
    soon = twin.run(client.create_task(HOOK, delay_until=_in(9, place)))
    late = twin.run(client.create_task(HOOK, delay_until=_in(3600, place)))

    assert twin.run(client.poll_until_complete(soon.id, max_attempts=10, interval=5)).status == "completed"
    assert place.pauses == [5, 5]
    with pytest.raises(WaitTimeoutError, match="after 3 looks"):
        twin.run(client.poll_until_complete(late.id, max_attempts=3, interval=1))
    assert place.transport.made("GET", f"/v1/tasks/{late.id}") == 3


def test_tasks_are_listed_page_by_page(twin: Twin, client: Any) -> None:
    made = [twin.run(client.create_task(f"{HOOK}/{number}")).id for number in range(7)]

    page = twin.run(client.list_tasks(status="pending", limit=3))
    following = twin.run(page.next_page())

    assert isinstance(page, list)
    assert (len(page), page.total, page.has_more, page.raw["pagination"]["limit"]) == (3, 7, True, 3)
    assert {each.id for each in page}.isdisjoint(each.id for each in following)
    assert {each.id for each in twin.all(page.auto_paging())} == set(made)
    last = twin.run(client.list_tasks(limit=100, sort_order="asc"))
    assert not last.has_more
    assert twin.run(last.next_page()) is None


def test_a_list_can_be_cut_by_date(place: Place, twin: Twin, client: Any) -> None:
    twin.run(client.create_task(HOOK))
    place.clock.sleep(60_000)
    later = twin.run(client.create_task(HOOK))

    found = twin.run(client.list_tasks(created_after=later.created_at - timedelta(seconds=1)))

    assert [each.id for each in found] == [later.id]


def test_a_waiting_task_is_cancelled_and_a_finished_one_is_not(place: Place, twin: Twin, client: Any) -> None:
    waiting = twin.run(client.create_task(HOOK, delay_until=_in(3600, place)))
    done = twin.run(client.create_task(HOOK))
    place.world.work(until=place.clock.now())

    assert twin.run(client.cancel_task(waiting.id)).status == "cancelled"
    place.clock.sleep(1)
    for task_id in (waiting.id, done.id):
        with pytest.raises(ConflictError, match="Only pending or delayed tasks can be cancelled"):
            twin.run(client.cancel_task(task_id))


def test_a_cancel_whose_answer_was_lost_is_no_conflict(place: Place, twin: Twin, client: Any) -> None:
    waiting = twin.run(client.create_task(HOOK, delay_until=_in(3600, place)))
    place.transport.lose["POST"] = 1

    assert twin.run(client.cancel_task(waiting.id)).status == "cancelled"


def test_a_create_whose_answer_was_lost_makes_one_task(place: Place, twin: Twin, client: Any) -> None:
    place.transport.lose["POST"] = 2

    made = twin.run(client.create_task(HOOK))

    assert place.transport.made("POST", "/v1/tasks") == 3
    assert len({each.headers["idempotency-key"] for each in place.transport.requests}) == 1
    assert [each.id for each in twin.run(client.list_tasks())] == [made.id]


def test_two_creates_are_two_tasks_unless_they_share_a_key(twin: Twin, client: Any) -> None:
    first, second = (twin.run(client.create_task(HOOK)).id for _ in range(2))
    third, fourth = (twin.run(client.create_task(HOOK, idempotency_key="order-1")).id for _ in range(2))

    assert first != second
    assert third == fourth


def test_attempts_tell_the_history(place: Place, twin: Twin, client: Any) -> None:
    answers = iter([answer(503), answer(200)])
    place.world.door.script = lambda request: next(answers)
    made = twin.run(client.create_task(HOOK))
    place.world.work()

    first, second = twin.run(client.attempts(made.id))

    assert (first.number, first.status_code, second.number, second.status_code) == (1, 503, 2, 200)
    assert first.next_attempt_at == second.scheduled_at


def test_keys_are_made_turned_over_and_revoked(place: Place, twin: Twin, client: Any) -> None:
    made = twin.run(client.create_key("build server"))
    other = place.client("AsyncQueueClient", made.key)
    assert {each.name for each in twin.run(other.list_keys())} >= {"build server"}

    new = twin.run(client.rotate_key(made.id, overlap_seconds=60))
    assert (new.previous.id, new.previous.expires_at - new.created_at) == (made.id, timedelta(seconds=60))
    twin.run(client.revoke_key(new.id))

    with pytest.raises(AuthenticationError, match="Invalid or revoked API key"):
        twin.run(place.client("AsyncQueueClient", new.key).list_tasks())
    assert new.key not in repr(new)


def test_a_plan_allows_so_much(place: Place, twin: Twin) -> None:
    free = place.client("AsyncQueueClient", place.world.team("free")[1])

    with pytest.raises(PermissionDeniedError, match="Plan limit reached"):
        twin.run(free.create_key("one more"))


def test_members_come_and_go(twin: Twin, client: Any) -> None:
    member = twin.run(client.add_member("a@example.com"))
    assert twin.run(client.list_members()) == [member]
    with pytest.raises(ConflictError):
        twin.run(client.add_member("a@example.com"))

    twin.run(client.remove_member(member.id))

    assert twin.run(client.list_members()) == []


def test_a_delete_whose_answer_was_lost_is_done_and_one_that_finds_nothing_is_refused(
    place: Place, twin: Twin, client: Any
) -> None:
    member = twin.run(client.add_member("a@example.com"))
    place.transport.lose["DELETE"] = 1

    twin.run(client.remove_member(member.id))

    assert place.transport.made("DELETE", f"/v1/members/{member.id}") == 2
    with pytest.raises(NotFoundError):
        twin.run(client.remove_member(member.id))


def test_the_signing_secret_is_turned_over(twin: Twin, client: Any) -> None:
    before = twin.run(client.signing_secret())
    after = twin.run(client.rotate_signing_secret(overlap_seconds=600))

    assert before.secret != after.secret == twin.run(client.signing_secret()).secret
    assert before.previous is None
    assert after.previous.expires_at - after.created_at == timedelta(seconds=600)
    assert after.secret not in repr(after)


def test_what_makes_a_secret_is_made_once_though_its_answer_is_lost(place: Place, twin: Twin, client: Any) -> None:
    first = twin.run(client.list_keys())[0]
    makers = {
        "/v1/keys": lambda: client.create_key("build server", idempotency_key="june"),
        f"/v1/keys/{first.id}/rotate": lambda: client.rotate_key(first.id, idempotency_key="june"),
        "/v1/members": lambda: client.add_member("ada@example.com", idempotency_key="june"),
        "/v1/signing-secret/rotate": lambda: client.rotate_signing_secret(idempotency_key="june"),
    }
    for path, make in makers.items():
        place.transport.lose["POST"] = 2
        lost = twin.run(make())
        assert place.transport.made("POST", path) == 3
        assert twin.run(make()) == lost

    assert len(twin.run(client.list_keys())) == 3
    assert len(twin.run(client.list_members())) == 1


def test_refusals_say_what_is_wrong_and_under_which_request(place: Place, twin: Twin, client: Any) -> None:
    with pytest.raises(BadRequestError, match="maxRetries must be a number between 0 and 10") as refused:
        twin.run(client.create_task(HOOK, max_retries=11))
    error = refused.value
    assert (error.status, error.code, error.body) == (400, None, {"error": error.message})
    assert error.request_id is not None
    assert str(error) == f"400: maxRetries must be a number between 0 and 10 (request id {error.request_id})"
    assert error.headers["x-request-id"] == error.request_id

    other = place.client("AsyncQueueClient", place.world.team()[1])
    task = twin.run(other.create_task(HOOK))
    with pytest.raises(PermissionDeniedError, match="Access denied"):
        twin.run(client.get_task(task.id))
    with pytest.raises(NotFoundError, match="Task not found"):
        twin.run(client.get_task("no such task/../here?"))
    assert place.transport.requests[-1].url.raw_path == b"/v1/tasks/no%20such%20task%2F..%2Fhere%3F"
    assert place.pauses == []


def test_a_key_that_is_wrong_is_not_shown(place: Place, twin: Twin) -> None:
    client = place.client("AsyncQueueClient", "aq_live_wrong")

    with pytest.raises(AuthenticationError) as refused:
        twin.run(client.list_tasks())

    assert "aq_live_wrong" not in f"{refused.value} {refused.value!r} {client!r} {vars(refused.value)}"


def test_an_id_that_is_none_asks_nothing(place: Place, twin: Twin, client: Any) -> None:
    for nothing in ("", ".", "..", None):
        with pytest.raises(ConfigurationError, match="task_id must be the id of something"):
            twin.run(client.get_task(nothing))
    assert place.transport.requests == []


def test_what_makes_no_sense_is_refused_before_it_is_sent(place: Place, twin: Twin, client: Any) -> None:
    with pytest.raises(ConfigurationError, match="body and json must not be given together"):
        twin.run(client.create_task(HOOK, body="x", json={}))
    with pytest.raises(ConfigurationError, match="delayUntil must have a time zone"):
        twin.run(client.create_task(HOOK, delay_until=datetime(2024, 1, 15)))
    with pytest.raises(ConfigurationError, match="idempotency_key must be 1 to 255"):
        twin.run(client.create_task(HOOK, idempotency_key="a\nb"))
    with pytest.raises(ConfigurationError, match="max_attempts"):
        twin.run(client.poll_until_complete("x", max_attempts=0))
    with pytest.raises(ConfigurationError, match="timeout"):
        twin.run(client.wait("x", timeout=0))
    assert place.transport.requests == []


def test_a_limit_is_kept_by_waiting_as_long_as_the_server_says(twin: Twin) -> None:
    with Place(twin, asyncqueue_rate_limit=3) as place:
        client = place.client("AsyncQueueClient", place.world.team()[1])

        for _ in range(4):
            twin.run(client.list_tasks())
        hasty = client.with_options(max_retries=0)
        for _ in range(2):
            twin.run(hasty.list_tasks())
        with pytest.raises(RateLimitError, match="Rate limit exceeded") as refused:
            twin.run(hasty.list_tasks())

        assert len(place.pauses) == 1
        assert 59 <= place.pauses[0] <= 61
        error = refused.value
        assert (error.limit, error.remaining) == (3, 0)
        assert 0 < error.retry_after <= 60
        assert error.reset >= place.clock.now() // 1000


def _in(seconds: int, place: Place) -> datetime:
    return datetime.fromtimestamp(place.clock.now() / 1000, UTC) + timedelta(seconds=seconds)
