"""The runner itself: every fixture can be met, and an answer that is not as written is found."""

from __future__ import annotations

from typing import Any

import pytest

from surfaces.asyncqueue.manual import ASYNCQUEUE
from surfaces.asyncqueue.scene import AsyncQueueScene
from surfaces.harness.manual import Manual
from surfaces.harness.matching import Fixture, Source
from surfaces.harness.obliging import JSON, ObligingPlace
from surfaces.harness.place import ReceivedRequest, Reply
from surfaces.manuals import CASES


@pytest.mark.parametrize(("manual", "fixture"), CASES, ids=[fixture.id for _, fixture in CASES])
def test_a_fixture_can_be_met(manual: Manual, fixture: Fixture) -> None:
    """Its names are bound when they are needed, and an answer of its own shape passes."""
    place = ObligingPlace()
    ahead = manual.enter(place)
    with manual.opened(place, fixture, ahead.get(fixture.id)) as opened:
        for name in fixture.given:
            manual.preparations[name](opened)
        for step in fixture.steps:
            if "pause" not in step:
                place.oblige(step, opened)
                assert opened.play(step) == []
        place.answer = None


def fixture_of(*steps: dict[str, Any]) -> Fixture:
    """A fixture with these steps."""
    return Fixture("one", Source("tasks", "Create Task", "Create a new task"), steps)


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (Reply(500, JSON, b"{}"), "GET /v1/tasks: status: expected 200, got 500"),
        (Reply(200, {"content-type": "application/json"}, b"{}"), "GET /v1/tasks: header x-request-id: missing"),
        (Reply(200, JSON, b"<html>"), "GET /v1/tasks: $: expected JSON, got b'<html>'"),
        (Reply(200, JSON, b'{"a": 1}'), "GET /v1/tasks: $.a: not expected, got 1"),
    ],
)
def test_an_answer_that_is_not_as_written_is_a_problem(reply: Reply, problem: str) -> None:
    """Status, headers, JSON and its keys are all looked at."""
    place = ObligingPlace()
    place.answer = reply
    step = {"request": {"line": "GET /v1/tasks"}, "expect": {"status": 200, "body": {}}}
    assert ASYNCQUEUE.play(place, fixture_of(step)) == [problem]


def arrived(*times: float) -> list[ReceivedRequest]:
    """Requests at these seconds."""
    return [ReceivedRequest("POST", "/", {"content-type": "text/plain"}, b"a", at) for at in times]


@pytest.mark.parametrize(
    ("came", "problem"),
    [
        (arrived(0, 1, 3), []),
        (arrived(0, 1.5, 4.9), []),
        (arrived(0, 0.9, 3), ["callback received: retry 1: expected after 1 s, came after 0.900 s"]),
        (arrived(0, 1, 6), ["callback received: retry 2: expected after 2 s, came after 5.000 s"]),
        (arrived(0, 1), ["callback received: expected 3 requests, got 2"]),
    ],
)
def test_a_retry_is_never_early_and_not_too_late(came: list[ReceivedRequest], problem: list[str]) -> None:
    """The gaps of a schedule are checked one by one."""
    place = ObligingPlace()
    place.arrived = came
    opened = AsyncQueueScene(place, {"callback": "http://sink.invalid"})
    assert opened.play({"received": "callback", "gaps": [1, 2]}) == problem


@pytest.mark.parametrize(
    ("requests", "problem"),
    [
        ([{"method": "POST", "text": "a"}], []),
        ([], ["callback received: expected 0 requests, got 1"]),
        ([{"method": "GET"}], ["callback received: request 1: method: expected 'GET', got 'POST'"]),
        ([{"text": "b"}], ["callback received: request 1: body: expected 'b', got 'a'"]),
        ([{"json": {}}], ["callback received: request 1: $: expected JSON, got b'a'"]),
        ([{"headers": {"x-a": "1"}}], ["callback received: request 1: header x-a: missing"]),
        (
            [{"without": ["content-type"]}],
            ["callback received: request 1: header content-type: must be absent"],
        ),
    ],
)
def test_what_a_sink_received_is_looked_at(requests: list[dict[str, Any]], problem: list[str]) -> None:
    """Number, method, headers and body."""
    place = ObligingPlace()
    place.arrived = arrived(0)
    opened = AsyncQueueScene(place, {"callback": "http://sink.invalid"})
    assert opened.play({"received": "callback", "requests": requests}) == problem
