"""Two sides of one deployment: each has a team, a group and a tenant, and one of everything that these can own.

A side's mark is in each name, address, URL and content that it gave, so that an answer with it tells whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from world import OPERATOR_KEY, World, answer

from chalicelib.domain.dead_letters import Reason, dead_letter
from chalicelib.domain.exchange import Answer, Request
from chalicelib.domain.literals import ASYNCFLOW_KEY
from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator.profiles import realistic
from chalicelib.engine.groups import Conditions
from surfaces.astraflow.parties import Tenancy
from surfaces.description.site_answers import asset

#: Variables that are no ids.
WORDS = ("{kind}", "{file}", "{page}")
#: Long after the end of every test.
_LATER = "2030-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Side:
    """What one side has; its group is called by its mark. `ids` leads from a path that ends with a variable to the id
    that stands there."""

    mark: str
    team_key: str
    signing_secret: str
    tenancy: Tenancy
    token: str
    expired_token: str
    refresh_token: str
    ids: Mapping[str, str]
    secrets: tuple[str, ...]

    @property
    def traces(self) -> tuple[str, ...]:
        """Every text that stands in nothing but what belongs to this side."""
        return (self.mark, *self.secrets, *(id_ for path, id_ in self.ids.items() if not path.endswith(WORDS)))


@contextmanager
def deployment(**changes: Any) -> Iterator[World]:
    """A deployment in fine weather and without limits, whose callbacks are answered with what they were sent."""
    calm = realistic(fault_rate=0, latency_max_ms=0)
    flow = Conditions(Rate(0), counts_reads=True, profile=calm, pick_up_ms=5_000, seed="42", hidden_seed="h")
    with World(asyncflow=flow, **changes) as world:
        world.door.script = _echo
        yield world


@contextmanager
def undone(world: World) -> Iterator[None]:
    """Whatever is stored inside is forgotten."""
    world.database.change("SAVEPOINT cell")
    try:
        yield
    finally:
        world.database.change("ROLLBACK TO cell")
        world.database.change("RELEASE cell")


def two_sides(world: World) -> tuple[Side, Side]:
    """Two new sides. Of each thing that runs they have one that is done, two hours ago, and one that waits."""
    makings = (_Making(world, "canary-ours"), _Making(world, "canary-theirs"))
    for making in makings:
        making.start()
    world.work(until=world.clock.now() + 2 * 3_600_000)
    ours, theirs = (making.side() for making in makings)
    return ours, theirs


class _Making:
    """Makes the things of a side, through the API."""

    def __init__(self, world: World, mark: str) -> None:
        self._world = world
        self._mark = mark
        self._tenancy = Tenancy(world, mark)
        self._expired = self._token = self._tenancy.token()
        self._team = self._made("POST /operator/teams", OPERATOR_KEY, {"name": mark, "plan": "pro"})
        self._team_key: str = self._team["apiKey"]["key"]
        hook = {"url": f"https://{mark}.example/hook", "event": "task.created"}
        self._webhook = self._made("POST /api/v1/webhooks", self._token, hook)
        self._done = ""

    def side(self) -> Side:
        """The side, once what began is done."""
        self._token = self._tenancy.token()
        webhook = self._webhook["id"]
        done = self._made(f"GET /api/v1/webhooks/{webhook}/deliveries", self._token)["deliveries"][0]
        key = self._made("POST /v1/keys", self._team_key, {"name": self._mark})
        letter = dead_letter(Reason.GIVEN_UP, self._world.clock.now(), self._mark, task=self._done, team=self._mark)
        self._world.letters.keep(letter, expires_s=self._world.clock.now() // 1000 + 86_400)
        ids = {
            **self.start(later=True),
            "/operator/tasks/{id}": self._done,
            "/operator/dead-letters/{id}": letter.id,
            **self._people(),
            "/api/v1/webhooks/{id}": webhook,
            "/api/v1/webhooks/{id}/deliveries/{delivery}": done["id"],
            "/v1/keys/{id}": key["id"],
            "/operator/teams/{id}/keys/{key}": key["id"],
        }
        tenancy = self._tenancy
        signed_in = tenancy.sign_in(tenancy.admin.email, tenancy.admin_password)
        tokens = (self._token, self._expired, str(signed_in["refresh_token"]))
        others = (key["key"], self._webhook["secret"], tenancy.client.secret, tenancy.admin_password)
        signing_secret = self._team["signingSecret"]
        secrets = (self._team_key, signing_secret, *tokens, *others)
        return Side(self._mark, self._team_key, signing_secret, tenancy, *tokens, ids, secrets)

    def start(self, *, later: bool = False) -> dict[str, str]:
        """A task, a message, an item and an operation: the ids by which they are asked for."""
        repeatable = {"Idempotency-Key": idempotency_key(self._mark)} if later else {}
        task = {
            "callbackUrl": f"https://{self._mark}.example/",
            "headers": {"X-Note": self._mark},
            "body": self._mark,
            "onCompleteUrl": f"https://{self._mark}.example/completed",
            **({"delayUntil": _LATER} if later else {}),
        }
        message = {"destination": "always-complete", "content": self._mark}
        item = {"name": self._mark, "description": self._mark, "due_date": _LATER}
        operation = {"message": self._mark}
        made = self._made("POST /v1/tasks", self._team_key, task, **repeatable)["task"]["id"]
        self._done = self._done if later else made
        return {
            "/v1/tasks/{id}": made,
            "/asyncflow/{trackingId}": self._made("POST /asyncflow", "", message, **repeatable)["trackingId"],
            "/api/v1/tasks/{id}": self._made("POST /api/v1/tasks", self._token, item)["id"],
            "/api/tasks/{id}": self._made("POST /api/hello", self._team_key, operation, **repeatable)["id"],
            "/api/{kind}": "hello",
            "/openapi/{file}": "asyncqueue.json",
            "/docs/{page}": "settings",
            "/docs/assets/{file}": asset(),
        }

    def _people(self) -> dict[str, str]:
        email = f"somebody@{self._mark}.example"
        member = self._made("POST /v1/members", self._team_key, {"email": email})["id"]
        tenant = "/operator/astraflow/tenants/{id}"
        return {
            "/v1/members/{id}": member,
            "/operator/teams/{id}/members/{member}": member,
            "/operator/teams/{id}": self._team["team"]["id"],
            "/operator/asyncflow/groups/{group}": self._mark,
            tenant: self._tenancy.id,
            f"{tenant}/clients/{{client}}": self._tenancy.another_client().client.id,
            f"{tenant}/users/{{user}}": self._tenancy.user(email).id,
        }

    def _made(self, line: str, key: str, json: Any = None, **headers: str) -> Any:
        method, path = line.split(" ")
        sent = {"X-Request-Mode": "async", "X-API-KEY": ASYNCFLOW_KEY, "X-STUDENT-GROUP": self._mark, **headers}
        reply = self._world.request(method, path, key=key or None, json=json, headers=sent)
        assert reply.status < 300, f"{line}: {reply.status} {reply.body!r}"
        return reply.json


def idempotency_key(mark: str) -> str:
    """The one with which a side asked for what waits."""
    return f"{mark}-4711"


def _echo(request: Request) -> Answer:
    return answer(200, request.url, X_Echo=request.url)
