"""What a request may hold, on every surface that reads one: size, depth, numbers, names, headers, URL; and what the
worst of it costs."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from world import OPERATOR_KEY, Reply, World

from chalicelib.domain.literals import ASYNCFLOW_KEY
from chalicelib.surfaces.json_body import DEEPEST, LONGEST_NUMBER, MAX_BYTES
from chalicelib.surfaces.kit import LONGEST_URL, MOST_HEADERS
from surfaces.astraflow.parties import Tenancy, basic
from surfaces.astraflow.tenancy import application
from surfaces.description.documents import error_text
from surfaces.sides import deployment

#: An endpoint of each surface that takes a JSON object.
ENDPOINTS = ("/v1/tasks", "/asyncflow", "/api/v1/tasks", "/api/hello", "/oauth/token", "/operator/teams")
#: The most CPU that a request may take, in times of what the standard library alone takes to decode the body that costs
#: it most. Measured: 5.5 at most, with 35 ms of CPU.
MOST_DECODINGS = 10


class Client:
    """Somebody who may ask every surface."""

    def __init__(self, world: World) -> None:
        tenancy = Tenancy(world)
        client = tenancy.client
        key = world.team()[1]
        self._world = world
        self._headers = {
            "/v1": {"Authorization": f"Bearer {key}"},
            "/asyncflow": {"X-API-KEY": ASYNCFLOW_KEY},
            "/api/v1": {"Authorization": f"Bearer {application(world).token}"},
            "/api": {"Authorization": f"Bearer {key}"},
            "/oauth": {"Authorization": basic(client.client.id, client.secret)},
            "/operator": {"Authorization": f"Bearer {OPERATOR_KEY}"},
        }
        self._asked = 0

    def post(self, path: str, body: bytes, query: str = "", extra_headers: int = 0) -> Reply:
        """A body to an endpoint; a group that nobody asked for before, so that no window is full."""
        extra = {f"X-Extra-{number}": "x" for number in range(extra_headers)}
        headers = {"Content-Type": "application/json", **self._own(path), **extra}
        return self._world.request("POST", f"{path}{query}", body=body, headers=headers)

    def get(self, target: str) -> Reply:
        """What an endpoint shows."""
        return self._world.request("GET", target, headers=self._own(target))

    def _own(self, path: str) -> dict[str, str]:
        self._asked += 1
        own = [headers for prefix, headers in self._headers.items() if path.startswith(prefix)]
        return {"X-STUDENT-GROUP": f"group-{self._asked}", **(own[0] if own else {})}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with deployment() as world:
        yield Client(world)


def said(reply: Reply) -> str:
    """What a refusal says, in whichever shape."""
    return error_text(reply.json) or ""


def nested(levels: int) -> bytes:
    """An object with as many levels as a whole."""
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_body_of_more_than_256_kib_is_a_413(client: Client, path: str) -> None:
    padding = MAX_BYTES - len(b'{"a":""}')
    fitting, larger = (b'{"a":"' + b"x" * (padding + more) + b'"}' for more in (0, 1))
    assert client.post(path, fitting).status in (400, 401)
    reply = client.post(path, larger)
    assert (reply.status, said(reply)) == (413, "Request body must be at most 256 KiB")


@pytest.mark.parametrize("path", ENDPOINTS)
def test_more_than_32_levels_are_too_many(client: Client, path: str) -> None:
    assert "levels" not in said(client.post(path, nested(DEEPEST)))
    for levels in (DEEPEST + 1, 900, 100_000):
        reply = client.post(path, nested(levels))
        assert (reply.status, said(reply)) == (400, "Request body must be nested at most 32 levels deep")


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("number", [b"1" * (LONGEST_NUMBER + 1), b"0." + b"1" * LONGEST_NUMBER, b"9" * 5_000, b"1e999"])
def test_a_number_is_short_and_finite(client: Client, path: str, number: bytes) -> None:
    reply = client.post(path, b'{"a":' + number + b"}")
    assert (reply.status, said(reply)) == (400, "Numbers must be at most 64 characters long and below 1.8e308")


@pytest.mark.parametrize("text", [b"1" * LONGEST_NUMBER, b'"' + b"1" * 5_000 + b'"', b'"\\"' + b"1" * 5_000 + b'"'])
def test_digits_in_a_text_are_no_number(client: Client, text: bytes) -> None:
    assert said(client.post("/v1/tasks", b'{"a":' + text + b"}")).startswith("Unknown field: a")


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("body", [b'{"a":1,"b":2,"a":3}', b'{"x":{"a":1,"a":1}}', b'{"x":[[{"a":"b:c","a":{}}]]}'])
def test_a_member_is_given_once_at_any_depth(client: Client, path: str, body: bytes) -> None:
    reply = client.post(path, body)
    assert (reply.status, said(reply)) == (400, "a must be given only once")


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    "body", [b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":"\\ud800"}', b'{"a":"\xff"}', b"\xff\xfe{\0}\0"]
)
def test_what_is_no_json_is_refused(client: Client, path: str, body: bytes) -> None:
    reply = client.post(path, body)
    assert (reply.status, said(reply)) == (400, "Request body must be valid JSON")


@pytest.mark.parametrize(
    "target",
    [
        "/v1/tasks?limit=1&limit=2",
        "/asyncflow?limit=1&limit=2",
        "/api/v1/tasks?page=1&page=1",
        "/operator/dead-letters?limit=1&limit=1",
    ],
)
def test_a_query_parameter_is_given_once(client: Client, target: str) -> None:
    reply = client.get(target)
    assert (reply.status, said(reply).partition(" ")[2]) == (400, "must be given only once")


@pytest.mark.parametrize("path", [*ENDPOINTS, "/nowhere"])
def test_more_than_64_headers_are_a_431(client: Client, path: str) -> None:
    own = 3 if path != "/nowhere" else 2
    assert client.post(path, b"{}", extra_headers=MOST_HEADERS - own).status != 431
    assert client.post(path, b"{}", extra_headers=MOST_HEADERS - own + 1).status == 431
    reply = client.post(path, b"{}", extra_headers=MOST_HEADERS)
    assert (reply.status, said(reply)) == (431, "A request may have at most 64 headers")


@pytest.mark.parametrize("path", [*ENDPOINTS, "/nowhere"])
def test_a_url_of_more_than_2048_characters_is_a_414(client: Client, path: str) -> None:
    room = LONGEST_URL - len(f"{path}?a=")
    assert client.post(path, b"{}", query=f"?a={'x' * room}").status != 414
    # What is decoded on the way counts as it was written.
    for query in (f"?a={'x' * (room + 1)}", f"?a={'%20%C3%BC' * 300}", f"?a={'&a=' * 700}"):
        reply = client.post(path, b"{}", query=query)
        assert (reply.status, said(reply)) == (414, "URL must be at most 2048 characters")


def filled(unit: bytes) -> bytes:
    """The largest body that repeats something."""
    return b'{"a":[' + b",".join([unit] * ((MAX_BYTES - 8) // (len(unit) + 1))) + b"]}"


WORST = {
    "lists": filled(b"[]"),
    "objects": filled(b"{}"),
    "members": filled(b'{"a":1}'),
    "deep lists": filled(b"[" * 29 + b"]" * 29),
    "endless depth": b"[" * MAX_BYTES,
    "whole numbers": filled(b"1"),
    "numbers": filled(b"1.7976931348623157e308"),
    "long numbers": filled(b"9" * 4_299),
    "one number": b'{"a":' + b"9" * (MAX_BYTES - 6) + b"}",
    "one text": b'{"a":"' + b"x" * (MAX_BYTES - 8) + b'"}',
    "texts": filled(b'""'),
    "quotation marks": b'{"a":"' + b'\\"' * ((MAX_BYTES - 8) // 2) + b'"}',
    "an open text": b'{"a":"' + b'\\"' * ((MAX_BYTES - 8) // 2),
    "half characters": b'{"a":"' + b"\\ud83d\\ude00" * ((MAX_BYTES - 8) // 12) + b'"}',
    "one long name": b'{"' + b"x" * (MAX_BYTES - 6) + b'":1}',
    "many names": b"{" + b",".join(b'"%d":1' % number for number in range(25_000)) + b"}",
    "one name": b"{" + b",".join([b'"a":1'] * 40_000) + b"}",
}


def cpu_s(work: Callable[[], object]) -> float:
    """The least CPU that this took in a few turns."""
    turns = []
    for _ in range(3):
        began = time.process_time()
        work()
        turns.append(time.process_time() - began)
    return min(turns)


@pytest.mark.parametrize("body", WORST.values(), ids=WORST)
def test_the_worst_body_costs_little(client: Client, body: bytes) -> None:
    def decode() -> None:
        gc.disable()
        json.loads(WORST["deep lists"])
        gc.enable()

    for path in ENDPOINTS:
        assert client.post(path, body).status in (400, 401)
        # Both in turn, so that whatever else the machine does slows both.
        assert cpu_s(partial(client.post, path, body)) < MOST_DECODINGS * cpu_s(decode)
