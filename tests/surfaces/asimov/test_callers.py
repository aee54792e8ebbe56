"""Who may call Asimov, whose tasks are whose, and how many requests are let in."""

from __future__ import annotations

from typing import Any

import pytest
from world import World

from chalicelib.domain.identity import PLANS
from chalicelib.names import Names
from chalicelib.settings import SettingError, load
from chalicelib.surfaces.demo import ASYNCQUEUE_TEAM
from surfaces.asimov.customer import Customer, refused

LOCAL = Names("local", "123456789012", "us-east-1")
TASK = {"callbackUrl": "https://api.example.com/webhook"}


def closed(**changes: Any) -> World:
    return World(asimov_open=False, **changes)


def opened(**changes: Any) -> World:
    return World(asimov_open=True, **changes)


# --- keys ---------------------------------------------------------------------------------------------------------


def test_where_the_deployment_is_not_open_it_takes_a_teams_key() -> None:
    with closed() as world:
        reply = Customer(world).carry_out()
        refused(reply, 401, "UNAUTHORIZED", "API key required")
        assert reply.headers["www-authenticate"] == 'Bearer realm="Sluice"'
        assert Customer(world, world.team()[1]).carry_out().status == 200


def test_a_key_may_come_in_either_header() -> None:
    with closed() as world:
        _, key = world.team()
        assert Customer(world).carry_out(X_API_Key=key).status == 200
        assert Customer(world).carry_out(Authorization=f"bearer {key}").status == 200
        assert Customer(world).carry_out(Authorization="Bearer wrong", X_API_Key=key).status == 401


@pytest.mark.parametrize("key", ["wrong", "your-api-key", "asyncflow-api-key"])
def test_a_key_that_opens_nothing_is_refused_also_where_none_is_needed(key: str) -> None:
    for world in (closed(), opened()):
        with world:
            world.platform.teams.create("not the demo team of a local stage", "pro", team_id=ASYNCQUEUE_TEAM)
            refused(Customer(world, key).carry_out(), 401, "UNAUTHORIZED", "Invalid or revoked API key")


def test_a_revoked_key_fails_the_next_request() -> None:
    with closed() as world:
        team, key = world.team()
        customer = Customer(world, key)
        assert customer.carry_out().status == 200
        (only,) = world.platform.teams.keys(team)
        world.platform.teams.revoke_key(team, only.key.id)
        assert customer.carry_out().status == 401


def test_the_local_stage_and_whoever_says_so_is_open() -> None:
    secrets = {"OPERATOR_KEY": "x" * 16, "KEY_PEPPER": "x" * 16}
    assert load(secrets).asimov_open
    assert not load({**secrets, "ASIMOV_OPEN": "off"}).asimov_open
    assert not load({**secrets, "SLUICE_STAGE": "prod"}).asimov_open
    assert load({**secrets, "SLUICE_STAGE": "prod", "ASIMOV_OPEN": "on"}).asimov_open
    with pytest.raises(SettingError, match="ASIMOV_OPEN must be one of off, on, not 'yes'"):
        load({**secrets, "SLUICE_STAGE": "prod", "ASIMOV_OPEN": "yes"})


def test_the_record_of_a_request_says_for_whom_it_was() -> None:
    with opened() as world:
        team, key = world.team()
        Customer(world).carry_out()
        Customer(world, key).carry_out()
        assert [request["team"] for request in world.recording.named("request")] == ["open", team]


# --- whose tasks --------------------------------------------------------------------------------------------------


def test_a_task_is_its_teams_alone() -> None:
    with opened() as world:
        mine, other, nobody = Customer(world, world.team()[1]), Customer(world, world.team()[1]), Customer(world)
        for owner, strangers in ((mine, (other, nobody)), (nobody, (mine, other))):
            task_id = owner.start()
            for stranger in strangers:
                for method in ("GET", "DELETE"):
                    reply = stranger.ask(method, f"/api/tasks/{task_id}")
                    refused(reply, 404, "NOT_FOUND", "Task not found")
            assert owner.task(task_id)["_state"] == "PENDING"


def test_two_teams_may_use_the_same_idempotency_key() -> None:
    with opened() as world:
        customers = [Customer(world, world.team()[1]), Customer(world, world.team()[1]), Customer(world)]
        assert len({customer.start(Idempotency_Key="one") for customer in customers}) == 3


def test_the_tasks_of_another_api_are_not_found_here_and_the_reverse() -> None:
    with opened() as world:
        _, key = world.team()
        customer = Customer(world, key)
        theirs = world.request("POST", "/v1/tasks", key=key, json=TASK).json["task"]["id"]
        ours = customer.start()
        for method in ("GET", "DELETE"):
            assert customer.ask(method, f"/api/tasks/{theirs}").status == 404
        for method, path in (("GET", f"/v1/tasks/{ours}"), ("POST", f"/v1/tasks/{ours}/cancel")):
            reply = world.request(method, path, key=key)
            assert (reply.status, reply.json) == (404, {"error": "Task not found"})
        listed = world.request("GET", "/v1/tasks", key=key).json
        assert [task["id"] for task in listed["tasks"]] == [theirs]
        assert listed["pagination"]["total"] == 1


def test_one_idempotency_key_serves_two_apis() -> None:
    with opened() as world:
        _, key = world.team()
        repeat = {"Idempotency-Key": "one"}
        assert world.request("POST", "/v1/tasks", key=key, json=TASK, headers=repeat).status == 201
        assert Customer(world, key).carry_out(X_Request_Mode="async", Idempotency_Key="one").status == 202


# --- limits -------------------------------------------------------------------------------------------------------


def test_a_team_has_the_limit_of_its_plan_in_a_window_of_its_own() -> None:
    with closed(asyncqueue_rate_limit=None) as world:
        _, key = world.team("free")
        customer = Customer(world, key)
        most = PLANS["free"].requests_per_minute
        for number in range(most):
            reply = customer.carry_out()
            assert reply.status == 200
            assert reply.headers["x-ratelimit-limit"] == str(most)
            assert reply.headers["x-ratelimit-remaining"] == str(most - 1 - number)
        reply = customer.carry_out()
        refused(reply, 429, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded")
        assert reply.headers["retry-after"] == "60"
        assert reply.headers["ratelimit"] == f'"default";r=0;t={60}'
        assert world.request("GET", "/v1/tasks", key=key).status == 200
        assert Customer(world, world.team("free")[1]).carry_out().status == 200


def test_all_who_have_no_key_share_one_limit() -> None:
    with opened(asimov_rate_limit=2) as world:
        replies = [Customer(world).carry_out() for _ in range(3)]
        assert [reply.status for reply in replies] == [200, 200, 429]
        assert [reply.headers["x-ratelimit-remaining"] for reply in replies] == ["1", "0", "0"]
        assert Customer(world, world.team()[1]).carry_out().status == 200
        world.clock.sleep(60_000)
        assert Customer(world).carry_out().status == 200


def test_a_limit_of_0_is_none() -> None:
    with opened(asimov_rate_limit=0) as world:
        replies = [Customer(world).carry_out() for _ in range(20)]
        assert {reply.status for reply in replies} == {200}
        assert not [name for name in replies[0].headers if "ratelimit" in name]


def test_a_refused_caller_uses_no_quota() -> None:
    with opened(asimov_rate_limit=2) as world:
        for _ in range(5):
            assert Customer(world, "wrong").carry_out().status == 401
        assert [Customer(world).carry_out().status for _ in range(3)] == [200, 200, 429]


def test_the_key_comes_before_the_limit_and_the_limit_before_the_rest() -> None:
    with opened(asimov_rate_limit=1) as world:
        assert Customer(world).ask("POST", "/api/nothing", body=b"{", X_Request_Mode="later").status == 404
        assert Customer(world).ask("POST", "/api/nothing", body=b"{").status == 429
        assert Customer(world, "wrong").ask("POST", "/api/nothing", body=b"{").status == 401


def test_the_manuals_own_key_of_asyncqueue_works_on_the_local_stage() -> None:
    with World(names=LOCAL) as world:
        assert Customer(world, "your-api-key").carry_out().status == 401
        _, minted = world.platform.teams.create("Demo", "pro", team_id=ASYNCQUEUE_TEAM)
        task_id = Customer(world, "your-api-key").start()
        assert Customer(world, minted.secret).task(task_id)["id"] == task_id
