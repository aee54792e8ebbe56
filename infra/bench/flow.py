"""AsyncFlow's paths, each walked and billed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.literals import ASYNCFLOW_KEY
from infra.bench.bill import Bill
from infra.bench.capacity import size
from infra.bench.crowd import multiply
from infra.bench.deployment import FLOW_LIMIT, NAMES, Deployment, Reply
from infra.bench.ledgers import busy_hour

#: An everyday message, sent to where its end is certain.
MESSAGE: Mapping[str, Any] = {
    "destination": "always-complete",
    "content": '{"orderId":"ord_20240115_000123","status":"paid","total":4999}',
    "priority": "normal",
}
#: Messages in a full batch.
BATCH = 10
#: Messages in the lists that are billed: a few, and the longest list there is.
FEW, MANY = 10, 1_000
#: An instance goes by the stage's profile so long before it looks again.
FRESH_MS = 10_000
#: Groups that share an instance in a busy minute, and how far apart their requests are.
CLASS, APART_MS = 3, 2_000
_MINUTE_MS = 60_000
#: By then the background service has looked, and the longest drawn time is over.
_PICKED_UP_MS, _PROCESSED_MS = 5_000, 30_000
#: Counted like any other request, and nothing else: no message has this id.
_NOTHING = "/asyncflow/none"


class FlowPath(StrEnum):
    """What is billed, as the document names it. What a request bills besides `REQUEST` is its own."""

    REQUEST = "any request: the group's ledger is replaced"
    PROFILE = "the same, ten seconds after the stage's profile was read"
    ELSEWHERE = "the same, after another instance has counted"
    FRESH = "the same, first of a fresh instance"
    BUSY = "the same, after a busy hour"
    BUSY_LOST = "the same, after a busy hour of lost responses"
    REFUSED = "any request over the limit"
    SUBMIT = "submit"
    SUBMIT_KEYED = "submit with an Idempotency-Key"
    REPLAY = "the same submit again"
    REPLAY_SENT_ON = "the replay's message, sent on after the pick-up"
    REPLAY_DROPPED = "the replay's message, dropped after the end"
    PICK_UP = "pick-up, alone in its batch"
    PICK_UP_IN_TEN = "pick-up, in a batch of ten"
    END = "end, alone in its batch"
    END_IN_TEN = "end, in a batch of ten"
    FAILURE = "end of a message that fails"
    POLL = "poll"
    WAIT = "poll that waits 20 s in vain"
    LIST_FEW = f"list of {FEW} messages"
    LIST_MANY = f"list of {MANY:,} messages"
    REPORT = f"report of a group with {MANY:,} messages"


class FlowRow(StrEnum):
    """The items that are weighed, as the document names them."""

    QUEUED = "message, queued"
    PROCESSING = "message, processing"
    COMPLETED = "message, completed"
    FAILED = "message, failed"
    LEDGER = "ledger, new"
    LEDGER_BUSY = "ledger, after a busy hour"
    LEDGER_LOST = "ledger, after a busy hour of lost responses"


@dataclass(frozen=True, slots=True)
class FlowMeasurement:
    """The bills of the paths, and what items weigh in bytes. `minute` is the bill of all requests of a busy minute."""

    paths: dict[FlowPath, Bill] = field(default_factory=dict)
    rows: dict[FlowRow, int] = field(default_factory=dict)
    minute: Bill = field(default_factory=Bill)


def measure_flow() -> FlowMeasurement:
    """Walk all paths, in a deployment of its own."""
    with Deployment() as here, here.limited():
        return _Walk(here).all()


class _Walk:
    """Some groups' way along all paths. Time stands still but where it is moved: the limit counts by it."""

    def __init__(self, here: Deployment) -> None:
        self._here = here
        self._paths: dict[FlowPath, Bill] = {}
        self._rows: dict[FlowRow, int] = {}
        self._group = "team-07"

    def all(self) -> FlowMeasurement:
        self._counted()
        # The data key of AsyncFlow is made once in 30 days, whatever group sends.
        self._next_minute()
        self._submit()
        self._pick_up()
        self._end()
        messages = [self._everyday(), self._failed()]
        self._listed(messages)
        self._keyed()
        self._full_batch()
        self._busy_hour("realistic", FlowPath.BUSY, FlowRow.LEDGER_BUSY)
        self._busy_hour("lost-responses", FlowPath.BUSY_LOST, FlowRow.LEDGER_LOST)
        return FlowMeasurement(self._paths, self._rows, self._busy_minute())

    def _counted(self) -> None:
        """What every request uses."""
        self._request("GET", _NOTHING, 404)
        self._weigh(FlowRow.LEDGER, NAMES.identity_table, keys.blob(f"asyncflow#{self._group}"))
        self._here.clock.sleep(FRESH_MS - 1)
        self._here.meter.take()
        self._request("GET", _NOTHING, 404)
        self._paths[FlowPath.REQUEST] = self._here.meter.take()
        self._here.clock.sleep(1)
        self._request("GET", _NOTHING, 404)
        self._paths[FlowPath.PROFILE] = self._here.meter.take()
        with self._here.limited():
            self._request("GET", _NOTHING, 404)
            self._paths[FlowPath.FRESH] = self._here.meter.take()
        self._request("GET", _NOTHING, 404)
        self._paths[FlowPath.ELSEWHERE] = self._here.meter.take()
        self._next_minute()
        for _ in range(FLOW_LIMIT - 1):
            self._request("GET", _NOTHING, 404)
        self._here.meter.take()
        self._request("GET", _NOTHING, 429)
        self._paths[FlowPath.REFUSED] = self._here.meter.take()

    def _everyday(self) -> str:
        self._next_minute()
        tracking_id = self._submit(FlowPath.SUBMIT)
        self._weigh_message(FlowRow.QUEUED, tracking_id)
        self._pick_up(FlowPath.PICK_UP)
        self._weigh_message(FlowRow.PROCESSING, tracking_id)
        self._next_minute()
        self._ask(FlowPath.POLL, f"/asyncflow/{tracking_id}")
        self._ask(FlowPath.WAIT, f"/asyncflow/{tracking_id}?wait=20")
        self._end(FlowPath.END)
        self._weigh_message(FlowRow.COMPLETED, tracking_id)
        return tracking_id

    def _failed(self) -> str:
        self._next_minute()
        tracking_id = self._submit(destination="always-fail")
        self._pick_up()
        self._end(FlowPath.FAILURE)
        self._weigh_message(FlowRow.FAILED, tracking_id)
        return tracking_id

    def _listed(self, messages: list[str]) -> None:
        multiply(messages, FEW - len(messages))
        self._next_minute()
        self._ask(FlowPath.LIST_FEW, "/asyncflow")
        multiply(messages, MANY - FEW)
        self._ask(FlowPath.LIST_MANY, "/asyncflow")
        self._ask(FlowPath.REPORT, "/asyncflow/report")

    def _keyed(self) -> None:
        headers = {"Idempotency-Key": "order-20240115-000123"}
        self._next_minute()
        self._submit(FlowPath.SUBMIT_KEYED, headers)
        self._submit(FlowPath.REPLAY, headers)
        self._pick_up()
        self._deliver(FlowPath.REPLAY_SENT_ON)
        self._end()
        self._deliver(FlowPath.REPLAY_DROPPED)

    def _full_batch(self) -> None:
        for self._group in ("team-08", "team-09"):
            self._request("GET", _NOTHING, 404)
            for _ in range(BATCH // 2):
                self._submit()
        self._pick_up(FlowPath.PICK_UP_IN_TEN, BATCH)
        self._end(FlowPath.END_IN_TEN, BATCH)

    def _busy_hour(self, profile: str, path: FlowPath, row: FlowRow) -> None:
        self._group = f"busy-{len(profile)}"
        here = wiring.platform()
        name, ledger = busy_hour(here, self._group, profile)
        expires_s = self._here.clock.now() // 1000 + here.settings.retention_s
        here.parts.blobs.swap(name, ledger, over=0, expires_s=expires_s)
        self._weigh(row, NAMES.identity_table, keys.blob(name))
        # The window is full, and this instance knows nothing of it yet.
        self._here.clock.sleep(_MINUTE_MS // 2)
        self._request("GET", _NOTHING, 404)
        self._here.meter.take()
        self._request("GET", _NOTHING, 404)
        self._paths[path] = self._here.meter.take()

    def _busy_minute(self) -> Bill:
        """As many requests as the groups of a class may make, evenly spread: one of them reads the profile, now and
        then."""
        self._here.clock.sleep(_MINUTE_MS)
        self._here.meter.take()
        for number in range(CLASS * FLOW_LIMIT):
            self._group = f"class-{number % CLASS}"
            self._request("GET", _NOTHING, 404)
            self._here.clock.sleep(APART_MS)
        return self._here.meter.take()

    def _next_minute(self) -> None:
        """Let the group's window be empty but for one request, the profile fresh and the last bill paid."""
        self._here.clock.sleep(_MINUTE_MS)
        self._request("GET", _NOTHING, 404)
        self._here.meter.take()

    def _submit(self, path: FlowPath | None = None, headers: Mapping[str, str] | None = None, **changed: Any) -> str:
        """Submit an everyday message with some members changed, billed if it has a path; its tracking id."""
        self._here.meter.take()
        reply = self._request("POST", "/asyncflow", 202, {**MESSAGE, **changed}, headers)
        if path is not None:
            self._paths[path] = self._here.meter.take() - self._paths[FlowPath.REQUEST]
        tracking_id: str = reply.json["trackingId"]
        return tracking_id

    def _pick_up(self, path: FlowPath | None = None, count: int = 1) -> None:
        self._here.clock.sleep(_PICKED_UP_MS)
        self._deliver(path, count)

    def _end(self, path: FlowPath | None = None, count: int = 1) -> None:
        self._here.clock.sleep(_PROCESSED_MS)
        self._deliver(path, count)

    def _deliver(self, path: FlowPath | None, count: int = 1) -> None:
        """Deliver the next so many messages as one batch, billed to each alike if they have a path."""
        self._here.meter.take()
        self._here.deliver("attempt", count)
        if path is not None:
            self._paths[path] = self._here.meter.take().shared_by(count)

    def _ask(self, path: FlowPath, target: str) -> None:
        self._here.meter.take()
        self._request("GET", target, 200)
        self._paths[path] = self._here.meter.take() - self._paths[FlowPath.REQUEST]

    def _request(
        self, method: str, target: str, status: int, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        named = {"X-API-KEY": ASYNCFLOW_KEY, "X-STUDENT-GROUP": self._group, **(headers or {})}
        reply = self._here.request(method, target, None, body, named)
        if reply.status != status:
            raise RuntimeError(f"{method} {target} was answered with {reply.status}: {reply.json}")
        return reply

    def _weigh_message(self, row: FlowRow, tracking_id: str) -> None:
        self._weigh(row, NAMES.tasks_table, keys.task(tracking_id))

    def _weigh(self, row: FlowRow, table: str, key: Any) -> None:
        item = self._here.tables.item(table, key)
        if item is None:
            raise RuntimeError(f"there is nothing to weigh: {row}")
        self._rows[row] = size(item)
