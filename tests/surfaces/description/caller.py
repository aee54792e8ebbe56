"""Somebody who asks one deployment with the credentials that each route wants, and keeps what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from world import OPERATOR_KEY, Reply, World

from chalicelib.domain.literals import ASYNCFLOW_KEY
from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator.profiles import realistic
from chalicelib.engine.groups import Conditions
from surfaces.astraflow.parties import Tenancy, basic
from surfaces.astraflow.tenancy import application
from surfaces.description.documents import operations, route_of, values

GROUP = "group-7"

#: Every described operation, by its route.
OPERATIONS = {f"{method.upper()} {path}": operation for path, method, operation in operations()}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, and the route that gave it (None: no route knows the request)."""

    line: str
    route: str | None
    reply: Reply


@dataclass(frozen=True, slots=True)
class Caller:
    """Asks as a team, as a group, as a client of a tenant, which has a token or asks for one, and as the operator."""

    world: World
    answers: list[Answer]
    team_key: str
    stranger_key: str
    access_token: str
    client: str

    def ask(self, line: str, *, key: str | None = None, headers: Mapping[str, str] | None = None, **sent: Any) -> Reply:
        """One request, with the credential that its route wants unless `key` is another one ("" for none)."""
        method, target = line.split(" ", 1)
        route = route_of(line)
        reply = self.world.request(method, target, headers={**self._credentials(route, key), **(headers or {})}, **sent)
        self.answers.append(Answer(line, route, reply))
        return reply

    def make(self, line: str, **sent: Any) -> Any:
        """What a request answers that has to succeed, because others need what it makes."""
        reply = self.ask(line, **sent)
        assert reply.status < 300, f"{line}: {reply.status} {reply.body!r}"
        return reply.json

    def ask_wrongly(self, method: str, route: str, path: str) -> None:
        """A request with a method that the route does not have."""
        self.answers.append(Answer(f"{method} {path}", route, self.world.request(method, path)))

    def _credentials(self, route: str | None, key: str | None) -> dict[str, str]:
        schemes = {scheme for way in OPERATIONS[route]["security"] for scheme in way} if route else set()
        if "groupKey" in schemes:
            chosen = ASYNCFLOW_KEY if key is None else key
            return {"X-STUDENT-GROUP": GROUP, **({"X-API-KEY": chosen} if chosen else {})}
        if "client" in schemes:
            chosen = self.client if key is None else key and f"Basic {key}"
            return {"Authorization": chosen} if chosen else {}
        if "accessToken" in schemes and key is None:
            key = self.access_token
        chosen = key if key is not None else OPERATOR_KEY if "operator" in schemes else self.team_key
        return {"Authorization": f"Bearer {chosen}"} if schemes and chosen else {}


def sample(route: str) -> dict[str, Any]:
    """What the first example of a route's description sends."""
    content = OPERATIONS[route].get("requestBody", {}).get("content", {})
    return {"json": values(content["application/json"])[0]} if content else {}


@contextmanager
def caller(answers: list[Answer], *, limit: int = 1_000, **given: Any) -> Iterator[Caller]:
    """A deployment with two teams, fine weather and a limit, and somebody who asks it."""
    calm = Conditions(
        Rate(limit),
        counts_reads=True,
        profile=realistic(fault_rate=0, latency_max_ms=0),
        pick_up_ms=5_000,
        seed="42",
        hidden_seed="h",
    )
    with World(asyncqueue_rate_limit=limit, astraflow_rate=Rate(limit), asyncflow=calm, **given) as world:
        client = Tenancy(world).client
        yield Caller(
            world,
            answers,
            team_key=world.team("pro")[1],
            stranger_key=world.team("pro")[1],
            access_token=application(world).token,
            client=basic(client.client.id, client.secret),
        )
