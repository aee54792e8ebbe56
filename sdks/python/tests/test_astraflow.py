"""AstraClient against the real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chalicelib.domain.ratelimit import Rate
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
    UnprocessableError,
    verify_webhook,
)

HOOK = "https://api.example.com/webhook"


class Tenant:
    """A tenant and its client's credentials."""

    def __init__(self, place: Place) -> None:
        tenant, made, _ = place.world.platform.tenants.create("A tenant", "admin@example.com")
        self.id = tenant.id
        self.client_id, self.secret = made.client.id, made.secret
        self._place = place

    def client(self, **options: Any) -> Any:
        return self._place.client("AstraClient", client_id=self.client_id, client_secret=self.secret, **options)


@pytest.fixture
def tenant(place: Place) -> Tenant:
    return Tenant(place)


@pytest.fixture
def client(tenant: Tenant) -> Any:
    return tenant.client()


def test_a_task_is_made_changed_and_deleted(place: Place, twin: Twin, client: Any) -> None:
    due = datetime(2025, 7, 1, 12, tzinfo=UTC)
    made = twin.run(client.create_task("New", due_date=due, priority="high", description="All of it"))
    assert (made.name, made.status, made.due_date, made.priority) == ("New", "pending", due, "high")

    place.clock.sleep(5_000)
    answered = twin.run(client.update_task(made.id, status="completed", name="Newer"))
    shown = twin.run(client.get_task(made.id))

    assert (answered.id, answered.status, answered.name) == (made.id, "completed", None)
    assert (shown.name, shown.description, shown.due_date, shown.priority) == ("Newer", "All of it", due, "high")
    assert shown.updated_at == answered.updated_at == shown.created_at + timedelta(seconds=5)
    twin.run(client.delete_task(made.id))
    with pytest.raises(NotFoundError, match="Resource does not exist") as refused:
        twin.run(client.get_task(made.id))
    assert (refused.value.code, refused.value.status) == (404, 404)


def test_none_takes_back_what_can_be_taken_back_and_what_is_left_out_stays(twin: Twin, client: Any) -> None:
    made = twin.run(client.create_task("New", due_date="2025-07-01T12:00:00Z", priority="low"))

    twin.run(client.update_task(made.id, due_date=None))

    shown = twin.run(client.get_task(made.id))
    assert (shown.name, shown.due_date, shown.priority) == ("New", None, "low")


def test_tasks_are_listed_by_status_and_print_as_a_list(twin: Twin, client: Any) -> None:
    made = [twin.run(client.create_task(f"task {number}")) for number in range(5)]
    for task in made[:3]:
        twin.run(client.update_task(task.id, status="active"))

    page = twin.run(client.get_tasks(status="active", per_page=2))

    assert (len(page), page.page, page.total, page.has_more) == (2, 1, 3, True)
    assert {each.name for each in twin.all(page.auto_paging())} == {"task 0", "task 1", "task 2"}
    last = twin.run(page.next_page())
    assert (len(last), last.page, last.total, last.has_more) == (1, 2, 3, False)
    assert str(last) == f"[Task(id={last[0].id!r}, name={last[0].name!r}, status='active')]"
    assert [each.name for each in twin.run(client.get_tasks(status="active", page=2, per_page=2))] == [last[0].name]


def test_users_are_made_and_listed(twin: Twin, client: Any) -> None:
    made = twin.run(client.create_user("new@af.com", "secret", role="viewer"))

    assert (made.email, made.id[0]) == ("new@af.com", "u")
    assert twin.run(client.get_users(role="viewer", active=True)) == [made]
    assert twin.run(client.get_users(role="viewer", active=False)) == []
    with pytest.raises(ConflictError):
        twin.run(client.create_user("new@af.com", "secret"))
    with pytest.raises(BadRequestError, match="password must be at least 6 characters"):
        twin.run(client.create_user("other@af.com", "short"))


def test_a_webhook_is_told_of_a_task_and_its_signature_is_right(place: Place, twin: Twin, client: Any) -> None:
    hook = twin.run(client.create_webhook(HOOK, "task.created"))
    made = twin.run(client.create_task("New"))
    place.world.work()

    call = next(each for each in place.world.door.calls if b"New" in (each.body or b""))
    now = place.clock.now() / 1000
    verified = verify_webhook(call.body or b"", dict(call.headers), hook.secret, now=now)

    assert verified.json()["event"] == "task.created"
    assert verified.json()["data"]["id"] == made.id
    assert verified.id is not None
    assert hook.secret not in repr(hook)


def test_deliveries_are_shown_and_sent_again(place: Place, twin: Twin, client: Any) -> None:
    place.world.door.script = lambda request: answer(200, "thanks")
    hook = twin.run(client.create_webhook(HOOK, "task.created"))
    pinged = twin.run(client.ping_webhook(hook.id))
    twin.run(client.create_task("New"))
    place.world.work()

    page = twin.run(client.get_deliveries(hook.id, limit=1))
    found = {each.event: each for each in twin.all(page.auto_paging())}
    shown = twin.run(client.get_delivery(hook.id, found["task.created"].id))
    again = twin.run(client.replay_delivery(hook.id, shown.id))

    assert {"ping", "task.created"} <= set(found)
    assert (pinged.event, pinged.finished) == ("ping", False)
    assert (shown.status, shown.finished, shown.response["status_code"]) == ("delivered", True, 200)
    assert shown.attempts[0]["status_code"] == 200
    assert json.loads(shown.request["body"])["data"]["name"] == "New"
    assert found["task.created"] == shown
    assert again.message_id == shown.message_id


def test_webhooks_are_listed_turned_over_and_deleted(twin: Twin, client: Any) -> None:
    hook = twin.run(client.create_webhook(HOOK, "task.updated"))

    new = twin.run(client.rotate_webhook_secret(hook.id, overlap_seconds=60))
    shown = twin.run(client.get_webhook(hook.id))

    assert new.secret != hook.secret
    assert new.previous.expires_at is not None
    assert new.secret not in repr(new)
    assert twin.run(client.get_webhooks()) == [shown]
    assert (shown.url, shown.event, shown.enabled, shown.secret) == (HOOK, "task.updated", True, None)
    assert twin.run(client.enable_webhook(hook.id)).enabled
    twin.run(client.delete_webhook(hook.id))
    assert twin.run(client.get_webhooks()) == []


def test_a_creation_whose_answer_got_lost_is_repeated_and_made_once(place: Place, twin: Twin, client: Any) -> None:
    hook = twin.run(client.create_webhook(HOOK, "task.created"))
    makers: dict[str, Callable[[], Any]] = {
        "/api/v1/tasks": lambda: client.create_task("New"),
        "/api/v1/users": lambda: client.create_user("new@af.com", "secret"),
        "/api/v1/webhooks": lambda: client.create_webhook(HOOK, "task.due"),
        f"/api/v1/webhooks/{hook.id}/ping": lambda: client.ping_webhook(hook.id),
    }
    for path, make in makers.items():
        before = place.transport.made("POST", path)
        place.transport.lose["POST"] = 2
        assert twin.run(make()).id
        assert place.transport.made("POST", path) == before + 3
    place.world.work()

    assert twin.run(client.get_tasks()).total == 1
    assert twin.run(client.get_users()).total == 2
    assert len(twin.run(client.get_webhooks())) == 2
    assert [each.event for each in twin.run(client.get_deliveries(hook.id))] == ["ping", "task.created"]


def test_a_secret_is_turned_over_once_though_its_answer_is_lost(place: Place, twin: Twin, client: Any) -> None:
    hook = twin.run(client.create_webhook(HOOK, "task.created"))
    place.transport.lose["POST"] = 2

    lost = twin.run(client.rotate_webhook_secret(hook.id, idempotency_key="june"))

    assert place.transport.made("POST", f"/api/v1/webhooks/{hook.id}/rotate") == 3
    assert twin.run(client.rotate_webhook_secret(hook.id, idempotency_key="june")) == lost
    assert twin.run(client.rotate_webhook_secret(hook.id)).secret != lost.secret


def test_a_key_of_one_s_own_makes_one_task(twin: Twin, client: Any) -> None:
    first = twin.run(client.create_task("New", idempotency_key="report-7"))

    assert twin.run(client.create_task("New", idempotency_key="report-7")) == first
    with pytest.raises(UnprocessableError, match="already used"):
        twin.run(client.create_task("Other", idempotency_key="report-7"))


def test_a_change_and_a_deletion_are_repeated(place: Place, twin: Twin, client: Any) -> None:
    made = twin.run(client.create_task("New"))
    place.transport.lose.update(PUT=1, DELETE=1)

    assert twin.run(client.update_task(made.id, status="active")).status == "active"
    twin.run(client.delete_task(made.id))

    assert twin.run(client.get_tasks()) == []


def test_one_token_serves_many_requests_at_once(place: Place, twin: Twin, client: Any) -> None:
    place.transport.way_s = 0.02

    twin.together([client.get_tasks] * 8)

    assert place.transport.made("POST", "/oauth/token") == 1
    assert place.transport.made("GET", "/api/v1/tasks") == 8


def test_a_token_is_renewed_before_it_ends(place: Place, twin: Twin, tenant: Tenant, client: Any) -> None:
    twin.run(client.get_tasks())
    form = {"grant_type": "client_credentials", "client_id": tenant.client_id, "client_secret": tenant.secret}
    lives_s = place.world.request("POST", "/oauth/token", json=form).json["expires_in"]

    place.clock.sleep((lives_s - 60) * 1000)
    twin.run(client.get_tasks())
    assert place.transport.made("POST", "/oauth/token") == 1
    place.clock.sleep(55_000)
    twin.run(client.get_tasks())

    assert place.transport.made("POST", "/oauth/token") == 2
    assert place.transport.made("GET", "/api/v1/tasks") == 3


def test_a_token_that_was_revoked_is_renewed_and_the_request_sent_again(
    place: Place, twin: Twin, tenant: Tenant, client: Any
) -> None:
    made = twin.run(client.create_task("New"))
    token = place.transport.requests[-1].headers["authorization"].removeprefix("Bearer ")
    form = {"token": token, "client_id": tenant.client_id, "client_secret": tenant.secret}
    assert place.world.request("POST", "/oauth/revoke", json=form).status == 200

    assert twin.run(client.update_task(made.id, status="active")).status == "active"

    assert place.transport.made("POST", "/oauth/token") == 2


def test_a_lost_token_is_fetched_again(place: Place, twin: Twin, client: Any) -> None:
    place.transport.lose["POST"] = 1

    assert twin.run(client.get_tasks()) == []


def test_wrong_client_credentials_are_refused_by_their_name(place: Place, twin: Twin, tenant: Tenant) -> None:
    client = place.client("AstraClient", client_id=tenant.client_id, client_secret="not-the-secret")

    with pytest.raises(AuthenticationError) as refused:
        twin.run(client.get_tasks())

    assert refused.value.code == "invalid_client"
    assert place.transport.made("POST", "/oauth/token") == 1
    assert "not-the-secret" not in f"{refused.value} {vars(refused.value)} {client!r}"


def test_a_wrong_token_is_refused_once(place: Place, twin: Twin) -> None:
    with pytest.raises(AuthenticationError, match="Invalid or missing authentication token") as refused:
        twin.run(place.client("AstraClient", token="wrong").get_tasks())

    assert refused.value.code == 401
    assert len(place.transport.requests) == 1


def test_scopes_are_what_was_asked_for(twin: Twin, tenant: Tenant) -> None:
    client = tenant.client(scopes=["tasks:read"])

    assert twin.run(client.get_tasks()) == []
    with pytest.raises(PermissionDeniedError) as refused:
        twin.run(client.create_task("New"))
    assert 'scope="tasks:write"' in refused.value.headers["www-authenticate"]


def test_the_limit_is_kept(twin: Twin) -> None:
    with Place(twin, astraflow_rate=Rate(2)) as place:
        client = Tenant(place).client()
        for _ in range(3):
            twin.run(client.get_tasks())
        assert len(place.pauses) == 1
        twin.run(client.get_tasks())
        with pytest.raises(RateLimitError) as refused:
            twin.run(client.with_options(max_retries=0).get_tasks())
        assert (refused.value.limit, refused.value.remaining) == (2, 0)


def test_credentials_come_from_the_environment(
    place: Place, twin: Twin, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=r"token is missing: .* ASTRAFLOW_TOKEN"):
        place.client("AstraClient")
    monkeypatch.setenv("ASTRAFLOW_CLIENT_ID", tenant.client_id)
    with pytest.raises(ConfigurationError, match=r"client_secret is missing: .* ASTRAFLOW_CLIENT_SECRET"):
        place.client("AstraClient")
    monkeypatch.setenv("ASTRAFLOW_CLIENT_SECRET", tenant.secret)
    assert twin.run(place.client("AstraClient").get_tasks()) == []
    monkeypatch.setenv("ASTRAFLOW_TOKEN", "wrong")
    with pytest.raises(AuthenticationError):
        twin.run(place.client("AstraClient").get_tasks())


def test_credentials_that_contradict_each_other_are_refused(place: Place) -> None:
    for given, complaint in (
        ({"token": "a", "client_id": "b"}, "not both"),
        ({"token": "a", "scopes": ["tasks:read"]}, "scopes are for client credentials"),
        ({"client_id": "a", "client_secret": "b", "scopes": "tasks:read"}, "scopes must be a list"),
        ({"client_id": "a"}, "client_secret is missing"),
        ({"token": ""}, "token is missing"),
        ({"token": "two\nlines"}, "token must be printable ASCII"),
        ({"token": "lines "}, "token must be printable ASCII"),
    ):
        with pytest.raises(ConfigurationError, match=complaint) as refused:
            place.client("AstraClient", **given)
        assert "lines" not in str(refused.value).replace("line ends", "")
