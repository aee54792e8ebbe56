"""Who is let in to AstraFlow's API, how often, and how its refusals read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from world import World

from chalicelib.domain.access import ROLE_SCOPES, Role
from chalicelib.domain.literals import ASTRAFLOW_TOKENS
from chalicelib.domain.ratelimit import Rate
from chalicelib.names import Names
from chalicelib.surfaces.astraflow.edge import DESCRIPTIONS
from chalicelib.surfaces.astraflow.routes import surface
from chalicelib.surfaces.demo import ASTRAFLOW_ADMIN, ASTRAFLOW_TENANT
from infra.docs import openapi
from surfaces.astraflow.parties import Tenancy

LOCAL = Names("local", "123456789012", "us-east-1")
USERS = "/api/v1/users"
LIMITS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def here(world: World) -> Tenancy:
    return Tenancy(world)


class TestTokens:
    @pytest.mark.parametrize(
        "authorization", [None, "", "Bearer", "Bearer ", "Basic YWJjOmRlZg==", "at_" + "x" * 43], ids=str
    )
    def test_without_a_token_the_answer_names_the_scheme_alone(
        self, world: World, here: Tenancy, authorization: str | None
    ) -> None:
        headers = {} if authorization is None else {"Authorization": authorization}
        reply = world.request("GET", USERS, headers=headers)

        assert reply.status == 401
        assert reply.json == {
            "code": 401,
            "error": "Unauthorized",
            "message": "Invalid or missing authentication token",
        }
        assert reply.headers["www-authenticate"] == 'Bearer realm="Sluice"'

    @pytest.mark.parametrize("token", ["junk", "at_" + "x" * 43, "rt_" + "x" * 43, *sorted(ASTRAFLOW_TOKENS)])
    def test_a_token_that_opens_nothing_is_called_invalid(self, world: World, here: Tenancy, token: str) -> None:
        reply = world.request("GET", USERS, key=token)

        assert reply.status == 401
        assert reply.headers["www-authenticate"] == 'Bearer realm="Sluice", error="invalid_token"'
        assert token.encode() not in reply.body

    def test_another_api_s_key_is_no_token_and_a_token_is_no_key(self, world: World, here: Tenancy) -> None:
        _, team_key = world.team()

        assert world.request("GET", USERS, key=team_key).status == 401
        assert world.request("GET", USERS, headers={"X-API-Key": here.token()}).status == 401
        assert world.request("GET", "/v1/tasks", key=here.token()).status == 401
        assert world.request("GET", "/operator/teams", key=here.token()).status == 401

    def test_a_token_lives_an_hour(self, world: World, here: Tenancy) -> None:
        token = here.token()
        world.clock.sleep(3_600_000 - 1)
        assert here.opens(token) == 200
        world.clock.sleep(1)
        assert here.opens(token) == 401

    @pytest.mark.parametrize("role", Role)
    def test_a_user_may_do_what_the_role_may(self, world: World, here: Tenancy, role: Role) -> None:
        reply = world.request("GET", USERS, key=here.as_role(role))

        assert reply.status == (200 if "users:admin" in ROLE_SCOPES[role] else 403)

    def test_a_scope_that_is_missing_is_named(self, world: World, here: Tenancy) -> None:
        reply = world.request("GET", USERS, key=here.token(scope="tasks:read webhooks:write"))

        assert reply.status == 403
        assert reply.json == {
            "code": 403,
            "error": "Forbidden",
            "message": "Insufficient permissions for this resource",
        }
        assert reply.headers["www-authenticate"] == (
            'Bearer realm="Sluice", error="insufficient_scope", scope="users:admin"'
        )

    def test_the_record_says_who_asked_and_nothing_secret(self, world: World, here: Tenancy) -> None:
        granted = here.sign_in(here.admin.email, here.admin_password)
        here.opens(granted["access_token"])

        record = world.recording.named("request")[-1]
        assert (record["tenant"], record["client"], record["user"]) == (here.id, here.client.client.id, here.admin.id)
        assert granted["access_token"] not in str(world.recording.events)


OPENS = {
    f"{method} {path}": endpoint.access
    for path, methods in surface.endpoints.items()
    for method, endpoint in methods.items()
}


@pytest.mark.parametrize("route", OPENS)
@pytest.mark.parametrize("role", Role)
def test_a_route_opens_to_the_roles_that_have_its_scope(world: World, here: Tenancy, route: str, role: Role) -> None:
    method, path = route.split(" ")
    reply = world.request(method, re.sub(r"\{\w+\}", "nobody", path), key=here.as_role(role), json={})

    assert (reply.status == 403) is (OPENS[route] not in ROLE_SCOPES[role])


@pytest.mark.parametrize("route", OPENS)
def test_a_route_is_described_with_the_scope_that_it_takes(route: str) -> None:
    method, path = route.split(" ")
    described = openapi.served()["paths"][path][method.lower()]

    assert described["security"] == [{"accessToken": [OPENS[route]]}]


class TestTheLimit:
    @pytest.fixture
    def limited(self) -> Iterator[World]:
        with World(astraflow_rate=Rate(100)) as world:
            yield world

    def test_a_client_has_a_hundred_requests_in_any_minute(self, limited: World) -> None:
        here = Tenancy(limited)
        token, began = here.token(), limited.clock.now()

        for used in range(1, 101):
            reply = limited.request("GET", USERS, key=token)
            assert reply.status == 200
            assert [reply.headers[name] for name in LIMITS] == ["100", str(100 - used), str(began // 1000 + 60)]
            limited.clock.sleep(100)
        refused = limited.request("GET", USERS, key=token)
        assert refused.status == 429
        assert refused.json == {"code": 429, "error": "Too Many Requests", "message": "Rate limit exceeded"}
        assert [refused.headers[name] for name in LIMITS] == ["100", "0", str(began // 1000 + 60)]
        assert refused.headers["retry-after"] == "50"
        limited.clock.sleep(50_000)
        assert limited.request("GET", USERS, key=token).status == 200
        assert limited.request("GET", USERS, key=token).status == 429

    def test_all_tokens_of_a_client_share_one_window_and_clients_do_not(self, limited: World) -> None:
        here = Tenancy(limited)
        tokens = [here.token(), here.sign_in(here.admin.email, here.admin_password)["access_token"]]
        other = here.grant(client=here.another_client(), grant_type="client_credentials")["access_token"]

        statuses = [limited.request("GET", USERS, key=tokens[number % 2]).status for number in range(101)]

        assert statuses == [200] * 100 + [429]
        assert limited.request("GET", USERS, key=other).status == 200

    def test_a_refusal_for_want_of_a_scope_counts_and_one_for_want_of_a_token_does_not(self, limited: World) -> None:
        here = Tenancy(limited)
        narrow = here.token(scope="tasks:read")

        for _ in range(3):
            assert limited.request("GET", USERS).status == 401
        forbidden = limited.request("GET", USERS, key=narrow)

        assert (forbidden.status, forbidden.headers["x-ratelimit-remaining"]) == (403, "99")

    def test_asking_for_tokens_uses_nothing_of_it(self, limited: World) -> None:
        here = Tenancy(limited)
        tokens = [here.token() for _ in range(3)]

        assert limited.request("GET", USERS, key=tokens[0]).headers["x-ratelimit-remaining"] == "99"

    def test_a_limit_of_nothing_is_lifted(self, world: World, here: Tenancy) -> None:
        token = here.token()

        replies = [world.request("GET", USERS, key=token) for _ in range(150)]

        assert {reply.status for reply in replies} == {200}
        assert not set(LIMITS) & replies[0].headers.keys()


class TestRefusals:
    @pytest.mark.parametrize("path", ["/api/v1", "/api/v1/nothing", "/api/v1/users/u123", "/api/v1/a/b/c"])
    def test_what_is_not_there_is_told_as_the_manual_does(self, world: World, path: str) -> None:
        reply = world.request("GET", path)

        assert reply.status == 404
        assert reply.json == {"code": 404, "error": "Not Found", "message": "Resource does not exist"}

    def test_a_method_that_is_not_there_is_told_with_those_that_are(self, world: World) -> None:
        reply = world.request("DELETE", USERS)

        assert reply.status == 405
        assert reply.json == {"code": 405, "error": "Method Not Allowed", "message": "Method not allowed"}
        assert reply.headers["allow"] == "GET, POST, HEAD"

    def test_a_failure_is_told_without_a_trace(self) -> None:
        class Failing:
            def __init__(self, port: Any) -> None:
                self._port = port

            def users(self, *_: Any) -> Any:
                raise ZeroDivisionError("of /secret/path")

            def __getattr__(self, name: str) -> Any:
                return getattr(self._port, name)

        with World(wrap=lambda name, port: Failing(port) if name == "access" else port) as world:
            here = Tenancy(world)
            reply = world.request("GET", USERS, key=here.token())

        assert reply.status == 500
        assert reply.json == {"code": 500, "error": "Internal Server Error", "message": "Unexpected server error"}

    def test_a_problem_document_is_had_on_request(self, world: World, here: Tenancy) -> None:
        headers = {"Accept": "application/problem+json", "X-Request-Id": "mine"}
        reply = world.request("GET", f"{USERS}?page=x", key=here.token(), headers=headers)

        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json == {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "page must be a whole number of 1 or more",
            "requestId": "mine",
            "errors": [{"field": "page", "detail": "page must be a whole number of 1 or more"}],
        }

    def test_the_words_are_those_of_the_manual(self) -> None:
        assert DESCRIPTIONS == {
            401: "Invalid or missing authentication token",
            403: "Insufficient permissions for this resource",
            404: "Resource does not exist",
            429: "Rate limit exceeded",
            500: "Unexpected server error",
        }


class TestTheTokensOfTheExamples:
    def test_on_the_local_stage_they_speak_for_the_demo_admin(self) -> None:
        with World(names=LOCAL) as world:
            _, _, admin = world.platform.tenants.create("Demo", ASTRAFLOW_ADMIN, id_=ASTRAFLOW_TENANT)
            listed = [world.request("GET", USERS, key=token) for token in sorted(ASTRAFLOW_TOKENS)]
            world.platform.tenants.switch_user(ASTRAFLOW_TENANT, admin.user.id, active=False)
            locked_out = world.request("GET", USERS, key="YOUR_TOKEN")

        assert [reply.json["users"][0]["email"] for reply in listed] == [ASTRAFLOW_ADMIN] * 2
        assert locked_out.status == 401

    def test_without_the_demo_tenant_they_speak_for_nobody(self) -> None:
        with World(names=LOCAL) as world:
            assert world.request("GET", USERS, key="YOUR_TOKEN").status == 401

    def test_elsewhere_they_are_nothing_whatever_stands_in_the_store(self, world: World) -> None:
        world.platform.tenants.create("Demo", ASTRAFLOW_ADMIN, id_=ASTRAFLOW_TENANT)

        assert [world.request("GET", USERS, key=token).status for token in ASTRAFLOW_TOKENS] == [401, 401]


def test_a_request_s_id_comes_back(world: World) -> None:
    assert world.request("GET", USERS, headers={"X-Request-Id": "mine"}).headers["x-request-id"] == "mine"
    assert re.fullmatch("[0-9a-f-]{36}", world.request("GET", USERS).headers["x-request-id"])
