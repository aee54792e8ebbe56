"""Users: made and listed by a tenant's admins, and by nobody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from world import World

from chalicelib.domain.access import Role
from surfaces.astraflow.parties import PASSWORD, Tenancy

USERS = "/api/v1/users"


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def here(world: World) -> Tenancy:
    return Tenancy(world)


def listed(world: World, token: str, query: str = "") -> Any:
    reply = world.request("GET", f"{USERS}{query}", key=token)
    assert reply.status == 200, reply.body
    return reply.json


def names(page: Any) -> list[str]:
    return [user["email"].partition("@")[0] for user in page["users"]]


class TestNewUsers:
    def test_the_manual_s_example_makes_a_user(self, world: World, here: Tenancy) -> None:
        body = {"email": "new@af.com", "password": "secret"}
        reply = world.request("POST", USERS, key=here.token(), json=body)

        assert reply.status == 201
        assert list(reply.json) == ["id", "email", "created_at"]
        assert re.fullmatch("u[0-9a-f]{24}", reply.json["id"])
        assert (reply.json["email"], reply.json["created_at"]) == ("new@af.com", "2024-01-15T10:30:00Z")

    @pytest.mark.parametrize(("given", "scope"), [({}, "tasks:read tasks:write webhooks:write"),
                                                  ({"role": None}, "tasks:read tasks:write webhooks:write"),
                                                  ({"role": "viewer"}, "tasks:read")])  # fmt: skip
    def test_a_user_is_a_member_unless_a_role_is_given(
        self, world: World, here: Tenancy, given: dict[str, Any], scope: str
    ) -> None:
        world.request("POST", USERS, key=here.token(), json={"email": "a@b.com", "password": PASSWORD, **given})

        assert here.sign_in("a@b.com")["scope"] == scope

    def test_an_admin_made_by_an_admin_makes_users(self, world: World, here: Tenancy) -> None:
        body = {"email": "second@af.com", "password": PASSWORD, "role": "admin"}
        assert world.request("POST", USERS, key=here.as_role(Role.ADMIN), json=body).status == 201
        token = here.sign_in("second@af.com")["access_token"]

        assert world.request("POST", USERS, key=token, json={**body, "email": "third@af.com"}).status == 201

    @pytest.mark.parametrize("email", ["new@af.com", "New@AF.com", "admin@example.com"])
    def test_an_address_is_taken_once(self, world: World, here: Tenancy, email: str) -> None:
        body = {"email": "new@af.com", "password": PASSWORD}
        world.request("POST", USERS, key=here.token(), json=body)
        reply = world.request("POST", USERS, key=here.token(), json={**body, "email": email})

        assert reply.status == 409
        assert reply.json == {"code": 409, "error": "Conflict", "message": "A user with this email already exists"}
        assert listed(world, here.token())["total"] == 2

    def test_no_password_is_told_or_recorded(self, world: World, here: Tenancy) -> None:
        body = {"email": "new@af.com", "password": "correct-horse"}
        made = world.request("POST", USERS, key=here.token(), json=body)
        again = world.request("POST", USERS, key=here.token(), json=body)
        page = world.request("GET", USERS, key=here.token())

        assert b"correct-horse" not in made.body + again.body + page.body
        assert "correct-horse" not in str(world.recording.events)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"email": None}, "email is required"),
            ({"email": ""}, "email is required"),
            ({"email": 1}, "email must be a string"),
            ({"email": "nobody"}, "email must be a valid email address"),
            ({"email": "a b@c.de"}, "email must be a valid email address"),
            ({"email": "a@b"}, "email must be a valid email address"),
            ({"email": "x" * 250 + "@b.de"}, "email must be at most 254 characters"),
            ({"email": "a\n@b.de"}, "email must not contain control characters"),
            ({"password": None}, "password is required"),
            ({"password": ""}, "password is required"),
            ({"password": 123456}, "password must be a string"),
            ({"password": "short"}, "password must be at least 6 characters"),
            ({"password": "x" * 1_025}, "password must be at most 1024 characters"),
            ({"password": "ö" * 600}, "password must be at most 1024 bytes of UTF-8"),
            ({"role": "owner"}, "role must be one of: admin, member, viewer"),
            ({"role": "Admin"}, "role must be one of: admin, member, viewer"),
            ({"role": 1}, "role must be one of: admin, member, viewer"),
            ({"active": True}, "Unknown field: active (allowed: email, password, role)"),
            ({"id": "u1"}, "Unknown field: id (allowed: email, password, role)"),
            ({"e_mail": "x"}, "Unknown field: e_mail (did you mean email?)"),
            ({"email": None, "password": "x"}, "email is required"),
        ],
    )
    def test_a_mistake_is_named_with_what_is_allowed(
        self, world: World, here: Tenancy, change: dict[str, Any], message: str
    ) -> None:
        body = {"email": "new@af.com", "password": PASSWORD, **change}
        reply = world.request("POST", USERS, key=here.token(), json=body)

        assert reply.status == 400
        assert reply.json == {"code": 400, "error": "Bad Request", "message": message}
        assert listed(world, here.token())["total"] == 1

    @pytest.mark.parametrize(
        ("body", "status", "message"),
        [
            (b"", 400, "Request body must be a JSON object"),
            (b"[]", 400, "Request body must be a JSON object"),
            (b"{", 400, "Request body must be valid JSON"),
            (b'{"email": "a@b.de", "email": "c@d.de"}', 400, "email must be given only once"),
            (b'{"email": "' + b"x" * 262_144 + b'"}', 413, "Request body must be at most 256 KiB"),
        ],
        ids=range(5),
    )
    def test_a_body_that_is_none_is_refused(
        self, world: World, here: Tenancy, body: bytes, status: int, message: str
    ) -> None:
        reply = world.request("POST", USERS, key=here.token(), body=body)

        assert (reply.status, reply.json["code"], reply.json["message"]) == (status, status, message)

    @pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
    def test_only_an_admin_makes_users(self, world: World, here: Tenancy, role: Role) -> None:
        body = {"email": "new@af.com", "password": PASSWORD}

        assert world.request("POST", USERS, key=here.as_role(role), json=body).status == 403


class TestTheList:
    @pytest.fixture
    def crowd(self, here: Tenancy, world: World) -> Tenancy:
        """The admin and 44 users: every third a viewer, every fifth locked out."""
        for number in range(1, 45):
            world.clock.sleep(1_000)
            user = here.user(f"{number}@example.com", Role.MEMBER if number % 3 else Role.VIEWER)
            if number % 5 == 0:
                world.platform.tenants.switch_user(here.id, user.id, active=False)
        return here

    def test_users_are_shown_oldest_first_with_the_documented_members(self, world: World, crowd: Tenancy) -> None:
        page = listed(world, crowd.token())

        assert list(page) == ["users", "page", "total"]
        assert all(list(user) == ["id", "email", "created_at"] for user in page["users"])
        assert names(page) == ["admin", *(str(number) for number in range(1, 20))]
        assert (page["page"], page["total"]) == (1, 45)

    @pytest.mark.parametrize(
        ("query", "total"),
        [
            ("?role=admin", 1),
            ("?role=viewer", 14),
            ("?active=true", 37),
            ("?active=FALSE", 8),
            ("?role=viewer&active=false", 2),
            ("?role=admin&active;=true", 1),
            ("?role=admin&active=false", 0),
        ],
    )
    def test_filters_count_what_they_let_through(self, world: World, crowd: Tenancy, query: str, total: int) -> None:
        reply = world.request("GET", f"{USERS}{query}", key=crowd.token())

        assert reply.json["total"] == total
        assert len(reply.json["users"]) == min(20, total)
        assert reply.headers["x-total-count"] == str(total)

    def test_pages_hold_everybody_once_and_lead_to_each_other(self, world: World, crowd: Tenancy) -> None:
        token, found, target = crowd.token(), [], f"{USERS}?per_page=7&active=true"
        for number in range(1, 7):
            reply = world.request("GET", target, key=token)
            assert reply.json["page"] == number
            found += names(reply.json)
            found_links = re.findall(r'<([^>]+)>; rel="(\w+)"', reply.headers["link"])
            links = {relation: path for path, relation in found_links}
            assert links.keys() == {"first", "last"} | ({"prev"} if number > 1 else set()) | (
                {"next"} if number < 6 else set()
            )
            target = links.get("next", "")

        assert found == ["admin", *(str(number) for number in range(1, 45) if number % 5)]

    @pytest.mark.parametrize(("query", "shown"), [("?per_page=100", 45), ("?per_page=5000", 45), ("?page=3", 5),
                                                  ("?page=4", 0), ("?page=999999999", 0)])  # fmt: skip
    def test_a_page_may_be_large_or_empty(self, world: World, crowd: Tenancy, query: str, shown: int) -> None:
        page = listed(world, crowd.token(), query)

        assert (len(page["users"]), page["total"]) == (shown, 45)

    def test_a_page_holds_a_hundred_at_most(self, world: World, here: Tenancy) -> None:
        for number in range(105):
            here.user(f"{number}@example.com")

        assert len(listed(world, here.token(), "?per_page=101")["users"]) == 100

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ("?role=owner", "role must be one of: admin, member, viewer"),
            ("?active=yes", "active must be true or false"),
            ("?page=0", "page must be a whole number of 1 or more"),
            ("?page=-1", "page must be a whole number of 1 or more"),
            ("?page=1.5", "page must be a whole number of 1 or more"),
            ("?per_page=0", "per_page must be a whole number of 1 or more"),
            ("?per_page=x", "per_page must be a whole number of 1 or more"),
            ("?status=active", "Unknown query parameter: status (allowed: role, active, page, per_page)"),
            ("?perpage=5", "Unknown query parameter: perpage (did you mean per_page?)"),
        ],
    )
    def test_a_mistake_is_named_with_what_is_allowed(
        self, world: World, here: Tenancy, query: str, message: str
    ) -> None:
        reply = world.request("GET", f"{USERS}{query}", key=here.token())

        assert reply.status == 400
        assert reply.json == {"code": 400, "error": "Bad Request", "message": message}


def test_tenants_know_nothing_of_each_other(world: World, here: Tenancy) -> None:
    there = Tenancy(world, "Elsewhere")
    here.user("ann@example.com")
    there.user("ann@example.com", Role.ADMIN)
    there.user("bob@example.com")

    assert sorted(names(listed(world, here.token()))) == ["admin", "ann"]
    assert sorted(names(listed(world, there.token()))) == ["admin", "ann", "bob"]
    refused = here.ask("/oauth/token", {"grant_type": "password", "username": "bob@example.com", "password": PASSWORD})
    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
    assert here.sign_in("ann@example.com")["scope"] == "tasks:read tasks:write webhooks:write"
