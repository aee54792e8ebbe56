"""Canary secrets through the whole local stack: none of them is found where a secret must not be."""

from __future__ import annotations

import io
import json
import logging
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from canaries import Canaries
from entrusting import Entrusting, Site
from sinks import Sinks

from chalicelib import wiring
from chalicelib.aws.astraflow import AwsItems, AwsWebhooks
from chalicelib.aws.clients import Clients
from chalicelib.aws.tasks import AwsTasks
from chalicelib.domain.sealing import Place
from chalicelib.telemetry import LOGGER
from infra.host.lines import ConsoleHandler
from infra.local.aws import REGION
from infra.local.stack import LocalStack
from infra.moto_lock import Call, Refusal

#: Until when all that was started has come to its end, seconds.
PATIENCE_S = 60


class Glass:
    """A vault that hides nothing: with it, the same search has to find the canaries."""

    def seal(self, place: Place, value: bytes) -> bytes:
        return value

    def open(self, place: Place, stored: bytes) -> bytes:
        return stored


@dataclass(frozen=True)
class Replied:
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Run:
    """A stack while canaries fly through it, and everything that is to be searched afterwards."""

    def __init__(self, stack: LocalStack, sinks: Sinks) -> None:
        self.stack = stack
        self.sinks = sinks
        self.canaries = Canaries()
        self.sent: list[str] = []
        self.log, self._handlers = io.StringIO(), []
        in_lambda = logging.StreamHandler(self.log)
        in_lambda.setFormatter(LambdaPowertoolsFormatter(log_record_order=["timestamp", "message", "fields"]))
        self._handlers = [in_lambda, ConsoleHandler(self.log)]

    def __enter__(self) -> Run:
        self.stack.aws.lock.guards.append(self._overhear)
        for handler in self._handlers:
            LOGGER.addHandler(handler)
        LOGGER.setLevel(logging.INFO)
        return self

    def __exit__(self, *_: object) -> None:
        for handler in self._handlers:
            LOGGER.removeHandler(handler)
        self.stack.aws.lock.guards.remove(self._overhear)

    def entrust(self) -> Entrusting:
        document = self.stack.document
        admin = document["astraflow"]["admin"]
        soon = datetime.now(UTC) + timedelta(seconds=4)
        site = Site(
            ask=self._ask,
            hook=self.sinks.open,
            operator_key=document["operator"]["key"],
            team_key=document["asyncqueue"]["teams"][0]["api_key"],
            flow_key=document["asyncflow"]["api_key"],
            group=f"group-{secrets.token_hex(4)}",
            client_id=document["astraflow"]["client_id"],
            client_secret=document["astraflow"]["client_secret"],
            admin=admin["email"],
            admin_password=admin["password"],
            tomorrow=(soon + timedelta(days=1)).isoformat(),
            soon=soon.isoformat(),
        )
        entrusting = Entrusting(site, self.canaries)
        entrusting.all()
        self._bury()
        self._rest()
        letters = self._ask("GET", "/operator/dead-letters", {"Authorization": f"Bearer {site.operator_key}"})
        assert letters.status == 200
        entrusting.read_back.append(letters.text)
        return entrusting

    def tables(self) -> list[str]:
        """All that every table holds, as it lies there."""
        names = self.stack.names
        dynamodb = self.stack.aws.client("dynamodb")
        return [
            repr(dynamodb.scan(TableName=table)["Items"])
            for table in (names.tasks_table, names.identity_table, names.items_table)
        ]

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], *, json: Any = None, raw: str | None = None
    ) -> Replied:
        reply = requests.request(
            method, self.stack.base_url + path, headers=dict(headers), json=json, data=raw, timeout=30
        )
        return Replied(reply.status_code, reply.text)

    def _overhear(self, call: Call) -> Refusal | None:
        """Keep all that is sent to AWS: rows, messages, inputs of schedules."""
        if call.service != "kms":
            self.sent.append(call.body)
        return None

    def _bury(self) -> None:
        """Lay messages among the dead letters: copies of real ones, and one that nobody can read."""
        sqs, names = self.stack.aws.client("sqs"), self.stack.names
        url = sqs.get_queue_url(QueueName=names.dead_letters_queue)["QueueUrl"]
        bodies = [json.loads(body)["MessageBody"] for body in self.sent if '"MessageBody"' in body]
        for body in [*bodies[:5], "{unreadable"]:
            sqs.send_message(QueueUrl=url, MessageBody=body)

    def _rest(self) -> None:
        reader = wiring.platform().parts.reader
        dynamodb = self.stack.aws.client("dynamodb")
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            rows = dynamodb.scan(
                TableName=self.stack.names.tasks_table,
                FilterExpression="sk = :task",
                ExpressionAttributeValues={":task": {"S": "task"}},
            )["Items"]
            tasks = [reader.get(row["pk"]["S"], now=time.time_ns() // 1_000_000, result=False) for row in rows]
            if all(task is None or (task.finished and not task.webhook) for task in tasks):
                return
            time.sleep(0.5)
        raise AssertionError("the stack does not come to rest")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder: Path = tmp_path_factory.mktemp("stack")
    with LocalStack(folder=folder) as stack, Sinks() as sinks, Run(stack, sinks) as run:
        yield run


def test_no_canary_is_found_where_a_secret_must_not_be(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    told = run.entrust()
    printed = capfd.readouterr()

    assert len(run.canaries) > 100
    assert "attempt" in run.log.getvalue()
    assert any('"MessageBody"' in body for body in run.sent)
    assert any('"ScheduleExpression"' in body for body in run.sent)
    assert run.canaries.found_in(run.tables()) == set()
    assert run.canaries.found_in(run.sent) == set()
    assert run.canaries.found_in([run.log.getvalue(), printed.out, printed.err]) == set()
    assert run.canaries.found_in(told.refusals) == set()
    assert told.in_headers.found_in(told.read_back) == set()
    assert all('"X-Order":"********"' in shown.replace(": ", ":") for shown in told.read_back[:-1])


def test_the_search_finds_them_where_nothing_is_sealed(run: Run) -> None:
    names, clients, glass = run.stack.names, Clients(REGION), Glass()
    here = wiring.platform()
    tasks = AwsTasks(clients, names.tasks_table, glass)
    open_parts = replace(
        here.parts,
        tasks=tasks,
        reader=tasks,
        items=AwsItems(clients, names.items_table, glass),
        webhooks=AwsWebhooks(clients, names.items_table, glass),
    )
    before = wiring.use(wiring.assemble(open_parts, here.settings))
    run.canaries = Canaries()
    try:
        run.entrust()
    finally:
        wiring.use(before)

    found = run.canaries.found_in(run.tables())

    for place in ("callback header", "callback query", "callback body", "large body", "onCompleteUrl query", "answer"):
        assert any(name.startswith(place) for name in found), place
    for place in ("message", "webhook query", "item name", "item description", "greeting"):
        assert any(name.startswith(place) for name in found), place
    assert run.canaries.found_in(run.sent) >= found
