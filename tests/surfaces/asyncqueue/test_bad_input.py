"""Whatever is sent, the answer names the field and what is allowed; nothing is stored half and no trace leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world import OPERATOR_KEY, Reply, World

from chalicelib.surfaces.asyncqueue.orders import FIELDS

URL = "https://api.example.com/webhook"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture(scope="module")
def key(world: World) -> str:
    return world.team()[1]


def refused(reply: Reply, status: int, *words: str) -> None:
    """The reply is a refusal in AsyncQueue's shape that says these words."""
    assert reply.status == status, reply.body
    assert set(reply.json) == {"error"}
    for word in words:
        assert word in reply.json["error"]
    assert "Traceback" not in reply.json["error"]
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-request-id"]


BODIES: dict[str, tuple[bytes, int, tuple[str, ...]]] = {
    "nothing": (b"", 400, ("JSON object",)),
    "spaces": (b"  \n", 400, ("JSON object",)),
    "not JSON": (b"{callbackUrl}", 400, ("valid JSON",)),
    "cut JSON": (b'{"callbackUrl": "htt', 400, ("valid JSON",)),
    "an array": (b"[]", 400, ("JSON object",)),
    "a number": (b"1", 400, ("JSON object",)),
    "not a number": (b'{"timeout": NaN}', 400, ("valid JSON",)),
    "a raw NUL": (b'{"callbackUrl": "\0"}', 400, ("valid JSON",)),
    "not UTF-8": (b'{"body": "\xff\xfe"}', 400, ("valid JSON",)),
    "half a surrogate": (b'{"body": "\\ud800"}', 400, ("valid JSON",)),
    "deep arrays": (b'{"headers": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400, ("at most 32 levels deep",)),
    "deep objects": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 400, ("at most 32 levels deep",)),
    "a long number": (b'{"timeout": ' + b"9" * 10_000 + b"}", 400, ("at most 64 characters",)),
    "twice the same member": (b'{"callbackUrl": "https://a.example", "callbackUrl": 1}', 400, ("callbackUrl", "once")),
    "too large": (b'{"body": "' + b"a" * 262_144 + b'"}', 413, ("256 KiB",)),
    "20 MB": (b'{"body": "' + b"a" * 20_000_000 + b'"}', 413, ("256 KiB",)),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_request(world: World, key: str, name: str) -> None:
    body, status, words = BODIES[name]
    refused(world.request("POST", "/v1/tasks", key=key, body=body), status, *words)


FIELD_VALUES: list[tuple[str, Any, str]] = [
    ("callbackUrl", 7, "callbackUrl must be a valid HTTP/HTTPS URL"),
    ("callbackUrl", "", "callbackUrl is required"),
    ("callbackUrl", None, "callbackUrl is required"),
    ("callbackUrl", "ftp://example.com/", "callbackUrl must be a valid HTTP/HTTPS URL"),
    ("callbackUrl", "https://example.com/\u0000", "callbackUrl must be a valid HTTP/HTTPS URL"),
    ("callbackUrl", "https://example.com/\r\nHost: x", "callbackUrl must be a valid HTTP/HTTPS URL"),
    ("callbackUrl", "https://user:pass@example.com/", "callbackUrl must be a valid HTTP/HTTPS URL"),
    ("callbackUrl", "https://example.com/" + "a" * 2_048, "callbackUrl must be at most 2048 characters"),
    ("callbackUrl", "http://127.0.0.1/", "callbackUrl must not point to"),
    ("callbackUrl", "http://169.254.169.254/latest/meta-data/", "callbackUrl must not point to"),
    ("callbackUrl", "https://example.com:22/", "callbackUrl must not point to"),
    ("onCompleteUrl", "http://10.0.0.1/", "onCompleteUrl must not point to"),
    ("onCompleteUrl", "nonsense", "onCompleteUrl must be a valid HTTP/HTTPS URL"),
    ("onCompleteUrl", ["https://example.com"], "onCompleteUrl must be a valid HTTP/HTTPS URL"),
    ("method", "get", "method must be one of: GET, POST, PUT, DELETE"),
    ("method", 1, "method must be one of: GET, POST, PUT, DELETE"),
    ("method", ["GET"], "method must be one of"),
    ("headers", [], "headers must be an object with string values"),
    ("headers", "X-A: b", "headers must be an object with string values"),
    ("headers", {"X-A": 1}, "headers must be an object with string values"),
    ("headers", {"X-A": "a\r\nX-B: b"}, "X-A"),
    ("headers", {"X-A": "a\u0000"}, "X-A"),
    ("headers", {"X A": "b"}, "header"),
    ("headers", {"": "b"}, "header"),
    ("headers", {"Host": "internal"}, "Host"),
    ("headers", {"Idempotency-Key": "mine"}, "Idempotency-Key"),
    ("headers", {"Webhook-Signature": "mine"}, "Webhook-Signature"),
    ("headers", {f"X-{number}": "v" for number in range(65)}, "64"),
    ("body", {"order": 1}, "body must be a string"),
    ("body", 1, "body must be a string"),
    ("body", "a\u0000b", "body must not contain NUL characters"),
    ("maxWaitTime", "30", "maxWaitTime must be a number above 0 and at most 120 on the pro plan"),
    ("maxWaitTime", True, "maxWaitTime must be a number above 0"),
    ("maxWaitTime", 0, "maxWaitTime must be a number above 0"),
    ("maxWaitTime", -1, "maxWaitTime must be a number above 0"),
    ("maxWaitTime", 120.001, "at most 120 on the pro plan"),
    ("timeout", 1e308, "timeout must be a number above 0"),
    ("timeout", [], "timeout must be a number above 0"),
    ("delayUntil", "tomorrow", "delayUntil must be a valid ISO 8601 date"),
    ("delayUntil", 1705312800, "delayUntil must be a valid ISO 8601 date"),
    ("delayUntil", "2024-02-30", "delayUntil must be a valid ISO 8601 date"),
    ("delayUntil", "9999-12-31T23:59:59-12:00", "delayUntil must be a valid ISO 8601 date"),
    ("maxRetries", 11, "maxRetries must be a number between 0 and 10"),
    ("maxRetries", -1, "maxRetries must be a number between 0 and 10"),
    ("maxRetries", 2.5, "maxRetries must be a number between 0 and 10"),
    ("maxRetries", "3", "maxRetries must be a number between 0 and 10"),
    ("maxRetries", False, "maxRetries must be a number between 0 and 10"),
    ("retryBackoff", "Linear", "retryBackoff must be one of: linear, exponential"),
    ("retryBackoff", 1, "retryBackoff must be one of: linear, exponential"),
    ("callback_url", URL, "Unknown field: callback_url (did you mean callbackUrl?)"),
    ("status", "completed", "Unknown field: status"),
    ("x\r\ny<script>", 1, "Unknown field: x??y<script>"),
]


@pytest.mark.parametrize(("field", "value", "words"), FIELD_VALUES)
def test_a_field_that_is_wrong(world: World, key: str, field: str, value: Any, words: str) -> None:
    refused(world.request("POST", "/v1/tasks", key=key, json={"callbackUrl": URL, field: value}), 400, words)


def test_nothing_was_stored_or_sent_for_any_of_them() -> None:
    with World() as world:
        _, key = world.team()
        for body, _, _ in BODIES.values():
            world.request("POST", "/v1/tasks", key=key, body=body)
        for field, value, _ in FIELD_VALUES:
            world.request("POST", "/v1/tasks", key=key, json={"callbackUrl": URL, field: value})
        assert world.request("GET", "/v1/tasks", key=key).json["pagination"]["total"] == 0
        assert world.tasks_queue.next_visible_at() is None
        assert world.schedules.next_at() is None


QUERIES = {
    "limit=0": "limit",
    "limit=-1": "limit",
    "limit=many": "limit",
    "limit=1.5": "limit",
    "limit=%00": "limit",
    "offset=-1": "offset",
    "status=done": "status must be one of: pending, delayed",
    "status=": "status must be one of",
    "sortOrder=up": "sortOrder must be one of: asc, desc",
    "createdAfter=yesterday": "createdAfter must be a valid ISO 8601 date",
    "cursor=nonsense": "cursor is not valid",
    "cursor=%F0%9F%98%80": "cursor is not valid",
    "stats=failed": "Unknown query parameter: stats (did you mean status?)",
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_is_wrong(world: World, key: str, query: str) -> None:
    refused(world.request("GET", f"/v1/tasks?{query}", key=key), 400, QUERIES[query])


def test_a_cursor_opens_no_other_list(world: World) -> None:
    (_, mine), (_, other) = world.team(), world.team()
    for _ in range(3):
        world.request("POST", "/v1/tasks", key=mine, json={"callbackUrl": URL, "delayUntil": "2030-01-01"})
    link = world.request("GET", "/v1/tasks?limit=1", key=mine).headers["link"]
    target = link.partition("<")[2].partition(">")[0]
    assert world.request("GET", target, key=mine).status == 200
    refused(world.request("GET", target, key=other), 400, "cursor is not valid")
    refused(world.request("GET", target + "&status=failed", key=mine), 400, "cursor is not valid")


PATHS = {
    ("GET", "/v1/task"): 404,
    ("GET", "/v1"): 404,
    ("GET", "/v1/tasks/x/y/z"): 404,
    ("GET", "/v1/tasks/%00"): 404,
    ("GET", "/v1/tasks/../../etc"): 404,
    ("POST", "/v1/tasks/not-an-id/cancel"): 404,
    ("DELETE", "/v1/tasks"): 405,
    ("PATCH", "/v1/tasks/00000000-0000-0000-0000-000000000000"): 405,
    ("OPTIONS", "/v1/tasks"): 405,
    ("GET", "/nowhere"): 404,
    ("GET", "/operator"): 404,
}


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_a_path_or_a_method_that_is_not_there(world: World, key: str, method: str, path: str) -> None:
    reply = world.request(method, path, key=key)
    refused(reply, PATHS[method, path])
    if reply.status == 405:
        assert reply.headers["allow"]


CREDENTIALS: list[tuple[dict[str, str], str]] = [
    ({}, "API key required"),
    ({"Authorization": ""}, "API key required"),
    ({"Authorization": "Bearer"}, "API key required"),
    ({"Authorization": "Basic dXNlcjpwYXNz"}, "API key required"),
    ({"Authorization": "Bearer your-api-key"}, "Invalid or revoked API key"),
    ({"X-API-Key": "aq_live_" + "0" * 36}, "Invalid or revoked API key"),
    ({"X-API-Key": "\u00e9" * 20}, "Invalid or revoked API key"),
    ({"Authorization": f"Bearer {OPERATOR_KEY}"}, "Invalid or revoked API key"),
]


@pytest.mark.parametrize(("headers", "words"), CREDENTIALS)
def test_a_caller_without_a_key(world: World, headers: dict[str, str], words: str) -> None:
    reply = world.request("GET", "/v1/tasks", headers=headers)
    refused(reply, 401, words)
    assert reply.headers["www-authenticate"].startswith("Bearer")


def test_a_team_s_key_opens_nothing_of_the_operator_s(world: World, key: str) -> None:
    refused(world.request("GET", "/operator/teams", key=key), 401, "Invalid operator key")
    refused(world.request("POST", "/operator/teams", key=key, json={"name": "mine", "plan": "pro"}), 401)


def test_who_is_not_let_in_learns_nothing_about_the_rest_of_the_request(world: World) -> None:
    refused(world.request("POST", "/v1/tasks", body=b"x" * 300_000), 401, "API key required")


def test_a_problem_document_on_request(world: World, key: str) -> None:
    reply = world.request("POST", "/v1/tasks", key=key, json={}, headers={"Accept": "application/problem+json"})
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "callbackUrl is required",
        "requestId": reply.headers["x-request-id"],
        "errors": [{"field": "callbackUrl", "detail": "callbackUrl is required"}],
    }


def test_a_request_id_is_echoed_when_it_can_be(world: World, key: str) -> None:
    assert (
        world.request("GET", "/v1/tasks", key=key, headers={"X-Request-Id": "mine-1"}).headers["x-request-id"]
        == "mine-1"
    )
    for strange in ("a b", "x\r\nSet-Cookie: y", "", "a" * 200):
        reply = world.request("GET", "/v1/tasks", key=key, headers={"X-Request-Id": strange})
        assert reply.headers["x-request-id"] != strange


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=10), JSON, max_size=5), url=st.booleans())
def test_no_request_makes_the_app_stumble(world: World, key: str, members: dict[str, Any], url: bool) -> None:
    body = json.dumps({**members, **({"callbackUrl": URL} if url else {})}).encode(errors="surrogatepass")
    reply = world.request("POST", "/v1/tasks", key=key, body=body)
    assert reply.status in (201, 400)
    assert list(reply.json) == (["task"] if reply.status == 201 else ["error"])
