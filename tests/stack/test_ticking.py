"""Schedules start their functions on one machine as EventBridge does: at their rate, with its event, and again after
a failure."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Queue
from typing import Any

import pytest
from chalice import Chalice, Cron, Rate

from infra.host.ticking import Ticker, Ticking, schedules

QUICK_S = 0.02


@pytest.fixture
def started() -> Queue[Any]:
    return Queue()


@pytest.fixture
def toy(started: Queue[Any]) -> Chalice:
    app = Chalice(app_name="toy")

    def tick(event: Any) -> None:
        started.put((event.to_dict(), event.context.get_remaining_time_in_millis()))
        if event.context.function_name != "tick":
            raise RuntimeError("no such function")

    app.schedule(Rate(2, unit=Rate.HOURS))(tick)
    return app


@pytest.fixture
def ticker(toy: Chalice) -> Iterator[Ticker]:
    (declared,) = schedules(toy, lambda function: 60)
    ticker = Ticker(Ticking(declared.function, declared.handler, QUICK_S, declared.time_limit_s))
    yield ticker
    ticker.stop()


def test_what_the_app_declares_is_what_is_started(toy: Chalice) -> None:
    toy.on_sqs_message("queue")(lambda event: None)

    (declared,) = schedules(toy, {"tick": 60.0}.__getitem__)

    assert (declared.function, declared.every_s, declared.time_limit_s) == ("tick", 7_200, 60)


def test_a_function_is_started_again_and_again_with_the_event_of_a_rule(ticker: Ticker, started: Queue[Any]) -> None:
    ticker.start()

    for _ in range(3):
        event, left_ms = started.get(timeout=5)
        assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
        assert 59_000 < left_ms <= 60_000


def test_a_function_that_fails_is_started_again(started: Queue[Any], toy: Chalice) -> None:
    (declared,) = schedules(toy, lambda function: 60)
    failing = Ticker(Ticking("another name", declared.handler, QUICK_S, 60))
    failing.start()
    try:
        for _ in range(2):
            started.get(timeout=5)
    finally:
        failing.stop()


def test_it_is_not_started_before_its_time_has_passed_once(started: Queue[Any], toy: Chalice) -> None:
    (declared,) = schedules(toy, lambda function: 60)
    patient = Ticker(declared)
    patient.start()
    patient.stop()

    assert not patient.is_alive()
    assert started.empty()


def test_a_schedule_that_is_no_rate_is_an_error_that_names_it() -> None:
    app = Chalice(app_name="toy")

    def nightly(event: Any) -> None: ...

    app.schedule(Cron(0, 3, "*", "*", "?", "*"))(nightly)

    with pytest.raises(ValueError, match="nightly"):
        schedules(app, lambda function: 60)
