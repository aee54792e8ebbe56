"""Tenants, clients and admins, as their operator makes them and locks them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from world import OPERATOR_KEY, Reply, World

from chalicelib.domain.access import SCOPES
from surfaces.astraflow.parties import FORM, basic

TENANTS = "/operator/astraflow/tenants"


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


def operate(world: World, line: str, body: Any = None) -> Reply:
    method, path = line.split(" ", 1)
    return world.request(method, path, key=OPERATOR_KEY, json=body)


@pytest.fixture
def acme(world: World) -> Any:
    reply = operate(world, f"POST {TENANTS}", {"name": "Acme"})
    assert reply.status == 201
    return reply.json


def own_token(world: World, client: Any) -> Reply:
    headers = {"Authorization": basic(client["id"], client["secret"]), "Content-Type": FORM}
    return world.request("POST", "/oauth/token", body=b"grant_type=client_credentials", headers=headers)


def signed_in(world: World, client: Any, admin: Any) -> Reply:
    headers = {"Authorization": basic(client["id"], client["secret"])}
    body = {"grant_type": "password", "username": admin["email"], "password": admin["password"]}
    return world.request("POST", "/oauth/token", json=body, headers=headers)


def test_a_tenant_comes_with_a_client_and_an_admin_who_can_begin_at_once(world: World, acme: Any) -> None:
    assert acme.keys() == {"tenant", "client", "admin"}
    assert acme["tenant"] == {"id": acme["tenant"]["id"], "name": "Acme", "createdAt": "2024-01-15T10:30:00Z"}
    assert (acme["client"]["scopes"], acme["client"]["disabled"]) == (list(SCOPES), False)
    assert (acme["admin"]["email"], acme["admin"]["role"], acme["admin"]["active"]) == (
        "admin@example.com", "admin", True,
    )  # fmt: skip
    assert own_token(world, acme["client"]).status == 200
    token = signed_in(world, acme["client"], acme["admin"]).json["access_token"]
    assert world.request("GET", "/api/v1/users", key=token).json["total"] == 1


def test_the_first_admin_may_be_named(world: World) -> None:
    body = {"name": "Acme", "adminEmail": "ann@acme.com", "adminPassword": "correct-horse"}
    made = operate(world, f"POST {TENANTS}", body).json

    assert (made["admin"]["email"], made["admin"]["password"]) == ("ann@acme.com", "correct-horse")
    assert signed_in(world, made["client"], made["admin"]).status == 200


def test_tenants_are_listed_oldest_first_without_a_secret(world: World, acme: Any) -> None:
    world.clock.sleep(1_000)
    other = operate(world, f"POST {TENANTS}", {"name": "Other"}).json
    reply = operate(world, f"GET {TENANTS}")

    assert reply.json == {"tenants": [acme["tenant"], other["tenant"]]}


def test_what_holds_a_secret_is_kept_by_no_cache(world: World, acme: Any) -> None:
    tenant = acme["tenant"]["id"]
    for line, body in (
        (f"POST {TENANTS}", {"name": "x"}),
        (f"POST {TENANTS}/{tenant}/clients", {"name": "x"}),
        (f"POST {TENANTS}/{tenant}/admins", {"email": "x@x.com"}),
    ):
        reply = operate(world, line, body)
        assert (reply.status, reply.headers["cache-control"]) == (201, "no-store")


def test_a_client_has_the_scopes_that_it_was_made_for(world: World, acme: Any) -> None:
    body = {"name": "reports", "scopes": ["webhooks:write", "tasks:read"]}
    made = operate(world, f"POST {TENANTS}/{acme['tenant']['id']}/clients", body)

    assert made.status == 201
    assert made.json["client"]["scopes"] == ["tasks:read", "webhooks:write"]
    assert own_token(world, made.json["client"]).json["scope"] == "tasks:read webhooks:write"


def test_a_client_shows_when_its_secret_was_last_used(world: World, acme: Any) -> None:
    path = f"GET {TENANTS}/{acme['tenant']['id']}/clients"
    (client,) = operate(world, path).json["clients"]
    assert "lastUsedAt" not in client

    assert own_token(world, {**acme["client"], "secret": "wrong"}).status == 401
    assert operate(world, path).json["clients"] == [client], "whoever does not know the secret has not used it"
    own_token(world, acme["client"])
    world.clock.sleep(3_599_999)
    own_token(world, acme["client"])
    assert operate(world, path).json["clients"] == [{**client, "lastUsedAt": "2024-01-15T10:30:00Z"}]
    world.clock.sleep(1)
    own_token(world, acme["client"])
    assert operate(world, path).json["clients"] == [{**client, "lastUsedAt": "2024-01-15T11:30:00Z"}]


def test_a_client_is_locked_out_and_let_in_again(world: World, acme: Any) -> None:
    client = acme["client"]
    token = own_token(world, client).json["access_token"]
    path = f"POST {TENANTS}/{acme['tenant']['id']}/clients/{client['id']}"

    disabled = operate(world, f"{path}/disable")
    assert (disabled.status, disabled.json["client"]["disabled"]) == (200, True)
    assert "secret" not in disabled.json["client"]
    assert own_token(world, client).status == 401
    assert world.request("GET", "/api/v1/users", key=token).status == 401
    assert operate(world, f"{path}/enable").json["client"]["disabled"] is False
    assert own_token(world, client).status == 200
    assert world.request("GET", "/api/v1/users", key=token).status == 200


def test_an_admin_is_made_and_an_address_is_taken_once(world: World, acme: Any) -> None:
    path = f"POST {TENANTS}/{acme['tenant']['id']}/admins"
    made = operate(world, path, {"email": "second@acme.com"})
    again = operate(world, path, {"email": "Second@acme.com", "password": "another"})

    assert made.status == 201
    assert signed_in(world, acme["client"], made.json["admin"]).status == 200
    assert (again.status, again.json) == (409, {"error": "A user with this email already exists"})


def test_a_user_is_locked_out_and_let_in_again(world: World, acme: Any) -> None:
    tokens = signed_in(world, acme["client"], acme["admin"]).json
    path = f"POST {TENANTS}/{acme['tenant']['id']}/users/{acme['admin']['id']}"

    locked_out = operate(world, f"{path}/deactivate")
    assert (locked_out.status, locked_out.json["user"]["active"]) == (200, False)
    assert operate(world, f"{path}/deactivate").status == 200, "it is so already"
    assert world.request("GET", "/api/v1/users", key=tokens["access_token"]).status == 401
    assert signed_in(world, acme["client"], acme["admin"]).status == 400
    assert operate(world, f"{path}/activate").json["user"]["active"] is True
    assert world.request("GET", "/api/v1/users", key=tokens["access_token"]).status == 200


@pytest.mark.parametrize("tenant", ["t0123456789abcdef", "nobody", "x" * 1_900])
@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("clients", {"name": "x"}, "Tenant not found"),
        ("admins", {"email": "a@b.com"}, "Tenant not found"),
        ("users/u0123456789abcdef01234567/deactivate", None, "User not found"),
        ("users/u0123456789abcdef01234567/activate", None, "User not found"),
        ("clients/t0123456789abcdef.0123456789ab/disable", None, "Client not found"),
        ("clients/t0123456789abcdef.0123456789ab/enable", None, "Client not found"),
    ],
)
def test_what_belongs_to_no_tenant_is_not_found(world: World, tenant: str, path: str, body: Any, message: str) -> None:
    reply = operate(world, f"POST {TENANTS}/{tenant}/{path}", body)

    assert (reply.status, reply.json) == (404, {"error": message})


def test_what_is_another_tenant_s_is_not_found(world: World, acme: Any) -> None:
    other = operate(world, f"POST {TENANTS}", {"name": "Other"}).json["tenant"]["id"]

    for path in (
        f"clients/{acme['client']['id']}/disable",
        f"users/{acme['admin']['id']}/deactivate",
        f"users/{'x' * 1_900}/deactivate",
        f"clients/{'x' * 1_900}/disable",
    ):
        assert operate(world, f"POST {TENANTS}/{other}/{path}").status == 404
    assert own_token(world, acme["client"]).status == 200
    assert signed_in(world, acme["client"], acme["admin"]).status == 200


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("", {}, "name is required"),
        ("", {"name": "x" * 101}, "name must be at most 100 characters"),
        ("", {"name": "x", "adminEmail": "x"}, "adminEmail must be a valid email address"),
        ("", {"name": "x", "adminPassword": "short"}, "adminPassword must be at least 6 characters"),
        ("", {"name": "x", "plan": "pro"}, "Unknown field: plan (allowed: name, adminEmail, adminPassword)"),
        ("/{id}/clients", {}, "name is required"),
        ("/{id}/clients", {"name": "x", "scopes": []}, f"scopes must be a list of one or more of: {', '.join(SCOPES)}"),
        ("/{id}/clients", {"name": "x", "scopes": ["all"]},
         f"scopes must be a list of one or more of: {', '.join(SCOPES)}"),
        ("/{id}/clients", {"name": "x", "scopes": [{}]},
         f"scopes must be a list of one or more of: {', '.join(SCOPES)}"),
        ("/{id}/clients", {"name": "x", "scopes": "tasks:read"},
         f"scopes must be a list of one or more of: {', '.join(SCOPES)}"),
        ("/{id}/admins", {}, "email is required"),
        ("/{id}/admins", {"email": "x"}, "email must be a valid email address"),
        ("/{id}/admins", {"email": "a@b.com", "password": "short"}, "password must be at least 6 characters"),
        ("/{id}/admins", {"email": "a@b.com", "role": "admin"}, "Unknown field: role (allowed: email, password)"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_what_is_allowed(world: World, acme: Any, path: str, body: Any, message: str) -> None:
    reply = operate(world, f"POST {TENANTS}{path.format(id=acme['tenant']['id'])}", body)

    assert (reply.status, reply.json) == (400, {"error": message})


def test_nobody_but_the_operator_makes_a_tenant(world: World, acme: Any) -> None:
    token = own_token(world, acme["client"]).json["access_token"]

    for key in (None, "wrong", token):
        assert world.request("POST", TENANTS, key=key, json={"name": "x"}).status == 401


KEY = {"Idempotency-Key": "order-12345"}
ONCE: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "POST {tenants}": ({"name": "Apex"}, {"name": "Apical"}),
    "POST {acme}/clients": ({"name": "ci"}, {"name": "cd"}),
    "POST {acme}/admins": ({"email": "bob@acme.com"}, {"email": "eve@acme.com"}),
}


def counted(world: World) -> tuple[int, int]:
    """The clients and the users of all tenants."""
    tenants = operate(world, f"GET {TENANTS}").json["tenants"]
    below = [f"GET {TENANTS}/{tenant['id']}" for tenant in tenants]
    return (
        sum(len(operate(world, f"{line}/clients").json["clients"]) for line in below),
        sum(len(operate(world, f"{line}/users").json["users"]) for line in below),
    )


@pytest.mark.parametrize("line", ONCE)
def test_what_is_made_under_a_key_is_made_once_and_shown_again(world: World, acme: Any, line: str) -> None:
    body, other = ONCE[line]
    method, path = line.format(tenants=TENANTS, acme=f"{TENANTS}/{acme['tenant']['id']}").split(" ")
    first = world.request(method, path, key=OPERATOR_KEY, json=body, headers=KEY)
    kept = counted(world)
    world.clock.sleep(60_000)

    again = world.request(method, path, key=OPERATOR_KEY, json=body, headers=KEY)
    refused = world.request(method, path, key=OPERATOR_KEY, json=other, headers=KEY)
    another = world.request(method, path, key=OPERATOR_KEY, json=other, headers={"Idempotency-Key": "order-12346"})

    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert (refused.status, refused.json) == (
        422,
        {"error": "Idempotency-Key was already used with another request body"},
    )
    assert another.status == 201
    assert counted(world) > kept
    assert "order-12345" not in repr(world.recording.events)


def test_a_tenant_that_was_asked_for_twice_can_begin_at_once(world: World) -> None:
    made = [
        world.request("POST", TENANTS, key=OPERATOR_KEY, json={"name": "Acme"}, headers=KEY).json for _ in range(2)
    ][1]

    assert own_token(world, made["client"]).status == 200
    assert signed_in(world, made["client"], made["admin"]).status == 200


def test_a_client_that_was_locked_out_stays_so_when_its_creation_is_repeated(world: World, acme: Any) -> None:
    path = f"{TENANTS}/{acme['tenant']['id']}/clients"
    ask = lambda: world.request("POST", path, key=OPERATOR_KEY, json={"name": "ci"}, headers=KEY).json  # noqa: E731
    first = ask()
    operate(world, f"POST {path}/{first['client']['id']}/disable")

    assert ask() == first
    assert own_token(world, first["client"]).status == 401


def test_a_key_of_the_operator_is_none_of_the_tenant_s_own(world: World, acme: Any) -> None:
    token = signed_in(world, acme["client"], acme["admin"]).json["access_token"]
    path = f"{TENANTS}/{acme['tenant']['id']}/admins"
    world.request("POST", path, key=OPERATOR_KEY, json={"email": "bob@acme.com"}, headers=KEY)

    body = {"email": "eve@acme.com", "password": "correct-horse"}
    assert world.request("POST", "/api/v1/users", key=token, json=body, headers=KEY).status == 201
