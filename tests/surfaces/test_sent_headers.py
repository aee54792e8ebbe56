"""Every header that a receiver really gets is named by the description, by the page for receivers, and by the view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sinks import Got, Sinks
from world import LOOPBACK, World

from chalicelib.domain.masking import MASK
from chalicelib.domain.signing import OF_A_MOMENT
from chalicelib.outbound.client import Client
from chalicelib.outbound.door import Door
from chalicelib.outbound.guard import Guard
from chalicelib.outbound.resolver import SystemResolver
from surfaces.astraflow.tenancy import Application, application
from surfaces.description.documents import DOCUMENT, faults, resolved

#: What every HTTP request has, and its body's type, which a description says beside the body.
OF_HTTP = {"host", "connection", "content-length", "accept-encoding", "content-type"}
PAGE = (Path(__file__).parents[2] / "docs" / "verify-signatures.md").read_text("utf-8")


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    with Sinks() as sinks:
        yield sinks


@pytest.fixture
def world() -> Iterator[World]:
    door: Any = Door(Guard(LOOPBACK), SystemResolver(), Client())
    with World(door=door, outbound_allow_networks=LOOPBACK) as world:
        yield world


def said(path_item: str) -> dict[str, Any]:
    """The headers that the description names, by their names in lower case, with their schemas."""
    parameters = [resolved(each) for each in DOCUMENT["components"]["pathItems"][path_item]["post"]["parameters"]]
    assert all(each["in"] == "header" and each["required"] for each in parameters)
    return {each["name"].lower(): each["schema"] for each in parameters}


def assert_as_said(got: Got, path_item: str) -> None:
    """A request has the headers that the description names, with such values, and no others."""
    schemas = said(path_item)
    assert got.headers.keys() - OF_HTTP == schemas.keys()
    place = f"#/components/pathItems/{path_item}/post/parameters"
    for number, parameter in enumerate(DOCUMENT["components"]["pathItems"][path_item]["post"]["parameters"]):
        pointer = f"{parameter['$ref']}/schema" if "$ref" in parameter else f"{place}/{number}/schema"
        name = resolved(parameter)["name"].lower()
        value: Any = got.headers[name]
        wanted = int(value) if schemas[name].get("type") == "integer" else value
        assert faults(DOCUMENT, pointer, wanted) == [], name
    told = {name.lower() for name in re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE)}
    assert schemas.keys() <= told


def test_a_callback_and_its_completion_webhook(world: World, sinks: Sinks) -> None:
    _, key = world.team()
    url, done = sinks.open("500; 200"), sinks.open("200")
    order = {"callbackUrl": url, "onCompleteUrl": done, "body": "{}", "maxRetries": 1}
    world.request("POST", "/v1/tasks", key=key, json=order)
    world.work()

    calls, (completion,) = sinks.received(url), sinks.received(done)
    assert [call.headers["x-task-last-attempt"] for call in calls] == ["false", "true"]
    for call in calls:
        assert_as_said(call, "Callback")
    assert_as_said(completion, "OnComplete")


@pytest.fixture
def app(world: World) -> Application:
    return application(world)


def test_an_event_of_astraflow(world: World, app: Application, sinks: Sinks) -> None:
    hook = app.webhook(url=sinks.open("503; 200"))
    path = f"/webhooks/{hook['id']}/deliveries"
    app.task()
    (before,) = app.made(f"GET {path}")["deliveries"]
    world.deliver()
    (between,) = app.made(f"GET {path}")["deliveries"]
    world.work()
    (after,) = app.made(f"GET {path}")["deliveries"]

    first, second = sinks.received(hook["url"])
    for got in (first, second):
        assert_as_said(got, "AstraFlowEvent")
    assert shown(before) == shown(between) == sent(first)
    assert shown(after) == sent(second)
    assert (shown(between)["x-task-attempt"], shown(after)["x-task-attempt"]) == ("1", "2")


def test_a_replay_of_an_event_keeps_its_message(world: World, app: Application, sinks: Sinks) -> None:
    hook = app.webhook(url=sinks.open("200"))
    app.task()
    world.work()
    path = f"/webhooks/{hook['id']}/deliveries"
    (first,) = app.made(f"GET {path}")["deliveries"]
    again = app.made(f"POST {path}/{first['id']}/replay")
    world.work()

    assert shown(app.made(f"GET {path}/{again['id']}")) == sent(sinks.received(hook["url"])[1])


def test_the_last_attempt_says_so(world: World, app: Application, sinks: Sinks) -> None:
    hook = app.webhook(url=sinks.open("503"))
    app.task()
    world.work()

    (delivery,) = world.request(
        "GET", f"/api/v1/webhooks/{hook['id']}/deliveries", key=application(world, tenant=app.tenant).token
    ).json["deliveries"]
    assert shown(delivery) == sent(sinks.received(hook["url"])[-1])
    assert (shown(delivery)["x-task-attempt"], shown(delivery)["x-task-last-attempt"]) == ("9", "true")


def shown(delivery: Any) -> dict[str, str]:
    """The headers that the view of a delivery shows."""
    return {name.lower(): value for name, value in delivery["request"]["headers"].items()}


def sent(got: Got) -> dict[str, str]:
    """The headers that came, with a mask for those that are other ones each time."""
    kept = {name: value for name, value in got.headers.items() if name not in OF_HTTP - {"content-type"}}
    return {**kept, **{name.lower(): MASK for name in OF_A_MOMENT}}
