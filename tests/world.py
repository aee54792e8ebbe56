"""A whole Sluice in one process: the real app and workers over the embedded ports, on a clock that tests move.

`World.request` sends an HTTP request through the Chalice app; `World.work` delivers what the queues and schedules hold
through the Lambda handlers, and moves the clock on to the next thing that is due. A year takes milliseconds.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from app import app, attempt, backstop, rescue, webhook
from chalicelib import wiring
from chalicelib.domain.exchange import Answer, NoAnswer, Request
from chalicelib.domain.kinds.registry import KINDS, Kinds
from chalicelib.domain.literals import ASYNCFLOW_KEY
from chalicelib.domain.passwords import Cost
from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator.profiles import realistic
from chalicelib.embedded.access import EmbeddedAccess
from chalicelib.embedded.blobs import EmbeddedBlobs
from chalicelib.embedded.database import Database
from chalicelib.embedded.dead_letters import EmbeddedDeadLetters
from chalicelib.embedded.identity import EmbeddedIdentity
from chalicelib.embedded.items import EmbeddedItems, EmbeddedWebhooks
from chalicelib.embedded.queue import EmbeddedQueue, Received
from chalicelib.embedded.schedules import EmbeddedSchedules
from chalicelib.embedded.tasks import EmbeddedTasks
from chalicelib.engine.groups import Conditions
from chalicelib.names import Names
from chalicelib.outbound.guard import Guard
from chalicelib.ports.vault import KeyRing, Vault
from chalicelib.settings import LOCAL_STAGE, Settings
from chalicelib.vault.keeper import Keeper
from chalicelib.vault.keyfile import DerivedKeys

T = TypeVar("T")

#: 2024-01-15T10:30:00Z, the day of the manuals' examples.
BEGINNING = 1_705_314_600_000
OPERATOR_KEY = "operator-key-of-the-tests"
VAULT_SECRET = b"secret of the vault of the tests"
NOWHERE = Names("test", "123456789012", "us-east-1")
#: Where requests come from, unless they say otherwise.
HOME = "127.0.0.1"
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class ManualClock:
    """Time that passes when a test says so, or when somebody sleeps."""

    def __init__(self, now: int = BEGINNING) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def sleep(self, ms: int) -> None:
        self._now += ms

    def move_to(self, instant: int) -> None:
        self._now = max(self._now, instant)


class WorkingClock(ManualClock):
    """While somebody sleeps, the workers work."""

    def __init__(self, now: int = BEGINNING) -> None:
        super().__init__(now)
        self.work: Callable[[], None] | None = None

    def sleep(self, ms: int) -> None:
        super().sleep(ms)
        # Who works may sleep too.
        work, self.work = self.work, None
        if work is not None:
            work()
            self.work = work


class SeededRandomness:
    """Chance that repeats itself."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


class Serial:
    """One job after the other: what happens in virtual time has one order."""

    def run(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        return [job() for job in jobs]


@dataclass
class Recording:
    """Keeps every recorded event."""

    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def record(self, event: str, **fields: object) -> None:
        self.events.append((event, fields))

    def named(self, event: str) -> list[dict[str, object]]:
        return [fields for name, fields in self.events if name == event]


class ScriptedDoor:
    """Other people's servers: `script(request)` says what each one answers, `calls` what was asked of them."""

    def __init__(self, script: Callable[[Request], Answer | NoAnswer] | None = None) -> None:
        self.script = script or (lambda request: answer(200))
        self.calls: list[Request] = []

    def send(
        self, request: Request, *, timeout_s: float, follow_redirects: bool = True, max_body_bytes: int = 262_144
    ) -> Answer | NoAnswer:
        self.calls.append(request)
        return self.script(request)


def answer(status: int, body: str = "", **headers: str) -> Answer:
    """An answer of somebody's server."""
    return Answer(status, "", tuple((name.replace("_", "-"), value) for name, value in headers.items()), body.encode())


@dataclass
class Reply:
    """What the app answered: lower-case header names."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def settings(**changes: Any) -> Settings:
    """Settings of a deployment that nobody lives in."""
    given: dict[str, Any] = {
        "names": NOWHERE,
        "operator_key": OPERATOR_KEY,
        "key_pepper": b"pepper-of-the-tests",
        "retention_s": 30 * 86_400,
        "horizon_s": 900,
        "outbound_allow_networks": (),
        "own_hosts": (),
        "cors_allow_origins": (),
        "asyncqueue_rate_limit": 0,
        "asyncflow_api_key": ASYNCFLOW_KEY,
        "asyncflow": Conditions(
            Rate(10), counts_reads=True, profile=realistic(), pick_up_ms=5_000, seed="42", hidden_seed="hidden"
        ),
        "asimov_open": changes.get("names", NOWHERE).stage == LOCAL_STAGE,
        "asimov_rate_limit": 0,
        "astraflow_rate": Rate(0),
        "astraflow_password_grant": True,
        "password_cost": Cost(4, 1, 1),
        "partial_batch": True,
        "aws_endpoint_url": None,
        "data": None,
    }
    return Settings(**{**given, **changes})


class World:
    """One deployment. Use as a context manager: it takes the process's platform while it lives.

    `wrap(name, part)` may put something in front of each part that the platform gets; the queues and schedules
    themselves keep the plain clock.
    """

    def __init__(
        self,
        *,
        door: Any = None,
        clock: Any = None,
        seed: int = 1,
        wrap: Callable[[str, Any], Any] = lambda name, port: port,
        max_receives: int = 20,
        kinds: Kinds = KINDS,
        ring: KeyRing | None = None,
        vault: Vault | None = None,
        **changes: Any,
    ) -> None:
        self.clock = clock or ManualClock()
        self.database = Database()
        self.door = door or ScriptedDoor()
        self.recording = Recording()
        self.settings = settings(**changes)
        self.dead_letters = EmbeddedQueue(self.database, "dead-letters", self.clock, visibility_s=360)
        self.tasks_queue = EmbeddedQueue(
            self.database,
            "tasks",
            self.clock,
            visibility_s=900,
            dead_letters=self.dead_letters,
            max_receives=max_receives,
        )
        self.webhooks_queue = EmbeddedQueue(
            self.database,
            "webhooks",
            self.clock,
            visibility_s=180,
            dead_letters=self.dead_letters,
            max_receives=max_receives,
        )
        self.schedules = EmbeddedSchedules(self.database, self.clock, self.tasks_queue)
        vault = vault or Keeper(ring or DerivedKeys(VAULT_SECRET), self.clock, self.recording)
        self.tasks = EmbeddedTasks(self.database, vault)
        self.identity = EmbeddedIdentity(self.database)
        self.items = EmbeddedItems(self.database, vault)
        self.webhooks = EmbeddedWebhooks(self.database, vault)
        self.letters = EmbeddedDeadLetters(self.database)
        tasks, identity = wrap("tasks", self.tasks), wrap("identity", self.identity)
        self.platform = wiring.assemble(
            wiring.Parts(
                tasks=tasks,
                reader=tasks,
                teams=identity,
                access=wrap("access", EmbeddedAccess(self.database)),
                blobs=wrap("blobs", EmbeddedBlobs(self.database)),
                items=wrap("items", self.items),
                webhooks=wrap("webhooks", self.webhooks),
                letters=wrap("letters", self.letters),
                tasks_queue=wrap("tasks queue", self.tasks_queue),
                webhooks_queue=wrap("webhooks queue", self.webhooks_queue),
                dead_letters=wrap("dead letters", self.dead_letters),
                schedules=wrap("schedules", self.schedules),
                door=wrap("door", self.door),
                guard=Guard(self.settings.outbound_allow_networks, self.settings.own_hosts),
                clock=wrap("clock", self.clock),
                randomness=SeededRandomness(seed),
                parallel=wrap("parallel", Serial()),
                recorder=self.recording,
            ),
            self.settings,
            kinds,
        )

    def __enter__(self) -> World:
        self._before = wiring.use(self.platform)
        return self

    def __exit__(self, *_: object) -> None:
        wiring.use(self._before)
        self.database.close()

    def team(self, plan: str = "pro") -> tuple[str, str]:
        """A new team's id and key."""
        team, minted = self.platform.teams.create(f"a {plan} team", plan)
        return team.id, minted.secret

    def request(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        address: str = HOME,
        host: str = "",
    ) -> Reply:
        """One HTTP request through the app, as API Gateway would hand it over."""
        sent = dict(headers or {})
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        if json is not None:
            body = _dumps(json)
            sent.setdefault("Content-Type", "application/json")
        return send(method, path, sent, body, address=address, host=host)

    def work(self, *, until: int | None = None, turns: int = 10_000) -> None:
        """Deliver everything, moving the clock to whatever is due next, until nothing is left or `until` is reached."""
        for _ in range(turns):
            self.deliver()
            upcoming = [instant for instant in self._upcoming() if instant is not None]
            if not upcoming or (until is not None and min(upcoming) > until):
                if until is not None:
                    self.clock.move_to(until)
                return
            self.clock.move_to(min(upcoming))
        raise AssertionError("the work does not end")

    def deliver(self) -> None:
        """Hand what is due now to the handlers, one batch per queue, and delete what they did not name."""
        self.schedules.fire_due(self.clock.now())
        for queue, handler in self._consumers():
            received = queue.receive(10)
            if received:
                failed = {
                    failure["itemIdentifier"]
                    for failure in handler(sqs_event(queue, received), CONTEXT)["batchItemFailures"]
                }
                for message in received:
                    if message.message_id not in failed:
                        queue.delete(message.receipt)

    def look(self, ms: int = 900_000) -> Any:
        """One run of the backstop, with so much time, and what it answers."""
        return backstop(SCHEDULED, SimpleNamespace(get_remaining_time_in_millis=lambda: ms, function_name="backstop"))

    def _consumers(self) -> list[tuple[EmbeddedQueue, Callable[[Any, Any], Any]]]:
        return [(self.tasks_queue, attempt), (self.webhooks_queue, webhook), (self.dead_letters, rescue)]

    def _upcoming(self) -> list[int | None]:
        return [self.schedules.next_at(), *(queue.next_visible_at() for queue, _ in self._consumers())]


#: What EventBridge tells a function that a rule starts.
SCHEDULED = {
    "version": "0",
    "account": "",
    "region": "us-east-1",
    "detail": {},
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "time": "2024-01-15T10:30:00Z",
    "id": "1",
    "resources": [],
}
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 145_000, function_name="test", aws_request_id="test")


#: Who looks at every answer, with the method and the target of its request.
WITNESSES: list[Callable[[str, str, Reply], None]] = []


def sqs_event(queue: EmbeddedQueue, received: Sequence[Received]) -> dict[str, Any]:
    """The event in which Lambda hands messages to a function."""
    return {
        "Records": [
            {
                "messageId": message.message_id,
                "receiptHandle": message.receipt,
                "body": message.body,
                "attributes": {
                    "ApproximateReceiveCount": str(message.receives),
                    "SentTimestamp": str(message.sent_at),
                },
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue.name}",
                "awsRegion": "us-east-1",
            }
            for message in received
        ]
    }


def send(
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | None,
    *,
    stage: str = "",
    address: str = HOME,
    host: str = "",
) -> Reply:
    """One request through the Chalice app as an API Gateway event; `stage` is what the API's stage adds to the path,
    `host` the name that the gateway answered under."""
    parts = urlsplit(target)
    route, variables = _route(parts.path)
    event = {
        "requestContext": {
            "httpMethod": method,
            "resourcePath": route,
            "identity": {"sourceIp": address},
            "path": stage + parts.path,
            "domainName": host,
        },
        "headers": dict(headers),
        "pathParameters": variables,
        "multiValueQueryStringParameters": parse_qs(parts.query, keep_blank_values=True) or None,
        "stageVariables": {},
        "body": body,
    }
    reply = app(event, CONTEXT)
    found = {name.lower(): str(value) for name, value in reply["headers"].items()}
    for name, values in reply["multiValueHeaders"].items():
        found[name.lower()] = ", ".join(values)
    text = reply["body"]
    body = text if isinstance(text, bytes) else text.encode()
    found["content-length"] = str(len(body))
    told = Reply(reply["statusCode"], found, b"" if method == "HEAD" else body)
    for witness in WITNESSES:
        witness(method, target, told)
    return told


def _route(path: str) -> tuple[str, dict[str, str]]:
    """The declared route that API Gateway would choose: as many fixed segments as possible, from the left."""
    segments = path.rstrip("/").split("/") if path != "/" else ["", ""]
    best: tuple[str, dict[str, str]] | None = None
    for route in sorted(app.routes):
        pattern = route.split("/")
        if len(pattern) != len(segments):
            continue
        variables: dict[str, str] = {}
        for expected, actual in itertools.zip_longest(pattern, segments):
            if expected.startswith("{") and actual:
                variables[expected[1:-1]] = actual
            elif expected != actual:
                break
        else:
            best = best or (route, variables)
    if best is None:
        raise LookupError(f"no route for {path}")
    return best


def _dumps(value: Any) -> bytes:
    return json.dumps(value).encode()
