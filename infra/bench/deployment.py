"""A deployment over moto, in this process: the real handlers and the real AWS ports, with a meter on their clients."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import boto3
from chalice.local import LambdaEventConverter, RouteMatcher
from moto import mock_aws
from moto.sqs.models import sqs_backends

import app as entry
from chalicelib import wiring
from chalicelib.aws.clients import Clients
from chalicelib.domain.ratelimit import Rate
from chalicelib.names import Names
from chalicelib.wiring import places
from infra.apply import apply, load_template
from infra.bench.bill import Unit
from infra.bench.lines import ACCESS_BYTES, INVOCATION_BYTES, Lines
from infra.bench.meter import Meter
from infra.bench.scripted import ANSWER_MS, Clock, Randomness, Serial, Servers, settings
from infra.bench.tables import Tables
from infra.host.functions import Context, load_config, memory_size, time_limit
from infra.host.mappings import failures
from infra.local.aws import ACCOUNT, REGION
from infra.local.mailbox import record
from infra.moto_lock import MotoLock

NAMES = Names("bench", ACCOUNT, REGION)
#: What a function takes besides waiting for the owner's server: assumed.
HANDLER_MS = 30
#: Requests of an AsyncFlow group in a minute, by default.
FLOW_LIMIT = 10
#: Requests of an AstraFlow client in a minute, by default.
ASTRAFLOW_LIMIT = 100
#: The function behind the API, by Chalice's name for it.
_API = "api_handler"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the API answered."""

    status: int
    headers: Mapping[str, str]
    json: Any


class Deployment:
    """While entered, every SDK client of the process reaches moto, and the app's platform is this one.

    `meter` makes what counts its calls.
    """

    def __init__(self, meter: Callable[[Tables], Meter] = Meter) -> None:
        self._make_meter = meter
        self.clock = Clock()
        self.servers = Servers(self.clock)
        self._config = load_config(Path(__file__).parents[2], entry.app)
        self._events = LambdaEventConverter(RouteMatcher(list(entry.app.routes)), entry.app.api.binary_types)
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        self._closing.enter_context(mock_aws())
        self._lock = self._closing.enter_context(MotoLock())
        # Clients of its own: what the bench looks up and plays itself is not the product's doing.
        self.uncounted = {name: boto3.client(name, region_name=REGION) for name in ("dynamodb", "sqs", "scheduler")}
        apply(load_template(), NAMES, lambda service: boto3.client(service, region_name=REGION))
        self.tables = Tables(self.uncounted["dynamodb"])
        self.meter = self._make_meter(self.tables)
        self._parts = self._instance()
        self._closing.callback(wiring.use, None)
        wiring.use(wiring.assemble(self._parts, settings(NAMES)))
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def _instance(self) -> wiring.Parts:
        """The parts of an instance of a function that has just started."""
        parts = replace(
            places.on_aws(settings(NAMES)),
            door=self.servers,
            clock=self.clock,
            randomness=Randomness(),
            parallel=Serial(),
            recorder=Lines(self.meter),
        )
        clients = _clients(parts)
        for client in (clients.dynamodb, clients.dynamodb_offhand, clients.sqs, clients.scheduler, clients.kms):
            self.meter.watch(client)
        return parts

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Another instance, which holds nothing in memory yet."""
        before = wiring.use(wiring.assemble(self._instance(), settings(NAMES)))
        try:
            yield
        finally:
            wiring.use(before)

    @contextmanager
    def limited(self) -> Iterator[wiring.Platform]:
        """A fresh instance of the API, with the rate limits in force, as they are unless a setting lifts them."""
        before, lifted = wiring.platform(), settings(NAMES)
        limits = replace(
            lifted,
            asyncqueue_rate_limit=None,
            asyncflow=replace(lifted.asyncflow, rate=Rate(FLOW_LIMIT)),
            astraflow_rate=Rate(ASTRAFLOW_LIMIT),
        )
        fresh = wiring.assemble(self._parts, limits)
        wiring.use(fresh)
        try:
            yield fresh
        finally:
            wiring.use(before)

    def team(self) -> tuple[str, str]:
        """A new pro team's id and key."""
        team, minted = wiring.platform().teams.create("a team", "pro")
        return team.id, minted.secret

    def request(
        self, method: str, path: str, key: str | None, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One request through the gateway and its function, with a team's key where it needs one."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        payload = None if body is None else json.dumps(body).encode()
        event = self._events.create_lambda_event(method, path, sent, payload)
        self.meter.charge({Unit.API_REQUEST: 1, Unit.LOG_KILOBYTE: ACCESS_BYTES / 1000})
        self.meter.charge(self._invocation(_API, HANDLER_MS))
        reply = entry.app(event, self._context(_API))
        return Reply(reply["statusCode"], reply["headers"], json.loads(reply["body"]) if reply["body"] else None)

    def deliver(self, function: str, most: int = 1) -> None:
        """Play the event source mapping: hand what the function's queue holds to it as one batch, whatever delay is
        left, and delete what it does not keep."""
        queue = {
            "attempt": NAMES.tasks_queue,
            "webhook": NAMES.webhooks_queue,
            "rescue": NAMES.dead_letters_queue,
        }[function]
        url = self._url(queue)
        with self._lock.held:
            for message in _queue(queue)._messages:
                message.delayed_until = message.visible_at = 0
        received = self.uncounted["sqs"].receive_message(
            QueueUrl=url, MaxNumberOfMessages=most, MessageSystemAttributeNames=["All"]
        )["Messages"]
        self.meter.charge({Unit.QUEUE_REQUEST: 1}, "ReceiveMessage (mapping)")
        calls = self.servers.calls
        event = {"Records": [record(message, NAMES.queue_arn(queue), REGION) for message in received]}
        report = getattr(entry, function)(event, self._context(function))
        # The attempts of a batch run side by side: one waits as long as ten.
        waited_ms = ANSWER_MS if self.servers.calls > calls else 0
        self.meter.charge(self._invocation(function, HANDLER_MS + waited_ms))
        failed = failures(report, {message["MessageId"] for message in received})
        if failed is None:
            raise RuntimeError(f"{function} gave no partial batch response")
        done = [message["ReceiptHandle"] for message in received if message["MessageId"] not in failed]
        if done:
            entries = [{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(done)]
            self.uncounted["sqs"].delete_message_batch(QueueUrl=url, Entries=entries)
            self.meter.charge({Unit.QUEUE_REQUEST: 1}, "DeleteMessageBatch (mapping)")

    def fire(self) -> None:
        """Play the Scheduler: send what every schedule holds, whatever its time, and forget the schedules."""
        scheduler = self.uncounted["scheduler"]
        for listed in scheduler.list_schedules(GroupName=NAMES.schedule_group)["Schedules"]:
            which = {"GroupName": NAMES.schedule_group, "Name": listed["Name"]}
            target = scheduler.get_schedule(**which)["Target"]
            queue = target["Arn"].rpartition(":")[2]
            self.uncounted["sqs"].send_message(QueueUrl=self._url(queue), MessageBody=target["Input"])
            scheduler.delete_schedule(**which)
            self.meter.charge({Unit.FIRING: 1, Unit.QUEUE_REQUEST: 1}, "SendMessage (schedule)")

    def start(self, function: str, run: Callable[[], object]) -> None:
        """Run a function that a schedule starts: it works for a while, and for as long as it sleeps."""
        began = self.clock.now()
        run()
        self.meter.charge(self._invocation(function, HANDLER_MS + self.clock.now() - began))

    def forget_messages(self) -> None:
        """Let nothing be left in the tasks queue."""
        with self._lock.held:
            _queue(NAMES.tasks_queue)._messages.clear()

    def _url(self, queue: str) -> str:
        url: str = self.uncounted["sqs"].get_queue_url(QueueName=queue)["QueueUrl"]
        return url

    def _invocation(self, function: str, ms: int) -> dict[Unit, float]:
        return {
            Unit.INVOCATION: 1,
            Unit.GB_SECOND: memory_size(self._config, function) / 1024 * ms / 1000,
            Unit.LOG_KILOBYTE: INVOCATION_BYTES / 1000,
        }

    def _context(self, function: str) -> Context:
        return Context(function, time_limit(self._config, function))


def _queue(name: str) -> Any:
    """A queue as moto holds it: PurgeQueue works once a minute only, and moto's clock cannot be moved."""
    return sqs_backends[ACCOUNT][REGION].queues[name]


def _clients(parts: wiring.Parts) -> Clients:
    """The clients that all the ports on AWS share. They keep them to themselves, and no product code asks."""
    tasks: Any = parts.tasks
    clients: Clients = tasks._table._clients
    return clients
