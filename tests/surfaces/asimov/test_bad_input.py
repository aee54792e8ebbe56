"""Whatever is sent, the answer has Asimov's shape, names the field and what is allowed, and shows no trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from world import Reply, World, send

from chalicelib.domain import errors
from chalicelib.domain.kinds.hello import Hello
from chalicelib.domain.kinds.kind import Kind
from chalicelib.domain.kinds.registry import Kinds
from chalicelib.surfaces.asimov.edge import AsimovEdge
from surfaces.asimov.customer import HELLO, Customer, refused

EDGE = AsimovEdge()


class Broken(Kind):
    """A kind that always fails."""

    name = "test.Broken"
    path = "broken"

    class Input(Struct):
        pass

    def run(self, given: Input) -> Mapping[str, Any]:
        raise ZeroDivisionError("a secret of the input")


class Long(Kind):
    """A kind that says how long it takes."""

    name = "test.Long"
    path = "long"

    class Input(Struct):
        seconds: float

    def seconds(self, given: Input) -> float:
        return given.seconds

    def run(self, given: Input) -> Mapping[str, Any]:
        return {}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(asimov_open=True, kinds=Kinds(Hello(), Broken(), Long())) as world:
        yield world


@pytest.fixture(scope="module")
def customer(world: World) -> Customer:
    return Customer(world)


def shaped(reply: Reply) -> None:
    """The reply is an error in Asimov's shape, whatever it says."""
    refused(reply, reply.status, reply.json["code"], reply.json["message"], reply.json["details"])
    assert "Traceback" not in reply.json["message"]


BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "Request body must be a JSON object"),
    "not JSON": (b"{message}", 400, "Request body must be valid JSON"),
    "an array": (b"[]", 400, "Request body must be a JSON object"),
    "half a surrogate": (b'{"message": "\\ud800"}', 400, "Request body must be valid JSON"),
    "not UTF-8": (b'{"message": "\xff\xfe"}', 400, "Request body must be valid JSON"),
    "deep": (
        b'{"message": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        400,
        "Request body must be nested at most 32 levels deep",
    ),
    "twice": (b'{"message": "a", "message": "b"}', 400, "message must be given only once"),
    "too large": (b'{"message": "' + b"a" * 262_144 + b'"}', 413, "Request body must be at most 256 KiB"),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_body_that_is_no_request(customer: Customer, name: str, mode: str) -> None:
    body, status, message = BODIES[name]
    reply = customer.ask("POST", "/api/hello", body=body, X_Request_Mode=mode)

    shaped(reply)
    assert (reply.status, reply.json["message"]) == (status, message)


@pytest.mark.parametrize("mode", ["", " ", "Async", "ASYNC", "async,sync", "asynchronous", "x" * 500])
def test_a_mode_that_is_none(customer: Customer, mode: str) -> None:
    message = "X-Request-Mode must be one of: sync, async"
    refused(customer.carry_out(X_Request_Mode=mode), 400, "INVALID_REQUEST", message, {"X-Request-Mode": message})


def test_a_mode_may_have_spaces_around_it(customer: Customer) -> None:
    assert customer.carry_out(X_Request_Mode=" async ").status == 202


def test_a_kind_is_judged_before_the_mode_and_the_mode_before_the_body(customer: Customer) -> None:
    assert customer.ask("POST", "/api/nothing", body=b"{", X_Request_Mode="later").status == 404
    assert "X-Request-Mode" in customer.ask("POST", "/api/hello", body=b"{", X_Request_Mode="later").json["message"]


@pytest.mark.parametrize("kind", ["nothing", "Hello", "platform.Hello", "%00", "%2e%2e", "hello%20", "größe"])
def test_a_kind_that_is_none(customer: Customer, kind: str) -> None:
    reply = customer.ask("POST", f"/api/{kind}", json=HELLO)
    refused(reply, 404, "NOT_FOUND", "Unknown kind (known: hello, broken, long)")


@pytest.mark.parametrize("task_id", ["nothing", "op-88386aab-11a5-4d24-9a4b-13679087734f", "%00", "A" * 1_900])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_that_is_none(customer: Customer, method: str, task_id: str) -> None:
    refused(customer.ask(method, f"/api/tasks/{task_id}"), 404, "NOT_FOUND", "Task not found")


def test_the_id_that_is_stored_is_not_the_one_that_is_told(customer: Customer) -> None:
    task_id = customer.start()
    assert customer.ask("GET", f"/api/tasks/op-{task_id}").status == 404


@pytest.mark.parametrize("name", ["_state", "_", "__proto__", "_" + "x" * 5_000, "_\0"])
def test_a_member_of_the_envelope(customer: Customer, name: str) -> None:
    reply = customer.carry_out(given={**HELLO, name: 1})
    shown = name[:64].replace("\0", "?")
    message = f"{shown} is not allowed: names that begin with _ are the envelope's"
    refused(reply, 400, "INVALID_REQUEST", message, {shown: message})


@pytest.mark.parametrize("key", ["", "x" * 256, "ü", "a\tb"])
def test_a_key_that_is_none(customer: Customer, key: str) -> None:
    message = "Idempotency-Key must be 1 to 255 printable ASCII characters"
    reply = customer.carry_out(X_Request_Mode="async", Idempotency_Key=key)
    refused(reply, 400, "INVALID_REQUEST", message, {"Idempotency-Key": message})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404),
        ("POST", "/api/tasks", 404),
        ("GET", "/api/tasks/a/b", 404),
        ("GET", "/api/hello/a/b/c", 404),
        ("GET", "/api/hello", 405),
        ("PATCH", "/api/hello", 405),
        ("POST", "/api/tasks/88386aab-11a5-4d24-9a4b-13679087734f", 405),
    ],
)
def test_what_nobody_answers_has_the_shape_too(customer: Customer, method: str, path: str, status: int) -> None:
    reply = customer.ask(method, path)
    shaped(reply)
    assert (reply.status, reply.json["path"]) == (status, path)


def test_the_time_of_an_error_is_its_own(world: World, customer: Customer) -> None:
    world.clock.move_to(1_705_320_000_987)
    assert customer.ask("GET", "/api").json["timestamp"] == "2024-01-15T12:00:00+00:00"


def test_a_kind_that_fails_in_the_call_shows_nothing_of_why(world: World, customer: Customer) -> None:
    reply = customer.carry_out("broken", {})
    refused(reply, 500, "INTERNAL_ERROR", "Internal server error")
    recorded = world.recording.named("request")[-1]
    assert (recorded["error"], str(recorded["where"]).rpartition("/")[2].partition(":")[0]) == (
        "ZeroDivisionError",
        "test_bad_input.py",
    )
    assert "secret" not in repr(recorded)


def test_what_would_outlast_the_call_is_refused_in_it(customer: Customer) -> None:
    assert customer.carry_out("long", {"seconds": 25}).status == 200
    message = "This may take 26 s, more than the 25 s of a call: send X-Request-Mode: async"
    reply = customer.carry_out("long", {"seconds": 25.001})
    refused(reply, 400, "INVALID_REQUEST", message, {"X-Request-Mode": message})
    assert customer.carry_out("long", {"seconds": 25.001}, X_Request_Mode="async").status == 202


def test_a_problem_document_comes_to_who_asks_for_it(customer: Customer) -> None:
    reply = customer.carry_out(given={"message": 5}, Accept="application/problem+json", X_Request_Id="mine")
    assert (reply.status, reply.headers["content-type"]) == (400, "application/problem+json")
    message = "message must be a string of 1 to 500 characters"
    assert reply.json == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": message,
        "requestId": "mine",
        "errors": [{"field": "message", "detail": message}],
    }


@pytest.mark.parametrize("error", [error for error in vars(errors).values() if isinstance(error, type)])
def test_every_refusal_of_the_engine_has_a_code(world: World, error: type[errors.SluiceError]) -> None:
    if error is errors.SluiceError:
        return
    raised = error("field", "is wrong") if error is errors.InvalidError else error("is wrong")
    call = type("Call", (), {"headers": {}, "path": "/api/hello", "now": world.clock.now()})()
    reply = EDGE.refuse(call, EDGE.translate(raised, {}))
    assert '"code":"' in (reply.body or "")


def test_a_head_request_has_the_headers_of_a_get(customer: Customer) -> None:
    reply = customer.ask("HEAD", f"/api/tasks/{customer.start()}")
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (200, b"", "1")


def test_behind_a_stage_the_task_is_where_the_caller_reaches_it(world: World) -> None:
    reply = send("POST", "/api/hello", {"X-Request-Mode": "async"}, b'{"message": "x"}', stage="/live")
    where = f"/live/api/tasks/{reply.json['id']}"
    assert (reply.headers["location"], reply.headers["x-retrieve-api"]) == (where, where)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["message", "_state", "id", "colour"]) | st.text(max_size=5),
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.text()),
        max_size=4,
    ),
    st.sampled_from([None, "sync", "async", "later"]),
)
def test_no_input_is_an_error_of_ours(customer: Customer, given: dict[str, Any], mode: str | None) -> None:
    headers = {} if mode is None else {"X_Request_Mode": mode}
    try:
        reply = customer.carry_out(given=given, **headers)
    except UnicodeEncodeError:
        return
    assert reply.status in (200, 202, 400)
    if reply.status == 400:
        shaped(reply)
