"""Whatever is sent, the answer names what is wrong in exact words; nothing is stored and no trace leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world import OPERATOR_KEY, Reply, World

from surfaces.asyncflow.calm import KEY, MESSAGE, ask, calm_world

TYPED = {"Content-Type": "application/json"}
NO_JSON = (400, "Request body must be valid JSON")
NO_OBJECT = (400, "Request body must be a JSON object")
TOO_LONG = (400, "Numbers must be at most 64 characters long and below 1.8e308")
TOO_DEEP = (400, "Request body must be nested at most 32 levels deep")
NO_TYPE = (415, "Content-Type must be application/json")
NO_KEY = (401, "Missing or invalid API key")
NO_GROUP = (400, "Missing X-STUDENT-GROUP")
BAD_GROUP = (400, "X-STUDENT-GROUP must be at most 100 printable characters")
BAD_REPEAT = (400, "Idempotency-Key must be 1 to 255 printable ASCII characters")
NOT_FOUND = (404, "Message not found")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with calm_world() as world:
        yield world


def refused(reply: Reply, status: int, text: str) -> None:
    """The reply is a refusal in AsyncFlow's shape with exactly this text."""
    assert (reply.status, reply.json) == (status, {"error": text})
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-request-id"]


BODIES: dict[str, tuple[bytes, tuple[int, str]]] = {
    "nothing": (b"", NO_OBJECT),
    "spaces": (b"  \n", NO_OBJECT),
    "not JSON": (b"{destination}", NO_JSON),
    "cut JSON": (b'{"destination": "a", "content": "b', NO_JSON),
    "an array": (b'[{"destination": "a", "content": "b"}]', NO_OBJECT),
    "a number": (b"1", NO_OBJECT),
    "null": (b"null", NO_OBJECT),
    "not a number": (b'{"destination": NaN}', NO_JSON),
    "a raw NUL": (b'{"destination": "\0"}', NO_JSON),
    "not UTF-8": (b'{"content": "\xff\xfe"}', NO_JSON),
    "half a surrogate": (b'{"content": "\\ud800"}', NO_JSON),
    "deep arrays": (b'{"content": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", TOO_DEEP),
    "deep objects": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, TOO_DEEP),
    "a long number": (b'{"content": ' + b"9" * 10_000 + b"}", TOO_LONG),
    "a member twice": (b'{"destination": "a", "content": "b", "content": 1}', (400, "content must be given only once")),
    "too large": (b'{"content": "' + b"a" * 262_144 + b'"}', (413, "Request body must be at most 256 KiB")),
    "20 MB": (b'{"content": "' + b"a" * 20_000_000 + b'"}', (413, "Request body must be at most 256 KiB")),
}

MISSING_DESTINATION = (400, "Missing destination")
MISSING_PAYLOAD = (400, "Missing payload")

FIELDS: list[tuple[Mapping[str, Any], tuple[int, str]]] = [
    ({"destination": None}, MISSING_DESTINATION),
    ({"destination": ""}, MISSING_DESTINATION),
    ({"destination": 7}, MISSING_DESTINATION),
    ({"destination": True}, MISSING_DESTINATION),
    ({"destination": ["slow-1"]}, MISSING_DESTINATION),
    ({"destination": {}}, MISSING_DESTINATION),
    ({"destination": "a" * 501}, (400, "destination must be at most 500 characters")),
    ({"content": None}, MISSING_PAYLOAD),
    ({"content": ""}, MISSING_PAYLOAD),
    ({"content": 1.5}, MISSING_PAYLOAD),
    ({"content": False}, MISSING_PAYLOAD),
    ({"content": {"text": "hello"}}, MISSING_PAYLOAD),
    ({"destination": None, "content": None, "colour": "red"}, MISSING_DESTINATION),
    ({"content": None, "colour": "red"}, MISSING_PAYLOAD),
    ({"colour": "red"}, (400, "Unknown field: colour (allowed: destination, content, priority)")),
    ({"prioritys": "high"}, (400, "Unknown field: prioritys (did you mean priority?)")),
    ({"Destination": "a"}, (400, "Unknown field: Destination (did you mean destination?)")),
    ({"x\r\ny<script>": 1}, (400, "Unknown field: x??y<script> (allowed: destination, content, priority)")),
]

HEADERS: list[tuple[Mapping[str, str | None], tuple[int, str]]] = [
    ({"X-API-KEY": None}, NO_KEY),
    ({"X-API-KEY": ""}, NO_KEY),
    ({"X-API-KEY": KEY.upper()}, NO_KEY),
    ({"X-API-KEY": f"{KEY}x"}, NO_KEY),
    ({"X-API-KEY": "\u00e9" * 17}, NO_KEY),
    ({"X-API-KEY": OPERATOR_KEY}, NO_KEY),
    ({"X-API-KEY": None, "Authorization": f"Bearer {KEY}"}, NO_KEY),
    ({"X-STUDENT-GROUP": None}, NO_GROUP),
    ({"X-STUDENT-GROUP": ""}, NO_GROUP),
    ({"X-STUDENT-GROUP": "  "}, NO_GROUP),
    ({"X-STUDENT-GROUP": "a" * 101}, BAD_GROUP),
    ({"X-STUDENT-GROUP": "a\u0000b"}, BAD_GROUP),
    ({"X-STUDENT-GROUP": "a\r\nX-Group: b"}, BAD_GROUP),
    ({"X-STUDENT-GROUP": "a\u200bb"}, BAD_GROUP),
]

TYPES: list[str | None] = [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"]

REPEATS = ["", "a" * 256, "caf\u00e9", "a\tb"]


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_message(world: World, name: str) -> None:
    body, answer = BODIES[name]
    refused(ask(world, "POST /asyncflow", headers=TYPED, body=body), *answer)


@pytest.mark.parametrize(("changes", "answer"), FIELDS)
def test_a_field_that_is_wrong(world: World, changes: Mapping[str, Any], answer: tuple[int, str]) -> None:
    refused(ask(world, "POST /asyncflow", json={**MESSAGE, **changes}), *answer)


@pytest.mark.parametrize(("headers", "answer"), HEADERS)
@pytest.mark.parametrize("line", ["POST /asyncflow", "GET /asyncflow", f"GET /asyncflow/ASF-{'0' * 32}"])
def test_a_caller_that_does_not_say_who_it_is(
    world: World, line: str, headers: Mapping[str, str | None], answer: tuple[int, str]
) -> None:
    reply = ask(world, line, headers=headers, **({"json": MESSAGE} if line.startswith("POST") else {}))
    refused(reply, *answer)
    assert ("www-authenticate" in reply.headers) is (reply.status == 401)


@pytest.mark.parametrize("content_type", TYPES)
def test_a_content_type_that_is_not_json(world: World, content_type: str | None) -> None:
    body = json.dumps(MESSAGE).encode()
    refused(ask(world, "POST /asyncflow", headers={"Content-Type": content_type}, body=body), *NO_TYPE)


@pytest.mark.parametrize("key", REPEATS)
def test_a_key_for_repeats_that_is_none(world: World, key: str) -> None:
    refused(ask(world, "POST /asyncflow", headers={"Idempotency-Key": key}, json=MESSAGE), *BAD_REPEAT)


def test_nothing_was_stored_or_sent_for_any_of_them() -> None:
    with calm_world() as world:
        for body, _ in BODIES.values():
            ask(world, "POST /asyncflow", headers=TYPED, body=body)
        for changes, _ in FIELDS:
            ask(world, "POST /asyncflow", json={**MESSAGE, **changes})
        for headers, _ in HEADERS:
            ask(world, "POST /asyncflow", headers=headers, json=MESSAGE)
        for content_type in TYPES:
            ask(world, "POST /asyncflow", headers={"Content-Type": content_type}, body=json.dumps(MESSAGE).encode())
        for key in REPEATS:
            ask(world, "POST /asyncflow", headers={"Idempotency-Key": key}, json=MESSAGE)
        for code in (500, 503):
            ask(world, "POST /asyncflow", headers={"Prefer": f"code={code}"}, json=MESSAGE)
        assert list(world.database.rows("SELECT * FROM tasks")) == []
        assert ask(world, "GET /asyncflow").json == []
        assert world.tasks_queue.next_visible_at() is None
        assert world.schedules.next_at() is None


def test_nothing_is_stored_for_a_request_over_the_limit() -> None:
    with calm_world(limit=2) as world:
        for status in (202, 202, 429, 429):
            assert ask(world, "POST /asyncflow", json=MESSAGE).status == status
        world.clock.sleep(60_000)
        assert len(ask(world, "GET /asyncflow").json) == 2


QUERIES: dict[str, str] = {
    "limit=0": "limit must be a whole number of 1 or more",
    "limit=-1": "limit must be a whole number of 1 or more",
    "limit=many": "limit must be a whole number of 1 or more",
    "limit=1.5": "limit must be a whole number of 1 or more",
    "limit=": "limit must be a whole number of 1 or more",
    "limit=%00": "limit must be a whole number of 1 or more",
    "limit=%D9%A1": "limit must be a whole number of 1 or more",
    "cursor=nonsense": "cursor is not valid for this list; start again without it",
    "cursor=": "cursor is not valid for this list; start again without it",
    "cursor=%F0%9F%98%80": "cursor is not valid for this list; start again without it",
    "limits=1": "Unknown query parameter: limits (did you mean limit?)",
    "status=Queued": "Unknown query parameter: status (allowed: limit, cursor)",
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_of_the_list_that_is_wrong(world: World, query: str) -> None:
    refused(ask(world, f"GET /asyncflow?{query}"), 400, QUERIES[query])


@pytest.mark.parametrize("wait", ["-1", "long", "", "nan", "inf", "1e9999", "%00"])
def test_a_wait_that_is_none(world: World, wait: str) -> None:
    sent = ask(world, "POST /asyncflow", json=MESSAGE, headers={"X-STUDENT-GROUP": "waiting"}).json["trackingId"]
    reply = ask(world, f"GET /asyncflow/{sent}?wait={wait}", headers={"X-STUDENT-GROUP": "waiting"})
    refused(reply, 400, "wait must be a number of 0 or more")


def test_a_query_of_one_message_that_is_unknown(world: World) -> None:
    reply = ask(world, f"GET /asyncflow/ASF-{'0' * 32}?waits=1")
    refused(reply, 400, "Unknown query parameter: waits (did you mean wait?)")


@pytest.mark.parametrize(
    "tracking_id",
    [
        "x",
        "ASF-",
        f"ASF-{'0' * 31}",
        f"ASF-{'0' * 33}",
        f"ASF-{'G' * 32}",
        "0" * 32,
        "%00",
        "..",
        f"ASF-{'%D9%A1' * 32}",
    ],
)
def test_a_tracking_id_that_is_none(world: World, tracking_id: str) -> None:
    refused(ask(world, f"GET /asyncflow/{tracking_id}"), *NOT_FOUND)


PATHS: dict[tuple[str, str], tuple[int, str]] = {
    ("GET", "/asyncflow/x/y"): (404, "Not found"),
    ("GET", "/asyncflow/x/y/z"): (404, "Not found"),
    ("GET", "/asyncflo"): (404, "Not found"),
    ("PUT", "/asyncflow"): (405, "Method not allowed"),
    ("DELETE", "/asyncflow"): (405, "Method not allowed"),
    ("PATCH", "/asyncflow"): (405, "Method not allowed"),
    ("OPTIONS", "/asyncflow"): (405, "Method not allowed"),
    ("POST", f"/asyncflow/ASF-{'0' * 32}"): (405, "Method not allowed"),
    ("DELETE", f"/asyncflow/ASF-{'0' * 32}"): (405, "Method not allowed"),
}


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_a_path_or_a_method_that_is_not_there(world: World, method: str, path: str) -> None:
    reply = ask(world, f"{method} {path}")
    refused(reply, *PATHS[method, path])
    assert ("allow" in reply.headers) is (reply.status == 405)


def test_who_is_not_let_in_learns_nothing_about_the_rest_of_the_request(world: World) -> None:
    refused(ask(world, "POST /asyncflow", headers={"X-API-KEY": None}, body=b"x" * 300_000), *NO_KEY)
    refused(ask(world, "POST /asyncflow", headers={"X-STUDENT-GROUP": None}, body=b"x" * 300_000), *NO_GROUP)


def test_no_answer_repeats_the_key(world: World) -> None:
    secret = "nearly-asyncflow-api-key"
    for line in ("GET /asyncflow", "POST /asyncflow/x/y", "PUT /asyncflow"):
        reply = ask(world, line, headers={"X-API-KEY": secret})
        assert secret not in repr(reply)


def test_a_problem_document_on_request(world: World) -> None:
    reply = ask(world, "POST /asyncflow", headers={"Accept": "application/problem+json"}, json={"content": "b"})
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "Missing destination",
        "requestId": reply.headers["x-request-id"],
        "errors": [{"field": "destination", "detail": "Missing destination"}],
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    members=st.dictionaries(st.sampled_from(list(MESSAGE)) | st.text(max_size=10), JSON, max_size=4),
    whole=st.booleans(),
)
def test_no_message_makes_the_app_stumble(world: World, members: dict[str, Any], whole: bool) -> None:
    body = json.dumps({**(MESSAGE if whole else {}), **members}).encode(errors="surrogatepass")
    reply = ask(world, "POST /asyncflow", headers={**TYPED, "X-STUDENT-GROUP": "anything"}, body=body)
    assert reply.status in (202, 400)
    assert ("trackingId" in reply.json) is (reply.status == 202)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(group=st.text(min_size=1, max_size=120), other=st.text(min_size=1, max_size=20))
def test_no_group_s_name_makes_the_app_stumble_or_opens_another_group(world: World, group: str, other: str) -> None:
    reply = ask(world, "POST /asyncflow", headers={"X-STUDENT-GROUP": group}, json=MESSAGE)
    if reply.status != 202:
        assert reply.json["error"] in (NO_GROUP[1], BAD_GROUP[1])
        return
    seen = ask(world, f"GET /asyncflow/{reply.json['trackingId']}", headers={"X-STUDENT-GROUP": other})
    assert seen.status in ((200,) if other.strip() == group.strip() else (400, 403))
