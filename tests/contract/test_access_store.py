"""Tenants, clients, users and tokens: what is stored once, what is replaced, and who comes first."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from contract_samples import NOW, fresh

from chalicelib.domain.access import SCOPES, Client, Role, Tenant, Token, TokenKind, User, client_id, user_id
from chalicelib.domain.identity import Team
from chalicelib.ports.access import AccessStore
from chalicelib.ports.identity import TeamStore

HOUR = 3_600_000


def a_tenant() -> Tenant:
    return Tenant(f"t{uuid.uuid4().hex[:16]}", "Größe & Söhne 🐙", NOW)


def a_client(tenant: str, **fields: Any) -> Client:
    sample = Client(
        id=client_id(tenant, uuid.uuid4().bytes),
        tenant=tenant,
        name="backend",
        secret_hash=uuid.uuid4().hex,
        scopes=frozenset(SCOPES[:2]),
        created_at=NOW,
    )
    return replace(sample, **fields)


def a_user(tenant: str, email: str = "ann@example.com", **fields: Any) -> User:
    sample = User(user_id(tenant, email), tenant, email, "scrypt$4$1$1$c2FsdA==$aGFzaA==", Role.MEMBER, NOW)
    return replace(sample, **fields)


def a_token(tenant: str, **fields: Any) -> Token:
    sample = Token(
        hash=uuid.uuid4().hex,
        kind=TokenKind.REFRESH,
        tenant=tenant,
        client=client_id(tenant, uuid.uuid4().bytes),
        user=None,
        scopes=frozenset(SCOPES),
        family=fresh("family"),
        issued_at=NOW,
        expires_at=NOW + HOUR,
    )
    return replace(sample, **fields)


def test_a_tenant_s_clients_are_listed_oldest_first_and_no_other_s(access: AccessStore) -> None:
    ours, theirs = a_tenant().id, a_tenant().id
    younger, older = a_client(ours, created_at=NOW + 1), a_client(ours, disabled=True)
    for client in (younger, a_client(theirs), older):
        access.put_client(client)

    assert access.clients(ours) == [older, younger]
    assert access.clients(a_tenant().id) == []


class TestTenants:
    def test_a_new_tenant_reads_back_whole(self, access: AccessStore) -> None:
        tenant = a_tenant()

        assert access.add_tenant(tenant)
        assert access.tenant(tenant.id) == tenant
        assert access.tenant(a_tenant().id) is None

    def test_a_tenant_cannot_be_new_twice(self, access: AccessStore) -> None:
        tenant = a_tenant()
        access.add_tenant(tenant)

        assert not access.add_tenant(replace(tenant, name="another"))
        assert access.tenant(tenant.id) == tenant

    def test_all_tenants_are_listed_and_nothing_else(self, access: AccessStore, identity: TeamStore) -> None:
        tenants = [a_tenant() for _ in range(3)]
        for tenant in tenants:
            access.add_tenant(tenant)
            access.put_client(a_client(tenant.id))
            access.save_user(a_user(tenant.id), over=None)
        team = Team(fresh("team"), "a team", "free", NOW)
        identity.save(team, over=None)

        listed = access.tenants()

        assert [tenant for tenant in listed if tenant in tenants] == sorted(tenants, key=listed.index)
        assert len({tenant.id for tenant in listed}) == len(listed)
        assert team.id in {other.id for other in identity.teams()}
        assert not {tenant.id for tenant in listed} & {other.id for other in identity.teams()}


class TestClients:
    def test_a_client_reads_back_whole_and_is_replaced_in_whole(self, access: AccessStore) -> None:
        client = a_client(a_tenant().id)
        access.put_client(client)
        assert access.client(client.id) == client

        access.put_client(replace(client, disabled=True))

        assert access.client(client.id) == replace(client, disabled=True)

    def test_a_use_is_noted_over_one_that_is_old_enough_alone(self, access: AccessStore) -> None:
        client = a_client(a_tenant().id)
        access.put_client(client)

        assert access.use_client(client.id, at=NOW, before=NOW - HOUR)
        assert not access.use_client(client.id, at=NOW + HOUR - 1, before=NOW - 1)
        assert access.client(client.id) == replace(client, used_at=NOW)
        assert access.use_client(client.id, at=NOW + HOUR, before=NOW)
        assert access.clients(client.tenant) == [replace(client, used_at=NOW + HOUR)]

    def test_a_client_that_is_locked_out_keeps_its_last_use_and_stays_out(self, access: AccessStore) -> None:
        client = a_client(a_tenant().id)
        access.put_client(client)
        access.use_client(client.id, at=NOW, before=NOW - HOUR)

        access.put_client(replace(client, disabled=True))
        access.use_client(client.id, at=NOW + HOUR, before=NOW)

        assert access.client(client.id) == replace(client, disabled=True, used_at=NOW + HOUR)

    def test_a_use_makes_no_client(self, access: AccessStore) -> None:
        client = a_client(a_tenant().id)

        assert not access.use_client(client.id, at=NOW, before=NOW - HOUR)
        assert access.client(client.id) is None

    def test_an_unknown_client_is_none(self, access: AccessStore) -> None:
        assert access.client(a_client(a_tenant().id).id) is None


class TestUsers:
    def test_a_new_user_reads_back_whole(self, access: AccessStore) -> None:
        user = a_user(a_tenant().id, role=Role.ADMIN, active=False)

        assert access.save_user(user, over=None)
        assert access.user(user.tenant, user.id) == user

    def test_another_tenant_has_no_such_user(self, access: AccessStore) -> None:
        user = a_user(a_tenant().id)
        access.save_user(user, over=None)

        assert access.user(a_tenant().id, user.id) is None

    def test_an_address_is_taken_once_in_a_tenant_however_many_want_it(self, access: AccessStore) -> None:
        tenant, other = a_tenant().id, a_tenant().id
        rivals = [a_user(tenant, "Ann@Example.com" if odd % 2 else "ann@example.com") for odd in range(8)]
        rivals = [replace(rival, password=f"{number}") for number, rival in enumerate(rivals)]

        with ThreadPoolExecutor(8) as threads:
            stored = list(threads.map(lambda rival: access.save_user(rival, over=None), rivals))

        assert stored.count(True) == 1
        assert access.user(tenant, rivals[0].id) == rivals[stored.index(True)]
        assert access.save_user(a_user(other), over=None)

    def test_a_change_is_stored_over_the_version_it_was_made_from_alone(self, access: AccessStore) -> None:
        user = a_user(a_tenant().id)
        access.save_user(user, over=None)
        second = replace(user, active=False, version=2)

        assert access.save_user(second, over=1)
        assert not access.save_user(replace(user, role=Role.ADMIN, version=2), over=1)
        assert access.user(user.tenant, user.id) == second

    def test_a_change_of_nobody_is_not_stored(self, access: AccessStore) -> None:
        user = a_user(a_tenant().id, version=2)

        assert not access.save_user(user, over=1)
        assert access.user(user.tenant, user.id) is None

    @pytest.mark.parametrize(
        ("role", "active", "expected"),
        [
            (None, None, ["0", "1", "2", "3"]),
            (Role.ADMIN, None, ["0", "1"]),
            (None, True, ["0", "2"]),
            (Role.MEMBER, False, ["3"]),
            (Role.VIEWER, None, []),
        ],
    )
    def test_users_are_listed_by_role_and_state_oldest_first(
        self, access: AccessStore, role: Role | None, active: bool | None, expected: list[str]
    ) -> None:
        tenant = a_tenant().id
        access.add_tenant(Tenant(tenant, "", NOW))
        access.put_client(a_client(tenant))
        access.kill_family(tenant, fresh("family"), expires_s=NOW // 1000)
        roles = [Role.ADMIN, Role.ADMIN, Role.MEMBER, Role.MEMBER]
        for number in (3, 1, 0, 2):
            user = a_user(tenant, f"{number}@example.com", role=roles[number], active=not number % 2)
            access.save_user(replace(user, created_at=NOW + number), over=None)
        access.save_user(a_user(a_tenant().id), over=None)

        listed = access.users(tenant, role, active)

        assert [user.email.partition("@")[0] for user in listed] == expected

    def test_more_users_than_one_answer_holds_are_listed(self, access: AccessStore) -> None:
        tenant = a_tenant().id
        for number in range(12):
            # A password's stored form is small; this one makes a MiB of ten users.
            access.save_user(a_user(tenant, f"{number}@example.com", password="x" * 100_000), over=None)

        assert len(access.users(tenant, None, None)) == 12


class TestTokens:
    def test_a_token_reads_back_whole(self, access: AccessStore) -> None:
        tenant = a_tenant().id
        token = a_token(tenant, user=user_id(tenant, "ann@example.com"), kind=TokenKind.ACCESS)

        access.add_token(token)

        assert access.token(token.hash) == token
        assert access.token(uuid.uuid4().hex) is None

    def test_a_token_that_is_there_stays_as_it_is(self, access: AccessStore) -> None:
        token = a_token(a_tenant().id)
        access.add_token(token)
        used = access.use_token(token.hash, at=NOW, by="first")

        access.add_token(token)

        assert access.token(token.hash) == used

    def test_the_first_use_leaves_its_mark_and_the_next_one_reads_it(self, access: AccessStore) -> None:
        token = a_token(a_tenant().id)
        access.add_token(token)

        first = access.use_token(token.hash, at=NOW, by="first")
        second = access.use_token(token.hash, at=NOW + 5, by="second")

        assert first == second == access.token(token.hash) == replace(token, used_at=NOW, used_by="first")

    def test_of_many_uses_at_once_one_comes_first_for_all(self, access: AccessStore) -> None:
        token = a_token(a_tenant().id)
        access.add_token(token)

        with ThreadPoolExecutor(8) as threads:
            seen = list(threads.map(lambda by: access.use_token(token.hash, at=NOW, by=str(by)), range(8)))

        assert len({used.used_by for used in seen if used}) == 1
        assert None not in seen

    def test_only_a_used_token_can_be_repeated_and_only_once(self, access: AccessStore) -> None:
        token = a_token(a_tenant().id)
        access.add_token(token)

        assert access.repeat_token(token.hash, by="early") == token
        used = access.use_token(token.hash, at=NOW, by="first")
        assert used is not None
        repeated = access.repeat_token(token.hash, by="second")
        assert repeated == access.repeat_token(token.hash, by="third") == replace(used, repeated_by="second")

    def test_what_is_not_there_cannot_be_used_and_is_not_made(self, access: AccessStore) -> None:
        unknown = uuid.uuid4().hex

        assert access.use_token(unknown, at=NOW, by="x") is None
        assert access.repeat_token(unknown, by="x") is None
        assert access.token(unknown) is None

    def test_a_token_stands_on_its_client_its_user_and_its_family(self, access: AccessStore) -> None:
        tenant = a_tenant().id
        client, user = a_client(tenant), a_user(tenant)
        access.put_client(client)
        access.save_user(user, over=None)
        token = a_token(tenant, client=client.id, user=user.id)

        before = access.standing(token)
        access.kill_family(tenant, token.family, expires_s=NOW // 1000 + 60)
        access.kill_family(tenant, token.family, expires_s=NOW // 1000 + 60)
        after = access.standing(token)

        assert (before.client, before.user, before.killed) == (client, user, False)
        assert (after.client, after.user, after.killed) == (client, user, True)

    def test_a_client_s_own_token_has_no_user_and_a_stranger_s_has_nothing(self, access: AccessStore) -> None:
        tenant = a_tenant().id
        client = a_client(tenant)
        access.put_client(client)
        access.save_user(a_user(tenant), over=None)

        own = access.standing(a_token(tenant, client=client.id))
        none = access.standing(a_token(a_tenant().id, user=user_id(tenant, "ann@example.com")))

        assert (own.client, own.user, own.killed) == (client, None, False)
        assert (none.client, none.user, none.killed) == (None, None, False)
