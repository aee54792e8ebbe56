"""Tasks that lead back to this API: they cannot multiply without end."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from world import ScriptedDoor, World, answer

from chalicelib import settings
from chalicelib.domain.exchange import Answer, Request
from chalicelib.domain.hops import MOST
from chalicelib.outbound.guard import Refusal
from chalicelib.wiring import places

GATEWAY = "abc123.execute-api.eu-west-1.amazonaws.com"
OWN = "tasks.shop.example"
BLOCKED = "must not point to a private or reserved address, name or port"


@pytest.fixture
def world() -> Iterator[World]:
    with World(own_hosts=(OWN,)) as world:
        yield world


@pytest.mark.parametrize(
    "url", [f"https://{OWN}/v1/tasks", f"http://{OWN.upper()}./", f"https://{GATEWAY}/live/v1/tasks"]
)
@pytest.mark.parametrize("field", ["callbackUrl", "targetUrl", "onCompleteUrl"])
def test_a_deployment_does_not_call_itself(world: World, field: str, url: str) -> None:
    _, key = world.team()
    sent = {"callbackUrl": "https://example.com/", field: url} if field == "onCompleteUrl" else {field: url}

    reply = world.request("POST", "/v1/tasks", key=key, json=sent, host=GATEWAY)

    assert reply.status == 400
    assert reply.json["error"].endswith(BLOCKED)
    assert world.request("GET", "/v1/tasks", key=key).json["pagination"]["total"] == 0


def test_another_deployments_gateway_may_be_called(world: World) -> None:
    _, key = world.team()

    reply = world.request(
        "POST", "/v1/tasks", key=key, json={"callbackUrl": f"https://{GATEWAY}/"}, host="other.example"
    )

    assert reply.status == 201


def test_the_setting_reaches_the_guard_that_workers_use() -> None:
    environ = {"OPERATOR_KEY": "x" * 16, "KEY_PEPPER": "x" * 16, "OWN_HOSTS": f"{OWN}, other.example"}

    guard = places.on_aws(settings.load(environ)).guard

    assert guard.judge(f"https://{OWN}/") is Refusal.BLOCKED
    assert guard.judge("https://other.example/") is Refusal.BLOCKED


def test_a_loop_of_tasks_ends(world: World) -> None:
    """Somebody's server, or a redirect, brings every callback back to the API as one more create request."""
    _, key = world.team()
    created: list[int] = []

    def bounce(request: Request) -> Answer:
        headers = {**dict(request.headers), "Authorization": f"Bearer {key}"}
        reply = world.request("POST", "/v1/tasks", headers=headers, body=request.body)
        created.append(reply.status)
        return answer(reply.status)

    door: ScriptedDoor = world.door
    door.script = bounce
    order = {"callbackUrl": "https://bouncer.example/", "maxRetries": 0}
    # Each callback's body creates the next task, which has one body less to go on with.
    for _ in range(MOST + 3):
        order = {**order, "body": json.dumps(order)}
    world.request("POST", "/v1/tasks", key=key, json=order)
    world.work()

    assert created == [201] * MOST + [400]
    assert [dict(call.headers)["X-Task-Hops"] for call in door.calls] == [str(1 + n) for n in range(MOST + 1)]


@pytest.mark.parametrize("value", ["6", "99999", "-1", "1.0", "many", "", "٣"])
def test_a_depth_that_is_none_is_refused(world: World, value: str) -> None:
    _, key = world.team()

    reply = world.request(
        "POST", "/v1/tasks", key=key, json={"callbackUrl": "https://example.com/"}, headers={"X-Task-Hops": value}
    )

    assert reply.status == 400
    assert reply.json == {"error": "X-Task-Hops must be at most 5: tasks create tasks in a loop"}


def test_nobody_can_reset_the_depth_of_what_is_sent(world: World) -> None:
    _, key = world.team()

    reply = world.request(
        "POST", "/v1/tasks", key=key, json={"callbackUrl": "https://example.com/", "headers": {"x-task-hops": "0"}}
    )

    assert reply.status == 400
    assert reply.json == {"error": "headers must not contain x-task-hops"}
