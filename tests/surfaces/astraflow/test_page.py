"""What the page about AstraFlow says of tasks and webhooks is what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook
from world import World

from chalicelib.domain.items import MOST_REMEMBERED, REMEMBERED, REMEMBERED_MS, TOMBSTONE_S
from chalicelib.domain.retry import DELIVERY_STEPS_S, LONGEST_RETRY_AFTER_MS
from chalicelib.domain.webhooks import MOST_FAILURES, ItemEvent
from chalicelib.engine.hooks import MOST_WEBHOOKS
from chalicelib.executors.delivery import TIMEOUT_MS
from chalicelib.surfaces.astraflow.edge import surface
from chalicelib.surfaces.astraflow.tasks import LONGEST_DESCRIPTION, LONGEST_NAME
from surfaces.astraflow.tenancy import application

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "astraflow.md").read_text("utf-8")
TEXT = " ".join(PAGE.split())
INSIDE = " ".join((DOCS / "how-it-works.md").read_text("utf-8").split())
_UNITS = {"s": 1, "min": 60, "h": 3_600}


def test_the_steps_are_those_of_the_code() -> None:
    told = re.search(r"attempts after the first come (.+?) after the one before", TEXT)

    assert told
    steps = re.findall(r"(\d+) (s|min|h)\b", told[1])
    assert tuple(int(number) * _UNITS[unit] for number, unit in steps) == DELIVERY_STEPS_S


@pytest.mark.parametrize(
    "sentence",
    [
        f"A tenant has at most {MOST_WEBHOOKS} webhooks.",
        f"Only an answer of the 200s within {TIMEOUT_MS // 1000} seconds is a success.",
        f"to {LONGEST_RETRY_AFTER_MS // 60_000} minutes at most, never shorter.",
        f"after {MOST_FAILURES} deliveries in a row that failed for good.",
        f"A name has at most {LONGEST_NAME} characters, a description at most {LONGEST_DESCRIPTION:,}.",
        *(f"| `{event.value}` |" for event in ItemEvent),
    ],
)
def test_the_numbers_and_names_are_those_of_the_code(sentence: str) -> None:
    assert sentence in TEXT


@pytest.mark.parametrize(
    "sentence",
    [
        f"remembered for {REMEMBERED_MS // 60_000} minutes, the newest {REMEMBERED} always, {MOST_REMEMBERED} at most;",
        f"a tombstone without content stays for {TOMBSTONE_S // 86_400} days |",
    ],
)
def test_what_is_told_of_the_inside_is_the_code_s(sentence: str) -> None:
    assert sentence in INSIDE


def test_every_route_of_tasks_and_webhooks_is_there() -> None:
    routes = {f"{method} {path}" for path, methods in surface.endpoints.items() for method in methods}
    told = set(re.findall(r"`([A-Z]+ /api/v1/(?:tasks|webhooks)[^`]*)`", PAGE))

    registering = {"POST /api/v1/webhooks"}
    assert told | registering == {route for route in routes if "/tasks" in route or "/webhooks" in route}


def test_the_examples_are_what_is_answered_and_sent() -> None:
    examples = [json.loads(line) for line in PAGE.splitlines() if line.startswith("{")]
    with World() as world:
        app = application(world)
        fields = {"name": "New", "due_date": "2025-07-01T12:00:00Z", "priority": "high"}
        webhook = app.made("POST /webhooks", {"url": "https://example.com/hook", "event": "task.created"})
        task = app.made("POST /tasks", fields)
        app.made("POST /tasks", {"name": "New"})
        world.deliver()
        sent = world.door.calls[-1]
        body = json.loads(sent.body or b"")

    assert {"id": task["id"], **fields, "status": "pending"} == task
    shapes = [_shape(example) for example in examples]
    for value in (task, webhook, body):
        assert _shape(value) in shapes
    assert Webhook(webhook["secret"])
    assert set(re.findall(r"\| `(webhook-[a-z]+|X-AstraFlow-Event)` \|", PAGE)) <= {name for name, _ in sent.headers}


def _shape(value: object) -> object:
    """The members of an object, in order, down to the last."""
    return [(name, _shape(member)) for name, member in value.items()] if isinstance(value, dict) else None
