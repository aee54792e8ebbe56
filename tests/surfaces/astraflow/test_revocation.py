"""Tokens after they were handed out: exchanged, revoked, asked about, and cut off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from world import World

from chalicelib.domain.access import Role
from surfaces.astraflow.parties import PASSWORD, Tenancy

HOUR_S = 3_600


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def here(world: World) -> Tenancy:
    return Tenancy(world)


class TestRefreshing:
    def test_the_successors_work_and_the_answer_can_be_had_once_more(self, world: World, here: Tenancy) -> None:
        granted = here.sign_in(here.admin.email, here.admin_password)
        first = here.grant(grant_type="refresh_token", refresh_token=granted["refresh_token"])
        world.clock.sleep(20_000)
        again = here.grant(grant_type="refresh_token", refresh_token=granted["refresh_token"])

        assert again == {**first, "expires_in": HOUR_S - 20}
        assert here.opens(first["access_token"]) == 200

    def test_a_third_time_ends_everything(self, world: World, here: Tenancy) -> None:
        granted = here.sign_in(here.admin.email, here.admin_password)
        form = {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}
        first, _, third = (here.ask("/oauth/token", form) for _ in range(3))

        assert (third.status, third.json["error"]) == (400, "invalid_grant")
        assert here.opens(granted["access_token"]) == 401
        assert here.opens(first.json["access_token"]) == 401
        assert here.ask("/oauth/token", {**form, "refresh_token": first.json["refresh_token"]}).status == 400

    def test_a_scope_that_is_refused_uses_nothing_up(self, world: World, here: Tenancy) -> None:
        here.user("viewer@example.com", Role.VIEWER)
        granted = here.sign_in("viewer@example.com")
        form = {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}

        for _ in range(5):
            assert here.ask("/oauth/token", {**form, "scope": "tasks:write"}).json["error"] == "invalid_scope"
        world.clock.sleep(60_000)
        assert here.ask("/oauth/token", form).status == 200

    def test_another_client_s_try_uses_nothing_up(self, world: World, here: Tenancy) -> None:
        granted = here.sign_in(here.admin.email, here.admin_password)
        form = {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}
        other = here.another_client()

        for _ in range(5):
            assert here.ask("/oauth/token", form, client=other).json["error"] == "invalid_grant"
        assert here.ask("/oauth/token", form).status == 200


class TestRevoking:
    @pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "something_else"])
    def test_a_token_is_dead_for_the_next_request_whatever_the_hint(
        self, world: World, here: Tenancy, hint: str | None
    ) -> None:
        token = here.token()
        reply = here.ask("/oauth/revoke", {"token": token, **({"token_type_hint": hint} if hint else {})})

        assert (reply.status, reply.body, reply.headers["cache-control"]) == (200, b"{}", "no-store")
        assert here.opens(token) == 401

    def test_a_refresh_token_takes_its_access_tokens_along(self, world: World, here: Tenancy) -> None:
        granted = here.sign_in(here.admin.email, here.admin_password)
        assert here.ask("/oauth/revoke", {"token": granted["refresh_token"]}).status == 200

        assert here.opens(granted["access_token"]) == 401

    @pytest.mark.parametrize("token", ["junk", "at_" + "x" * 43, "rt_" + "x" * 43])
    def test_an_unknown_token_is_revoked_already(self, world: World, here: Tenancy, token: str) -> None:
        assert here.ask("/oauth/revoke", {"token": token}).status == 200

    def test_another_client_s_token_is_not(self, world: World, here: Tenancy) -> None:
        token = here.token()
        for client in (here.another_client(), Tenancy(world, "Elsewhere").client):
            reply = here.ask("/oauth/revoke", {"token": token}, client=client)
            assert (reply.status, reply.json["error"]) == (400, "invalid_grant")

        assert here.opens(token) == 200

    def test_a_token_is_wanted_and_so_is_a_client(self, world: World, here: Tenancy) -> None:
        missing = here.ask("/oauth/revoke", {})
        nobody = here.ask("/oauth/revoke", {"token": here.token()}, headers={"Authorization": ""})
        query = here.ask("/oauth/revoke?token=x", {})

        assert (missing.status, missing.json["error"]) == (400, "invalid_request")
        assert (nobody.status, nobody.json["error"]) == (401, "invalid_client")
        assert (query.status, query.json["error"]) == (400, "invalid_request")


class TestIntrospection:
    def test_a_client_learns_what_its_tokens_are_worth(self, world: World, here: Tenancy) -> None:
        now_s = world.clock.now() // 1000
        granted = here.sign_in(here.admin.email, here.admin_password, scope="tasks:read")
        common = {
            "active": True,
            "scope": "tasks:read",
            "client_id": here.client.client.id,
            "iat": now_s,
            "sub": here.admin.id,
            "username": "admin@example.com",
        }

        access = here.ask("/oauth/introspect", {"token": granted["access_token"]})
        refresh = here.ask("/oauth/introspect", {"token": granted["refresh_token"]})

        assert access.json == {**common, "token_type": "Bearer", "exp": now_s + HOUR_S}
        assert refresh.json == {**common, "token_type": "refresh_token", "exp": now_s + 30 * 24 * HOUR_S}
        assert access.headers["cache-control"] == "no-store"

    def test_a_client_s_own_token_has_no_user(self, world: World, here: Tenancy) -> None:
        told = here.ask("/oauth/introspect", {"token": here.token()}).json

        assert told["sub"] == here.client.client.id
        assert "username" not in told

    def test_of_any_other_token_it_learns_nothing(self, world: World, here: Tenancy) -> None:
        granted = here.sign_in(here.admin.email, here.admin_password)
        here.grant(grant_type="refresh_token", refresh_token=granted["refresh_token"])
        revoked, expired = here.token(), here.token()
        here.ask("/oauth/revoke", {"token": revoked})
        others = [here.another_client(), Tenancy(world, "Elsewhere").client]
        foreign = [here.grant(client=client, grant_type="client_credentials")["access_token"] for client in others[:1]]

        for token in ("junk", revoked, granted["refresh_token"], *foreign):
            assert here.ask("/oauth/introspect", {"token": token}).json == {"active": False}
        for client in others:
            assert here.ask("/oauth/introspect", {"token": expired}, client=client).json == {"active": False}
        world.clock.sleep(HOUR_S * 1000)
        assert here.ask("/oauth/introspect", {"token": expired}).json == {"active": False}

    def test_nobody_else_is_answered(self, world: World, here: Tenancy) -> None:
        reply = here.ask("/oauth/introspect", {"token": here.token()}, headers={"Authorization": ""})

        assert (reply.status, reply.json["error"]) == (401, "invalid_client")


class TestBeingKeptOut:
    def test_too_many_wrong_passwords_are_told_with_a_time_to_come_back(self, world: World, here: Tenancy) -> None:
        here.user("ann@example.com")
        form = {"grant_type": "password", "username": "ann@example.com", "password": "wrong"}

        assert [here.ask("/oauth/token", form).status for _ in range(5)] == [400] * 5
        world.clock.sleep(60_000)
        kept_out = here.ask("/oauth/token", {**form, "password": PASSWORD})

        assert kept_out.status == 429
        assert kept_out.json == {
            "error": "invalid_grant",
            "error_description": "Too many wrong passwords; try again later",
        }
        assert kept_out.headers["retry-after"] == str(14 * 60)
        assert kept_out.headers["cache-control"] == "no-store"
        elsewhere = {**form, "password": PASSWORD, "client_id": here.client.client.id}
        elsewhere["client_secret"] = here.client.secret
        assert world.request("POST", "/oauth/token", json=elsewhere, address="198.51.100.7").status == 200
        world.clock.sleep(14 * 60_000)
        assert here.ask("/oauth/token", {**form, "password": PASSWORD}).status == 200
