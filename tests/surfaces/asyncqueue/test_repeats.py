"""Keys, members, secrets and teams that are asked for again under an Idempotency-Key: made once, answered the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from world import OPERATOR_KEY, Reply, World

from chalicelib.domain.rotation import REMEMBERED_MS

KEY = {"Idempotency-Key": "order-12345"}
OTHER = {"Idempotency-Key": "order-12346"}
REUSED = {"error": "Idempotency-Key was already used with another request body"}


class Desk:
    """A team, and the two who may manage its keys and members: its own key, and the operator."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.team, self.key = world.team()

    def ask(self, line: str, json: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """One request, by the operator where the path is the operator's."""
        method, path = line.format(team=self.team, key=self.first_key).split(" ", 1)
        speaks = OPERATOR_KEY if path.startswith("/operator") else self.key
        return self.world.request(method, path, key=speaks, json=json, headers=headers)

    @property
    def first_key(self) -> str:
        (first, *_) = self.world.platform.teams.keys(self.team)
        return first.key.id

    def works(self, key: str) -> bool:
        return self.world.request("GET", "/v1/tasks", key=key).status == 200


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


#: What is made, and the same with something else in it.
MADE: dict[str, tuple[Any, Any]] = {
    "POST /v1/keys": ({"name": "ci"}, {"name": "cd"}),
    "POST /v1/keys/{key}/rotate": ({"overlapSeconds": 60}, {"overlapSeconds": 0}),
    "POST /v1/members": ({"email": "ada@example.com"}, {"email": "bob@example.com"}),
    "POST /v1/signing-secret/rotate": ({"overlapSeconds": 60}, {"overlapSeconds": 0}),
    "POST /operator/teams": ({"name": "Payments", "plan": "pro"}, {"name": "Payments", "plan": "free"}),
    "POST /operator/teams/{team}/keys": ({"name": "ci"}, {"name": "cd"}),
    "POST /operator/teams/{team}/keys/{key}/rotate": ({"overlapSeconds": 60}, {"overlapSeconds": 0}),
    "POST /operator/teams/{team}/members": ({"email": "ada@example.com"}, {"email": "bob@example.com"}),
}


def everything(world: World) -> list[Any]:
    """All teams with their keys, members and secrets, and all that keys lead to."""
    return [*world.database.rows("SELECT * FROM teams"), *world.database.rows("SELECT * FROM keys")]


@pytest.mark.parametrize("line", MADE)
def test_the_same_request_again_gets_the_first_answer_and_makes_nothing(desk: Desk, line: str) -> None:
    body, _ = MADE[line]
    line = line.format(team=desk.team, key=desk.first_key)
    first = desk.ask(line, body, KEY)
    kept = everything(desk.world)
    desk.world.clock.sleep(30_000)

    again = desk.ask(line, body, KEY)

    assert first.status in (200, 201)
    assert (again.status, again.json) == (first.status, first.json)
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert again.headers.get("cache-control") == first.headers.get("cache-control")
    assert everything(desk.world) == kept


@pytest.mark.parametrize("line", MADE)
def test_the_same_key_with_something_else_is_refused(desk: Desk, line: str) -> None:
    body, other = MADE[line]
    line = line.format(team=desk.team, key=desk.first_key)
    desk.ask(line, body, KEY)
    kept = everything(desk.world)

    reply = desk.ask(line, other, KEY)

    assert (reply.status, reply.json) == (422, REUSED)
    assert everything(desk.world) == kept


@pytest.mark.parametrize("line", MADE)
def test_what_cannot_be_a_key_is_refused(desk: Desk, line: str) -> None:
    reply = desk.ask(line, MADE[line][0], {"Idempotency-Key": ""})

    assert reply.json == {"error": "Idempotency-Key must be 1 to 255 printable ASCII characters"}


@pytest.mark.parametrize("line", MADE)
def test_without_a_key_each_request_is_one_of_its_own(desk: Desk, line: str) -> None:
    body, _ = MADE[line]
    line = line.format(team=desk.team, key=desk.first_key)

    replies = [desk.ask(line, body) for _ in range(2)]

    assert all("idempotent-replayed" not in reply.headers for reply in replies)
    assert replies[0].json != replies[1].json


def test_a_key_that_was_asked_for_twice_works_and_is_one(desk: Desk) -> None:
    keys = {desk.ask("POST /v1/keys", {"name": "ci"}, KEY).json["key"] for _ in range(3)}

    (key,) = keys
    assert desk.works(key)
    assert len(desk.world.platform.teams.keys(desk.team)) == 2
    stored = f"{everything(desk.world)} {desk.world.recording.events}"
    assert key not in stored
    assert "order-12345" not in stored


def test_a_key_that_was_revoked_is_not_made_again_by_a_repeat(desk: Desk) -> None:
    first = desk.ask("POST /v1/keys", {"name": "ci"}, KEY).json
    desk.ask(f"DELETE /v1/keys/{first['id']}")

    second = desk.ask("POST /v1/keys", {"name": "ci"}, KEY).json

    assert second["key"] != first["key"]
    assert (desk.works(first["key"]), desk.works(second["key"])) == (False, True)


def test_a_rotation_that_was_repeated_left_both_keys_as_the_first_one_said(desk: Desk) -> None:
    line = f"POST /v1/keys/{desk.first_key}/rotate"
    first, again = (desk.ask(line, {"overlapSeconds": 60}, KEY).json for _ in range(2))
    other = desk.ask(line, {"overlapSeconds": 60}, OTHER)

    assert again == first
    assert (other.status, other.json) == (409, {"error": "API key was already rotated"})
    assert desk.works(desk.key)
    assert desk.works(first["key"])
    desk.world.clock.sleep(60_000)
    assert not desk.works(desk.key)
    assert desk.works(first["key"])


def test_a_signing_secret_is_turned_over_once_and_known_for_a_day(desk: Desk) -> None:
    line = "POST /v1/signing-secret/rotate"
    first = desk.ask(line, None, KEY).json
    second = desk.ask(line, None, OTHER).json

    assert desk.ask(line, None, KEY).json == first
    assert desk.ask("GET /v1/signing-secret").json["secret"] == second["secret"] != first["secret"]
    desk.world.clock.sleep(REMEMBERED_MS)
    desk.ask(line, None, {"Idempotency-Key": "order-12347"})
    assert "idempotent-replayed" not in desk.ask(line, None, KEY).headers


def test_a_team_is_made_once_and_shown_as_it_was_made(desk: Desk) -> None:
    line, body = "POST /operator/teams", {"name": "Payments", "plan": "free"}
    first = desk.ask(line, body, KEY).json
    team = first["team"]["id"]
    desk.ask(f"PUT /operator/teams/{team}/plan", {"plan": "pro"})
    desk.ask(f"DELETE /operator/teams/{team}/keys/{first['apiKey']['id']}")
    desk.world.request("POST", "/v1/signing-secret/rotate", key=first["apiKey"]["key"])

    assert desk.ask(line, body, KEY).json == first
    assert not desk.works(first["apiKey"]["key"]), "what was revoked stays so"
    assert len(desk.world.platform.teams.all()) == 2


def test_a_key_is_the_team_s_own(desk: Desk) -> None:
    stranger = Desk(desk.world)

    mine, theirs = (each.ask("POST /v1/keys", {"name": "ci"}, KEY).json for each in (desk, stranger))

    assert mine["key"] != theirs["key"]
    assert mine["id"] != theirs["id"]


@pytest.mark.parametrize("line", ["POST /v1/keys", "POST /operator/teams", "POST /v1/keys/{key}/rotate"])
def test_the_same_request_at_once_makes_one(desk: Desk, line: str) -> None:
    body, _ = MADE[line]
    line = line.format(team=desk.team, key=desk.first_key)
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: desk.ask(line, body, KEY), range(8)))

    assert {reply.status for reply in replies} == {201}
    assert len({reply.body for reply in replies}) == 1
    assert sum("idempotent-replayed" not in reply.headers for reply in replies) == 1
    made = replies[0].json
    assert desk.works(made["apiKey"]["key"] if "apiKey" in made else made["key"])
    (hashes,) = desk.world.database.rows("SELECT COUNT(*) FROM keys")[0:1]
    assert hashes[0] == 2, "no hash of a key that nobody was told leads anywhere"
