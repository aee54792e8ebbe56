"""The same canaries through the product over SQLite: the bytes of the database hold none of them."""

from __future__ import annotations

import json as json_of
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from canaries import Canaries
from entrusting import Entrusting, Site
from sinks import Step, steps
from world import BEGINNING, OPERATOR_KEY, World, answer

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.domain.literals import ASYNCFLOW_KEY
from chalicelib.domain.sealing import Place
from chalicelib.domain.timing import iso_milliseconds
from chalicelib.names import Names
from chalicelib.ports.vault import Vault

DAY_MS = 86_400_000


class Glass:
    """A vault that hides nothing."""

    def seal(self, place: Place, value: bytes) -> bytes:
        return value

    def open(self, place: Place, stored: bytes) -> bytes:
        return stored


class Servers:
    """The customer's own, by the paths of their addresses."""

    def __init__(self) -> None:
        self._scripts: dict[str, list[Step]] = {}

    def open(self, script: str) -> str:
        path = f"/{len(self._scripts)}"
        self._scripts[path] = [] if script == "refused" else steps(script)
        return f"https://api.example.com{path}"

    def __call__(self, request: Request) -> Answer | NoAnswer:
        script = self._scripts[urlsplit(request.url).path]
        if not script:
            return NoAnswer(Failure.REFUSED)
        step = script.pop(0) if len(script) > 1 else script[0]
        return answer(step.status, step.body, set_cookie=step.body)


@dataclass(frozen=True)
class Replied:
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json_of.loads(self.text)


def flown_through(world: World) -> Canaries:
    """The canaries, once everything has come to its end."""
    canaries, servers = Canaries(), Servers()
    world.door.script = servers

    def ask(method: str, path: str, headers: Mapping[str, str], *, json: Any = None, raw: str | None = None) -> Replied:
        body = None if raw is None else raw.encode()
        reply = world.request(method, path, headers=headers, json=json, body=body)
        return Replied(reply.status, reply.body.decode())

    _, client, admin = world.platform.tenants.create("a tenant", "admin@example.com")
    site = Site(
        ask=ask,
        hook=servers.open,
        operator_key=OPERATOR_KEY,
        team_key=world.team()[1],
        flow_key=ASYNCFLOW_KEY,
        group="group-1",
        client_id=client.client.id,
        client_secret=client.secret,
        admin=admin.user.email,
        admin_password=admin.password,
        tomorrow=iso_milliseconds(BEGINNING + DAY_MS),
        soon=iso_milliseconds(BEGINNING + 4_000),
    )
    Entrusting(site, canaries).all()
    world.work()
    return canaries


def world_with(vault: Vault | None = None) -> World:
    return World(names=Names("local", "123456789012", "us-east-1"), vault=vault)


def test_the_database_holds_no_canary() -> None:
    with world_with() as world:
        canaries = flown_through(world)

        assert len(canaries) > 100
        assert canaries.found_in([world.database._connection.serialize()]) == set()
        assert canaries.found_in([repr(world.recording.events)]) == set()


@pytest.mark.parametrize("place", ["callback header", "callback query", "answer", "message", "webhook query", "item"])
def test_the_search_finds_them_where_nothing_is_sealed(place: str) -> None:
    with world_with(Glass()) as world:
        found = flown_through(world).found_in([world.database._connection.serialize()])

    assert any(name.startswith(place) for name in found)
