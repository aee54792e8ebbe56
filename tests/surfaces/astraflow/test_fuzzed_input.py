"""Whatever is sent to tasks and webhooks, the answer is in shape and never a fault of the service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world import World

from surfaces.astraflow.tenancy import Application, application

NAMES = ("name", "description", "status", "due_date", "priority", "url", "event", "overlap_seconds", "id")
texts = st.text(max_size=20) | st.sampled_from(
    [
        "pending",
        "active",
        "high",
        "task.created",
        "2030-01-01",
        "9999-12-31T23:59:59Z",
        "0001-01-01",
        "https://a.example/",
    ]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(texts, scalars, max_size=3)
bodies = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), values, max_size=5)
LINES = ("POST /tasks", "PUT /tasks/{task}", "POST /webhooks", "POST /webhooks/{webhook}/rotate")
LISTS = ("/tasks", "/webhooks", "/webhooks/{webhook}/deliveries", "/tasks/{task}")


@pytest.fixture
def app() -> Iterator[Application]:
    with World() as world:
        yield application(world)


def shaped(reply: Any) -> None:
    """An answer that works, or a refusal in the manual's shape."""
    assert reply.status < 500
    if reply.status >= 400:
        assert list(reply.json) == ["code", "error", "message"]
        assert reply.json["code"] == reply.status


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(LINES), bodies)
def test_any_object_is_taken_or_refused_in_shape(app: Application, line: str, body: Any) -> None:
    existing = app.made("GET /webhooks")["webhooks"]
    webhook = existing[0]["id"] if existing else app.webhook()["id"]

    shaped(app.ask(line.format(task=app.task()["id"], webhook=webhook), body=json.dumps(body).encode()))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(LINES), st.binary(max_size=60))
def test_any_bytes_are_taken_or_refused_in_shape(app: Application, line: str, body: bytes) -> None:
    shaped(app.ask(line.format(task=app.task()["id"], webhook="x"), body=body))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(LISTS),
    st.dictionaries(
        st.sampled_from(["status", "page", "per_page", "limit", "cursor", "page;"]) | st.text(max_size=5),
        st.text(max_size=12) | st.integers().map(str),
        max_size=3,
    ),
)
def test_any_query_is_taken_or_refused_in_shape(app: Application, path: str, query: dict[str, str]) -> None:
    existing = app.made("GET /webhooks")["webhooks"]
    webhook = existing[0]["id"] if existing else app.webhook()["id"]

    shaped(app.ask(f"GET {path.format(task=app.task()['id'], webhook=webhook)}?{urlencode(query)}"))
