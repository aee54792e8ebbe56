"""The paths of a task, each walked and billed."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chalicelib.aws import keys
from chalicelib.domain.ratelimit import pack
from chalicelib.domain.retry import MOST_RETRIES, delay_ms
from chalicelib.domain.task import Backoff
from chalicelib.domain.timing import iso_milliseconds
from infra.bench.bill import Bill
from infra.bench.capacity import size
from infra.bench.crowd import answers_of_index_entries, multiply
from infra.bench.deployment import NAMES, Deployment, Reply
from infra.bench.tables import stored

#: An everyday order: its row stays within 1 KB.
ORDER: Mapping[str, Any] = {
    "callbackUrl": "https://api.customer.com/hooks/orders",
    "headers": {"X-Source": "shop"},
    "body": '{"orderId":"ord_20240115_000123","status":"paid","total":4999}',
}
TWO_KB, TEN_KB = "x" * 2_048, "x" * 10_240
TEN_MINUTES_MS, HOUR_MS, DAY_MS = 600_000, 3_600_000, 86_400_000
#: Messages in a full batch.
BATCH = 10
#: Numbers of tasks of the teams whose tasks are listed.
FEW, MANY = 100, 10_000
#: Requests that the limiter's window holds when two more come: the second of them fills the pro plan's minute.
_BUSY = 598


class Path(StrEnum):
    """What is billed, as the document names it. What a request bills besides `REQUEST` is its own."""

    REQUEST = "any request: its key is looked up"
    USE = "a key's first request in an hour: its use is noted"
    LIMITER = "any request: the plan's limit is counted"
    LIMITER_ELSEWHERE = "the same, after another instance has counted"
    DATA_KEY = "a team's first create in 30 days: a data key is made"
    DATA_KEY_ELSEWHERE = "another instance's first use of it"
    CREATE = "create"
    CREATE_LARGE = "create, payload of 10 KB"
    CREATE_DELAYED = "create, due in 10 minutes"
    CREATE_SCHEDULED = "create, due in a day"
    CREATE_KEYED = "create with an Idempotency-Key"
    REPLAY = "the same create again"
    REPLAY_STRAY = "the replay's message, dropped by the worker"
    ATTEMPT = "attempt, alone in its batch"
    ATTEMPT_IN_TEN = "attempt, in a batch of ten"
    ATTEMPT_LARGE = "attempt, payload of 10 KB"
    ATTEMPT_ANSWER = "attempt, answer of 2 KB"
    ATTEMPT_LARGE_ANSWER = "attempt, answer of 10 KB"
    ATTEMPT_DELAYED = "attempt, after a delay of 10 minutes"
    ATTEMPT_SCHEDULED = "attempt, by a schedule, held to the second"
    RETRY = "attempt that fails, a retry left"
    ATTEMPT_AFTER_RETRY = "attempt that succeeds after it"
    ELEVEN_ATTEMPTS = "eleven attempts, all failing, together"
    ATTEMPT_ANNOUNCED = "attempt, completion webhook wanted"
    WEBHOOK = "completion webhook"
    CANCEL = "cancel"
    CANCEL_STRAY = "the cancelled task's message, dropped by the worker"
    CANCEL_SCHEDULED = "cancel, due in a day"
    GET = "get"


class Row(StrEnum):
    """The task rows that are weighed, as the document names them."""

    CREATED = "created"
    COMPLETED = "completed in one attempt"
    ELEVEN_ATTEMPTS = "failed after eleven attempts"


class Listing(StrEnum):
    """The pages of 50 that are billed, as the document names them."""

    ALL = "every status"
    ALL_NEXT = "every status, second page by cursor"
    COMPLETED = "status=completed"
    COMPLETED_NEXT = "status=completed, second page by cursor"
    FAILED = "status=failed"
    DELAYED = "status=delayed"


_FIRST_PAGES = {
    Listing.ALL: "/v1/tasks",
    Listing.COMPLETED: "/v1/tasks?status=completed",
    Listing.FAILED: "/v1/tasks?status=failed",
    Listing.DELAYED: "/v1/tasks?status=delayed",
}
_SECOND_PAGES = {Listing.ALL: Listing.ALL_NEXT, Listing.COMPLETED: Listing.COMPLETED_NEXT}
#: What is asked of very many tasks: each query of so many takes moto a second.
_AMONG_MANY = frozenset({Listing.ALL, Listing.COMPLETED})
#: Of ten tasks of a listed team so many have ended well; one has failed and one waits for its time.
_COMPLETED_OF_TEN = 8


@dataclass(frozen=True, slots=True)
class Measurement:
    """The bills of the paths, those of the listings by the team's number of tasks, and what rows weigh in bytes."""

    paths: dict[Path, Bill] = field(default_factory=dict)
    listings: dict[tuple[Listing, int], Bill] = field(default_factory=dict)
    rows: dict[Row, int] = field(default_factory=dict)
    #: Items that a task of eleven attempts consists of.
    items_of_eleven: int = 0


def measure() -> Measurement:
    """Walk all paths, in a deployment of its own."""
    with Deployment() as here:
        return _Walk(here).all()


class _Walk:
    """One team's way along all paths."""

    def __init__(self, here: Deployment) -> None:
        self._here = here
        self._paths: dict[Path, Bill] = {}
        self._rows: dict[Row, int] = {}
        _, self._key = here.team()
        self._use_key()
        # No task has this id: nothing but what every request costs is left.
        self._request("GET", "/v1/tasks/none", 404)
        self._paths[Path.REQUEST] = here.meter.take()
        here.clock.sleep(HOUR_MS)
        self._request("GET", "/v1/tasks/none", 404)
        self._bill_request(Path.USE)

    def all(self) -> Measurement:
        self._data_key()
        self._everyday()
        self._full_batch()
        self._large()
        self._later()
        self._keyed()
        self._retried()
        items = self._eleven_attempts()
        self._announced()
        self._cancelled()
        self._limited()
        # Both are told without what they are for.
        self._paths[Path.DATA_KEY] -= self._paths[Path.CREATE]
        self._paths[Path.DATA_KEY_ELSEWHERE] -= self._paths[Path.GET]
        return Measurement(self._paths, self._listings(), self._rows, items)

    def _use_key(self) -> None:
        """Let the use of this hour be noted by a request that is not billed."""
        self._request("GET", "/v1/tasks/none", 404)
        self._here.meter.take()

    def _data_key(self) -> None:
        task_id = self._create(Path.DATA_KEY)
        self._here.deliver("attempt")
        self._here.meter.take()
        with self._here.elsewhere():
            self._request("GET", f"/v1/tasks/{task_id}", 200)
            self._bill_request(Path.DATA_KEY_ELSEWHERE)

    def _everyday(self) -> None:
        task_id = self._create(Path.CREATE)
        self._weigh(Row.CREATED, task_id)
        self._deliver(Path.ATTEMPT)
        self._weigh(Row.COMPLETED, task_id)
        self._request("GET", f"/v1/tasks/{task_id}", 200)
        self._bill_request(Path.GET)

    def _full_batch(self) -> None:
        for _ in range(BATCH):
            self._create()
        self._here.deliver("attempt", BATCH)
        self._paths[Path.ATTEMPT_IN_TEN] = self._here.meter.take().shared_by(BATCH)

    def _large(self) -> None:
        self._create(Path.CREATE_LARGE, body=TEN_KB)
        self._deliver(Path.ATTEMPT_LARGE)
        small = self._here.servers.body
        for path, body in ((Path.ATTEMPT_ANSWER, TWO_KB), (Path.ATTEMPT_LARGE_ANSWER, TEN_KB)):
            self._here.servers.body = body
            self._create()
            self._deliver(path)
        self._here.servers.body = small

    def _later(self) -> None:
        self._create(Path.CREATE_DELAYED, delayUntil=self._in(TEN_MINUTES_MS))
        self._here.clock.sleep(TEN_MINUTES_MS)
        self._deliver(Path.ATTEMPT_DELAYED)
        self._create(Path.CREATE_SCHEDULED, delayUntil=self._in(DAY_MS))
        # Somewhere in its minute, which is the one before the task is due.
        self._here.clock.sleep(DAY_MS - 30_000)
        self._here.fire()
        self._here.deliver("attempt")
        self._here.clock.sleep(30_000)
        self._deliver(Path.ATTEMPT_SCHEDULED)
        self._use_key()

    def _keyed(self) -> None:
        headers = {"Idempotency-Key": "order-20240115-000123"}
        self._create(Path.CREATE_KEYED, headers=headers)
        self._create(Path.REPLAY, headers=headers)
        self._here.deliver("attempt")
        self._here.meter.take()
        self._deliver(Path.REPLAY_STRAY)

    def _retried(self) -> None:
        self._here.servers.status = 503
        self._create()
        self._deliver(Path.RETRY)
        self._here.servers.status = 200
        self._here.clock.sleep(delay_ms(Backoff.EXPONENTIAL, 1))
        self._deliver(Path.ATTEMPT_AFTER_RETRY)

    def _eleven_attempts(self) -> int:
        """How many items the task consists of in the end."""
        self._here.servers.status = 503
        task_id = self._create(maxRetries=MOST_RETRIES)
        for retry in range(1, MOST_RETRIES + 1):
            self._here.deliver("attempt")
            self._here.clock.sleep(delay_ms(Backoff.EXPONENTIAL, retry))
        self._deliver(Path.ELEVEN_ATTEMPTS)
        self._here.servers.status = 200
        self._weigh(Row.ELEVEN_ATTEMPTS, task_id)
        return sum(item.attrs["pk"].value == task_id for item in stored(NAMES.tasks_table))

    def _announced(self) -> None:
        self._create(onCompleteUrl="https://api.customer.com/hooks/done")
        self._deliver(Path.ATTEMPT_ANNOUNCED)
        self._deliver(Path.WEBHOOK, "webhook")

    def _cancelled(self) -> None:
        self._cancel(Path.CANCEL)
        self._deliver(Path.CANCEL_STRAY)
        self._cancel(Path.CANCEL_SCHEDULED, delayUntil=self._in(DAY_MS))

    def _cancel(self, path: Path, **wanted: Any) -> None:
        task_id = self._create(**wanted)
        self._request("POST", f"/v1/tasks/{task_id}/cancel", 200)
        self._bill_request(path)

    def _limited(self) -> None:
        team, self._key = self._here.team()
        self._use_key()
        now = self._here.clock.now()
        log = pack(tuple(now - 60 * number for number in reversed(range(_BUSY))))
        with self._here.limited() as platform:
            # Counted by other instances of the function: this one knows nothing of it yet.
            platform.parts.blobs.swap(f"asyncqueue#{team}", log, over=0, expires_s=now // 1000 + 60)
            for path in (Path.LIMITER_ELSEWHERE, Path.LIMITER):
                self._here.meter.take()
                self._request("GET", "/v1/tasks/none", 404)
                self._bill_request(path)

    def _listings(self) -> dict[tuple[Listing, int], Bill]:
        bills = {}
        for count, wanted in ((FEW, frozenset(Listing)), (MANY, _AMONG_MANY)):
            _, self._key = self._here.team()
            self._crowd(count)
            with answers_of_index_entries(self._here):
                for listing, bill in self._pages(wanted):
                    bills[listing, count] = bill
        return bills

    def _crowd(self, count: int) -> None:
        """Let the team have so many tasks, all but ten of them copies."""
        self._here.servers.status = 200
        patterns = [self._settled() for _ in range(_COMPLETED_OF_TEN)]
        self._here.servers.status = 503
        patterns.append(self._settled())
        patterns.append(self._create(delayUntil=self._in(TEN_MINUTES_MS)))
        # Nobody waits for the last one's message, and the next crowd must not receive it.
        self._here.forget_messages()
        multiply(patterns, count - len(patterns))

    def _settled(self) -> str:
        task_id = self._create(maxRetries=0)
        self._here.deliver("attempt")
        return task_id

    def _pages(self, wanted: Container[Listing]) -> Iterator[tuple[Listing, Bill]]:
        for listing, target in _FIRST_PAGES.items():
            if listing not in wanted:
                continue
            page, bill = self._page(target)
            yield listing, bill
            second = _SECOND_PAGES.get(listing)
            if second is not None and second in wanted:
                following = page.headers["Link"].partition("<")[2].partition(">")[0]
                yield second, self._page(following)[1]

    def _page(self, target: str) -> tuple[Reply, Bill]:
        self._here.meter.take()
        page = self._request("GET", target, 200)
        return page, self._here.meter.take() - self._paths[Path.REQUEST]

    def _create(self, path: Path | None = None, headers: Mapping[str, str] | None = None, **wanted: Any) -> str:
        """Create an everyday task with some fields changed, billed if it has a path; its id."""
        reply = self._request("POST", "/v1/tasks", 201, {**ORDER, **wanted}, headers)
        bill = self._here.meter.take() - self._paths[Path.REQUEST]
        if path is not None:
            self._paths[path] = bill
        task_id: str = reply.json["task"]["id"]
        return task_id

    def _deliver(self, path: Path, function: str = "attempt") -> None:
        """Deliver the one message there is, or the next one, and bill all that was used since the last bill."""
        self._here.deliver(function)
        self._paths[path] = self._here.meter.take()

    def _request(
        self, method: str, target: str, status: int, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        reply = self._here.request(method, target, self._key, body, headers)
        if reply.status != status:
            raise RuntimeError(f"{method} {target} was answered with {reply.status}: {reply.json}")
        return reply

    def _bill_request(self, path: Path) -> None:
        """Bill what one request used besides what every request does."""
        self._paths[path] = self._here.meter.take() - self._paths[Path.REQUEST]

    def _weigh(self, name: Row, task_id: str) -> None:
        row = self._here.tables.item(NAMES.tasks_table, keys.task(task_id))
        if row is None:
            raise RuntimeError(f"there is no row to weigh: {name}")
        self._rows[name] = size(row)

    def _in(self, ms: int) -> str:
        return iso_milliseconds(self._here.clock.now() + ms)
