"""Requests that come again under their Idempotency-Key: made once, told once, answered as the first time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook
from world import World

from chalicelib.domain.rotation import MOST_REMEMBERED, REMEMBERED_MS
from surfaces.astraflow.tenancy import Application, application

KEY = {"Idempotency-Key": "order-12345"}
URL = "https://hooks.example/astraflow"
REUSED = {
    "code": 422,
    "error": "Unprocessable Entity",
    "message": "Idempotency-Key was already used with another request body",
}
#: What is made, and the same with something else in it.
MADE: dict[str, tuple[Any, Any]] = {
    "POST /tasks": ({"name": "New", "due_date": "2030-01-01", "priority": "high"}, {"name": "Newer"}),
    "POST /users": ({"email": "new@af.com", "password": "secret"}, {"email": "other@af.com", "password": "secret"}),
    "POST /webhooks": ({"url": URL, "event": "task.due"}, {"url": URL, "event": "task.created"}),
}


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def app(world: World) -> Application:
    return application(world)


def how_many(app: Application) -> tuple[int, int, int]:
    """The tasks, users and webhooks of the tenant."""
    return (
        app.made("GET /tasks")["total"],
        app.made("GET /users")["total"],
        len(app.made("GET /webhooks")["webhooks"]),
    )


def signers(world: World, secrets: Mapping[str, str]) -> list[str]:
    """The names of the secrets that signed the last call, newest first."""
    call = world.door.calls[-1]
    sent = dict(call.headers)
    at = datetime.fromtimestamp(int(sent["webhook-timestamp"]), UTC)
    made = {Webhook(secret).sign(sent["webhook-id"], at, call.body.decode()): name for name, secret in secrets.items()}
    return [made[signature] for signature in sent["webhook-signature"].split()]


@pytest.mark.parametrize("line", MADE)
def test_the_same_request_again_gets_the_first_answer_and_makes_nothing(app: Application, line: str) -> None:
    body, _ = MADE[line]
    first = app.ask(line, body, headers=KEY)
    kept = how_many(app)
    app.world.clock.sleep(60_000)

    again = app.ask(line, body, headers=KEY)

    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert again.headers.get("location") == first.headers.get("location")
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert how_many(app) == kept


@pytest.mark.parametrize("line", MADE)
def test_the_same_key_with_something_else_is_refused(app: Application, line: str) -> None:
    body, other = MADE[line]
    app.made(line, body, headers=KEY)
    kept = how_many(app)

    reply = app.ask(line, other, headers=KEY)

    assert (reply.status, reply.json) == (422, REUSED)
    assert how_many(app) == kept


@pytest.mark.parametrize("change", [{"password": "another"}, {"role": "admin"}])
def test_a_user_s_password_and_role_belong_to_the_request(app: Application, change: dict[str, str]) -> None:
    body, _ = MADE["POST /users"]
    app.made("POST /users", body, headers=KEY)

    assert app.ask("POST /users", {**body, **change}, headers=KEY).json == REUSED


def test_an_address_that_was_taken_without_the_key_stays_taken(app: Application) -> None:
    body, _ = MADE["POST /users"]
    app.made("POST /users", body)

    assert [app.ask("POST /users", body, headers=KEY).status for _ in range(2)] == [409, 409]


@pytest.mark.parametrize("line", MADE)
def test_a_key_is_the_tenant_s_own(world: World, app: Application, line: str) -> None:
    body, other = MADE[line]
    app.made(line, body, headers=KEY)

    assert application(world).ask(line, other, headers=KEY).status == 201


@pytest.mark.parametrize("line", MADE)
@pytest.mark.parametrize("key", ["", "x" * 256, "ä"])
def test_what_cannot_be_a_key_is_refused(app: Application, line: str, key: str) -> None:
    reply = app.ask(line, MADE[line][0], headers={"Idempotency-Key": key})

    assert reply.status == 400
    assert reply.json["message"] == "Idempotency-Key must be 1 to 255 printable ASCII characters"


def test_a_task_is_told_once_however_often_its_creation_is_repeated(world: World, app: Application) -> None:
    app.webhook()
    for _ in range(3):
        app.made("POST /tasks", {"name": "New"}, headers=KEY)
    world.work()

    assert len(world.door.calls) == 1


def test_the_first_answer_stays_what_it_was_whatever_became_of_the_task(app: Application) -> None:
    first = app.made("POST /tasks", {"name": "New"}, headers=KEY)
    app.made(f"PUT /tasks/{first['id']}", {"name": "Newer", "status": "completed"})
    assert app.made("POST /tasks", {"name": "New"}, headers=KEY) == first

    app.made(f"DELETE /tasks/{first['id']}")

    assert app.made("POST /tasks", {"name": "New"}, headers=KEY) == first
    assert app.ask(f"GET /tasks/{first['id']}").status == 404


def test_a_repeated_registration_shows_the_first_secret(app: Application) -> None:
    body, _ = MADE["POST /webhooks"]
    first = app.made("POST /webhooks", body, headers=KEY)
    app.made(f"POST /webhooks/{first['id']}/rotate")

    assert app.made("POST /webhooks", body, headers=KEY) == first


def test_a_repeated_rotation_shows_the_same_secret_and_turns_nothing_over(world: World, app: Application) -> None:
    webhook = app.webhook()
    path = f"/webhooks/{webhook['id']}"
    first = app.ask(f"POST {path}/rotate", {"overlap_seconds": 60}, headers=KEY)
    world.clock.sleep(30_000)

    again = app.ask(f"POST {path}/rotate", {"overlap_seconds": 60}, headers=KEY)

    assert (first.status, again.status, again.json) == (200, 200, first.json)
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert first.json["secret"] != webhook["secret"]
    app.made(f"POST {path}/ping")
    world.work()
    assert signers(world, {"first": webhook["secret"], "second": again.json["secret"]}) == ["second", "first"]


def test_a_rotation_is_answered_the_same_after_another_one(world: World, app: Application) -> None:
    path = f"/webhooks/{app.webhook()['id']}"
    first = app.made(f"POST {path}/rotate", headers=KEY)
    second = app.made(f"POST {path}/rotate", headers={"Idempotency-Key": "order-12346"})

    assert app.made(f"POST {path}/rotate", headers=KEY) == first
    app.made(f"POST {path}/ping")
    world.work()
    assert signers(world, {"first": first["secret"], "second": second["secret"]}) == ["second", "first"]


def test_a_rotation_with_another_overlap_needs_another_key(app: Application) -> None:
    path = f"/webhooks/{app.webhook()['id']}"
    app.made(f"POST {path}/rotate", headers=KEY)

    assert app.made(f"POST {path}/rotate", {"overlap_seconds": 86_400}, headers=KEY)
    assert app.ask(f"POST {path}/rotate", {"overlap_seconds": 0}, headers=KEY).json == REUSED


def test_a_rotation_s_key_is_one_webhook_s_and_known_for_a_day(world: World, app: Application) -> None:
    paths = [f"/webhooks/{app.webhook()['id']}" for _ in range(2)]
    first, other = (app.made(f"POST {path}/rotate", headers=KEY) for path in paths)
    assert first["secret"] != other["secret"]
    world.clock.sleep(REMEMBERED_MS)
    app = application(world, tenant=app.tenant)  # the token has ended
    # What is remembered is looked through at the next rotation that has a key.
    app.made(f"POST {paths[0]}/rotate", headers={"Idempotency-Key": "order-12346"})

    assert app.ask(f"POST {paths[0]}/rotate", headers=KEY).headers.get("idempotent-replayed") is None
    assert app.made(f"POST {paths[0]}/rotate", headers=KEY)["secret"] != first["secret"]


def test_the_last_rotations_of_a_webhook_are_known(app: Application) -> None:
    path = f"/webhooks/{app.webhook()['id']}"

    for number in range(MOST_REMEMBERED + 1):
        reply = app.ask(f"POST {path}/rotate", headers={"Idempotency-Key": f"order-{number}"})
        assert reply.headers.get("idempotent-replayed") is None

    assert app.ask(f"POST {path}/rotate", headers={"Idempotency-Key": "order-1"}).headers["idempotent-replayed"]
    assert "idempotent-replayed" not in app.ask(f"POST {path}/rotate", headers={"Idempotency-Key": "order-0"}).headers


def test_a_ping_and_a_replay_are_sent_once_for_one_key(world: World, app: Application) -> None:
    webhook = app.webhook()
    path = f"/webhooks/{webhook['id']}"
    pings = [app.ask(f"POST {path}/ping", headers=KEY) for _ in range(2)]
    app.task()
    world.work()
    world.clock.sleep(1_000)
    late = app.ask(f"POST {path}/ping", headers=KEY)
    ping, told = (app.made(f"GET {path}/deliveries")["deliveries"][place]["id"] for place in (1, 0))

    replays = [app.ask(f"POST {path}/deliveries/{told}/replay", headers=KEY) for _ in range(2)]
    other = app.ask(f"POST {path}/deliveries/{ping}/replay", headers=KEY)
    world.work()

    assert pings[1].json == late.json == pings[0].json
    assert replays[1].json == replays[0].json
    assert [each.headers.get("idempotent-replayed") for each in (*pings, *replays)] == [None, "true", None, "true"]
    assert (other.status, other.json) == (422, REUSED)
    assert len(world.door.calls) == 3
