"""The runner itself: every fixture can be met, and an answer that is not as written is found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from matching import Fixture, Source, load
from place import ReceivedRequest, Reply
from preparations import PREPARATIONS
from scene import Scene, scene
from specimen import TASK_ID, TIME, specimen
from test_manual import play

FIXTURES = load()
JSON = {"content-type": "application/json", "x-request-id": "4b1f8a3e"}


class ObligingPlace:
    """A place that answers what it is told to; to a preparation, what lets it go on."""

    base_url = "http://obliging.invalid"
    keys = {"pro": "pro-key", "free": "free-key", "other": "other-key"}  # noqa: RUF012 - read only

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Mapping[str, str], bytes | None]] = []
        self.answer: Reply | None = None
        self.arrived: list[ReceivedRequest] = []

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        self.asked.append((method, path, headers, body))
        if self.answer:
            return self.answer
        view = {"task": {"id": TASK_ID, "createdAt": TIME}, "tasks": [], "members": []}
        return Reply(201 if path in ("/v1/tasks", "/v1/members") and body else 200, JSON, json.dumps(view).encode())

    def sink(self, script: str) -> str:
        return f"http://sink.invalid/{len(script)}"

    def received(self, url: str) -> list[ReceivedRequest]:
        return self.arrived

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()

    def settle(self, task_id: str, until: str = "settled", timeout_s: float = 20) -> None:
        assert task_id == TASK_ID

    def oblige(self, step: Mapping[str, Any], opened: Scene) -> None:
        """Let the next step find what it expects."""
        self.answer, self.arrived = None, []
        if "request" in step:
            expect = specimen(step["expect"], opened.bindings)
            headers = JSON | {name.lower(): value for name, value in expect.get("headers", {}).items()}
            self.answer = Reply(expect["status"], headers, json.dumps(expect.get("body", {})).encode())
        if "gaps" in step:
            times = [sum(step["gaps"][:number]) for number in range(len(step["gaps"]) + 1)]
            self.arrived = [ReceivedRequest("POST", "/", {}, b"", at) for at in times]
        for shape in step.get("requests", ()):
            request = specimen(shape, opened.bindings)
            body = json.dumps(request["json"]) if "json" in request else request.get("text", "")
            headers = request.get("headers", {})
            self.arrived.append(ReceivedRequest(request.get("method", "POST"), "/", headers, body.encode(), 0))


@pytest.mark.parametrize("fixture", FIXTURES, ids=[fixture.id for fixture in FIXTURES])
def test_a_fixture_can_be_met(fixture: Fixture) -> None:
    """Its names are bound when they are needed, and an answer of its own shape passes."""
    place = ObligingPlace()
    with scene(place, fixture) as opened:
        for name in fixture.given:
            PREPARATIONS[name](opened)
        for step in fixture.steps:
            if "pause" not in step:
                place.oblige(step, opened)
                assert opened.play(step) == []
        place.answer = None


def fixture_of(*steps: dict[str, Any]) -> Fixture:
    """A fixture with these steps and a sink named `callback`."""
    return Fixture("one", Source("tasks", "Create Task", "Create a new task"), steps)


def test_a_request_carries_the_manuals_key_unless_another_is_named() -> None:
    """`key: null` sends none, and a header of the fixture's own stays alone."""
    place = ObligingPlace()
    for request in (
        {"line": "GET /v1/tasks"},
        {"line": "GET /v1/tasks", "key": "{free_key}"},
        {"line": "GET /v1/tasks", "key": None},
        {"line": "GET /v1/tasks", "headers": {"X-API-Key": "mine"}},
    ):
        play(place, fixture_of({"request": request, "expect": {"status": 200}}))
    assert [headers for _, _, headers, _ in place.asked] == [
        {"Accept": "*/*", "Authorization": "Bearer your-api-key"},
        {"Accept": "*/*", "Authorization": "Bearer free-key"},
        {"Accept": "*/*"},
        {"Accept": "*/*", "X-API-Key": "mine"},
    ]


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
    assert play(place, fixture_of(step)) == [problem]


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
    opened = Scene(place, {"callback": "http://sink.invalid"})
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
    opened = Scene(place, {"callback": "http://sink.invalid"})
    assert opened.play({"received": "callback", "requests": requests}) == problem


def test_what_a_fixture_created_is_cancelled_with_the_same_key() -> None:
    """Nothing goes on running, whatever went wrong in between."""
    place = ObligingPlace()
    problems = play(
        place,
        fixture_of(
            {"request": {"line": "POST /v1/tasks", "key": "{other_key}", "json": {}}, "expect": {"status": 400}},
        ),
    )
    assert problems == ["POST /v1/tasks: status: expected 400, got 201"]
    method, path, headers, _ = place.asked[-1]
    assert (method, path) == ("POST", f"/v1/tasks/{TASK_ID}/cancel")
    assert headers["Authorization"] == "Bearer other-key"
