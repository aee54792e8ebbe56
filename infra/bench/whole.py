"""Whole tasks of all four APIs, from the request to the end, walked and billed with everything around them.

Each walk is made twice and the second one is billed: what is made once for a team or an instance is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from chalicelib import wiring
from chalicelib.domain.literals import ASYNCFLOW_KEY
from chalicelib.domain.retry import delay_ms
from chalicelib.domain.task import Backoff
from chalicelib.domain.timing import iso_milliseconds
from infra.bench.bill import Bill
from infra.bench.deployment import Deployment
from infra.bench.flow import MESSAGE
from infra.bench.paths import BATCH, DAY_MS, ORDER, TEN_MINUTES_MS

_GROUP = {"X-API-KEY": ASYNCFLOW_KEY, "X-STUDENT-GROUP": "team-07"}
_ITEM = {"name": "Write the report", "description": "Twelve pages, by Friday", "priority": "high"}
#: By then the background service has looked, and the longest drawn time is over.
_PICKED_UP_MS, _PROCESSED_MS = 5_000, 30_000


class Whole(StrEnum):
    """What is billed, as the document names it."""

    AT_ONCE = "AsyncQueue, at once"
    IN_TENS = "AsyncQueue, at once, in batches of ten"
    READ = "AsyncQueue, at once, and read once"
    DELAYED = "AsyncQueue, due in 10 minutes"
    SCHEDULED = "AsyncQueue, due in a day"
    RETRIED = "AsyncQueue, with one retry"
    ANNOUNCED = "AsyncQueue, with a completion webhook"
    MESSAGE = "AsyncFlow, a message that is polled once"
    ITEM = "AstraFlow, a task whose webhook is told"
    SYNC = "Asimov, in the call itself"
    ASYNC = "Asimov, in the background, and read once"


def measure_whole() -> dict[Whole, Bill]:
    """Walk all of them, in a deployment of its own with the limits in force."""
    with Deployment() as here, here.limited():
        return _Walk(here).all()


class _Walk:
    def __init__(self, here: Deployment) -> None:
        self._here = here
        _, self._key = here.team()
        _, client, _ = wiring.platform().tenants.create("a tenant", "ann@acme.com")
        self._client = (client.client.id, client.secret)
        hook = {"url": "https://acme.example/hooks", "event": "task.created"}
        self._ask("POST", "/api/v1/webhooks", hook, key=self._granted())
        self._token = ""

    def all(self) -> dict[Whole, Bill]:
        walks: Mapping[Whole, Callable[[], None]] = {
            Whole.AT_ONCE: self._at_once,
            Whole.IN_TENS: self._in_tens,
            Whole.READ: self._read,
            Whole.DELAYED: lambda: self._later(TEN_MINUTES_MS),
            Whole.SCHEDULED: self._scheduled,
            Whole.RETRIED: self._retried,
            Whole.ANNOUNCED: self._announced,
            Whole.MESSAGE: self._message,
            Whole.ITEM: self._item,
            Whole.SYNC: lambda: self._operation(background=False),
            Whole.ASYNC: lambda: self._operation(background=True),
        }
        bills = {}
        for whole, walk in walks.items():
            self._token = self._granted()
            walk()
            # That the key is used is noted once an hour.
            self._ask("GET", "/v1/tasks")
            # A minute later: the limits' windows are empty again, as in the quiet of an everyday task.
            self._here.clock.sleep(61_000)
            self._here.meter.take()
            walk()
            bills[whole] = self._here.meter.take()
            self._here.clock.sleep(61_000)
        bills[Whole.IN_TENS] = bills[Whole.IN_TENS].shared_by(BATCH)
        return bills

    def _at_once(self) -> None:
        self._create()
        self._here.deliver("attempt")

    def _in_tens(self) -> None:
        for _ in range(BATCH):
            self._create()
        self._here.deliver("attempt", BATCH)

    def _read(self) -> None:
        task = self._create()
        self._here.deliver("attempt")
        self._ask("GET", f"/v1/tasks/{task}")

    def _later(self, ms: int) -> None:
        self._create(delayUntil=self._in(ms))
        self._here.clock.sleep(ms)
        self._here.deliver("attempt")

    def _scheduled(self) -> None:
        """The schedule fires a minute early, so the message is held once."""
        self._create(delayUntil=self._in(DAY_MS))
        self._here.clock.sleep(DAY_MS - 30_000)
        self._here.fire()
        self._here.deliver("attempt")
        self._here.clock.sleep(30_000)
        self._here.deliver("attempt")

    def _retried(self) -> None:
        self._create()
        self._here.servers.status = 500
        self._here.deliver("attempt")
        self._here.servers.status = 200
        self._here.clock.sleep(delay_ms(Backoff.EXPONENTIAL, 1))
        self._here.deliver("attempt")

    def _announced(self) -> None:
        self._create(onCompleteUrl="https://api.customer.com/hooks/done")
        self._here.deliver("attempt")
        self._here.deliver("webhook")

    def _message(self) -> None:
        sent = self._here.request("POST", "/asyncflow", None, MESSAGE, _GROUP)
        self._here.clock.sleep(_PICKED_UP_MS)
        self._here.deliver("attempt")
        self._here.clock.sleep(_PROCESSED_MS)
        self._here.deliver("attempt")
        self._here.request("GET", f"/asyncflow/{sent.json['trackingId']}", None, headers=_GROUP)

    def _item(self) -> None:
        self._ask("POST", "/api/v1/tasks", _ITEM, key=self._token)
        self._here.deliver("attempt")

    def _operation(self, *, background: bool) -> None:
        mode = {"X-Request-Mode": "async"} if background else {}
        answer = self._ask("POST", "/api/hello", {"message": "Hello, Asimov"}, headers=mode)
        if background:
            self._here.deliver("attempt")
            self._ask("GET", f"/api/tasks/{answer['id']}")

    def _create(self, **wanted: Any) -> str:
        return str(self._ask("POST", "/v1/tasks", {**ORDER, **wanted})["task"]["id"])

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        reply = self._here.request(method, path, key or self._key, body, headers)
        if reply.status >= 300:
            raise RuntimeError(f"{method} {path}: {reply.status} {reply.json}")
        return reply.json

    def _granted(self) -> str:
        """A token, which serves an hour: what it costs is not an everyday task's."""
        client, secret = self._client
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        return str(self._here.request("POST", "/oauth/token", None, form).json["access_token"])

    def _in(self, ms: int) -> str:
        return iso_milliseconds(self._here.clock.now() + ms)
