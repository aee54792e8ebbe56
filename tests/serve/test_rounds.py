"""Between requests a machine hands out messages and fires schedules; no failure of the database ends that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import pytest
from world import Recording

from chalicelib.domain.errors import UnavailableError
from chalicelib.embedded.database import Database
from chalicelib.embedded.queue import EmbeddedQueue, Received
from chalicelib.embedded.whole import Embedded
from chalicelib.machine import SystemClock
from chalicelib.names import Names
from chalicelib.vault.keeper import Keeper
from chalicelib.vault.keyfile import DerivedKeys
from infra.host.mappings import EventSource
from infra.host.pollers import Poller
from infra.serve.mailbox import EmbeddedMailbox
from infra.serve.rounds import Round, expiry, firing

NAMES = Names("test", "123456789012", "us-east-1")
#: 9999-12-31T23:59:59Z: no wait is so long.
LAST_SECOND = 253_402_300_799


@dataclass
class Handler:
    """A function that does what a test says, and remembers what it was given."""

    behave: Callable[[dict[str, Any]], Any] = lambda event: None
    events: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        self.events.append(event)
        return self.behave(event)

    @property
    def bodies(self) -> list[str]:
        return [record["body"] for event in self.events for record in event["Records"]]


@pytest.fixture
def embedded() -> Iterator[Embedded]:
    with Database() as database:
        vault = Keeper(DerivedKeys(b"s" * 32), SystemClock(), Recording())
        yield Embedded(database, NAMES, vault, SystemClock(), max_receives=3)


@pytest.fixture
def handler() -> Handler:
    return Handler()


def source(handler: Handler) -> EventSource:
    return EventSource("attempt", NAMES.tasks_queue, handler, 10, 5, 60)


@pytest.fixture
def polled(embedded: Embedded, handler: Handler) -> Iterator[Embedded]:
    poller = Poller(source(handler), EmbeddedMailbox(embedded.tasks_queue, NAMES, embedded.database))
    poller.start()
    yield embedded
    poller.stop()


def eventually(condition: Callable[[], bool], seconds: float = 3.0) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def left(embedded: Embedded) -> int:
    depth = embedded.tasks_queue.depth()
    return depth.waiting + depth.in_flight + depth.delayed


def test_a_message_reaches_its_handler_at_once_and_is_gone(polled: Embedded, handler: Handler) -> None:
    time.sleep(0.05)  # the poller is asleep
    began = time.monotonic()
    polled.tasks_queue.send("hello", delay_s=0, group="team-1")

    assert eventually(lambda: handler.bodies == ["hello"])
    assert time.monotonic() - began < 0.5
    assert eventually(lambda: left(polled) == 0)
    (record,) = handler.events[0]["Records"]
    assert record["attributes"]["MessageGroupId"] == "team-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["eventSourceARN"] == NAMES.queue_arn(NAMES.tasks_queue)


def test_only_what_the_handler_names_comes_back(polled: Embedded, handler: Handler) -> None:
    def behave(event: dict[str, Any]) -> Any:
        bad = [record for record in event["Records"] if record["body"] == "bad"]
        for record in bad:
            polled.tasks_queue.hold(record["receiptHandle"], 0)
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in bad]}

    handler.behave = behave
    for body in ("good", "bad"):
        polled.tasks_queue.send(body, delay_s=0, group="team")

    assert eventually(lambda: polled.dead_letters.depth().waiting == 1), (
        "after its receives it goes to the dead letters"
    )
    assert handler.bodies.count("bad") == 3
    assert handler.bodies.count("good") == 1
    assert left(polled) == 0


def test_a_delayed_message_comes_at_its_time(polled: Embedded, handler: Handler) -> None:
    began = time.monotonic()
    polled.tasks_queue.send("later", delay_s=1, group="team")

    assert eventually(lambda: handler.bodies == ["later"])
    assert 0.9 < time.monotonic() - began < 2


class FailingQueue(EmbeddedQueue):
    """A queue whose database fails so often, each time in another place."""

    failures = 4

    def next_visible_at(self) -> int | None:
        self._fail(of=0)
        return super().next_visible_at()

    def receive(self, max_messages: int) -> list[Received]:
        self._fail(of=1)
        return super().receive(max_messages)

    def _fail(self, of: int) -> None:
        if self.failures and self.failures % 2 == of:
            self.failures -= 1
            raise UnavailableError("the disk is full")


def test_a_database_that_fails_for_a_moment_ends_no_poller(embedded: Embedded, handler: Handler) -> None:
    queue = FailingQueue(embedded.database, NAMES.tasks_queue, SystemClock())
    poller = Poller(source(handler), EmbeddedMailbox(queue, NAMES, embedded.database, pause_s=0.01))
    poller.start()
    queue.send("patient", delay_s=0, group="team")

    assert eventually(lambda: handler.bodies == ["patient"])
    assert queue.failures == 0
    poller.stop()


def test_a_schedule_fires_in_its_second_however_late_it_was_made(embedded: Embedded) -> None:
    fires = firing(embedded)
    embedded.schedules.create("far", fire_at_s=LAST_SECOND, body="far")
    fires.start()
    time.sleep(0.05)  # it is asleep
    at = int(time.time()) + 1
    embedded.schedules.create("near", fire_at_s=at, body="near")

    assert eventually(lambda: embedded.tasks_queue.depth().waiting == 1)
    assert at <= time.time() < at + 1
    fires.stop()
    assert [(each.name, each.fire_at_s) for each in embedded.schedules.due(LAST_SECOND * 1000)] == [
        ("far", LAST_SECOND)
    ]


def test_expired_rows_are_removed(embedded: Embedded) -> None:
    embedded.blobs.swap("old", b"x", over=0, expires_s=int(time.time()) - 1)
    embedded.blobs.swap("new", b"x", over=0, expires_s=int(time.time()) + 60)
    removes = expiry(embedded)
    removes.start()

    assert eventually(lambda: embedded.blobs.beginning("") == [("new", b"x")])
    removes.stop()


def test_a_round_goes_on_after_a_failure_and_sleeps_otherwise() -> None:
    turns, done = [], Event()

    def turn() -> None:
        turns.append(time.monotonic())
        if len(turns) < 3:
            raise UnavailableError("the disk is full")
        done.set()

    round_ = Round("test", turn, pause_s=0.01)
    round_.start()
    assert done.wait(2)
    time.sleep(0.1)
    assert len(turns) == 3, "it does not turn in vain"
    round_.wake()
    assert eventually(lambda: len(turns) == 4)
    round_.stop()
