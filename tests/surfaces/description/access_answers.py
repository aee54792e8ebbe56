"""What the token endpoint, AstraFlow's users and its operator have to tell beyond what every route is asked."""

from __future__ import annotations

from typing import Any

from surfaces.astraflow.parties import FORM, PASSWORD, Tenancy
from surfaces.description.caller import Caller

TENANTS = "/operator/astraflow/tenants"
USER = {"email": "new@af.com", "password": PASSWORD}
FORMED = {"Content-Type": FORM}


def malformed_forms(asked: Caller) -> None:
    """Every refusal of a request that cannot be read, and a failed client."""
    for path in ("token", "revoke", "introspect"):
        line = f"POST /oauth/{path}"
        asked.ask(f"{line}?scope=tasks:read", json={})
        asked.ask(line, body=b"x=1", headers={"Content-Type": "text/plain"})
        asked.ask(line, body=b"x=%ff", headers=FORMED)
        asked.ask(line, body=b"client_id=1&client_id=1", headers=FORMED)
        asked.ask(line, json={"client_id": 1})
        asked.ask(line, json={"client_secret": "x"})
        asked.ask(line, json={"client_id": "x"})
        asked.ask(line, json={})


def grants(asked: Caller) -> None:
    """What is granted and what is not."""
    here = Tenancy(asked.world)
    line = "POST /oauth/token"
    client = {"client_id": here.client.client.id, "client_secret": here.client.secret}
    admin = {"grant_type": "password", "username": here.admin.email, "password": here.admin_password}
    granted = asked.ask(line, key="", json={**client, **admin}).json
    for form in (
        {"grant_type": "magic"},
        {"grant_type": "client_credentials", "scope": "everything"},
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": "x"},
        {"grant_type": "password", "username": "x"},
        {"grant_type": "password", "password": "x"},
        *[{**admin, "password": "x"}] * 6,
    ):
        asked.ask(line, key="", json={**client, **form})
    for path in ("introspect", "revoke"):
        asked.ask(f"POST /oauth/{path}", key="", json={**client, "token": granted["access_token"]})
    asked.ask("POST /oauth/revoke", json={"token": granted["refresh_token"]})


def metadata(asked: Caller) -> None:
    """With a host and without one."""
    for host in ("sluice.example", "a b"):
        asked.ask("GET /.well-known/oauth-authorization-server", headers={"Host": host})


def users(asked: Caller) -> None:
    """Every refusal of a user and of the list, and a token that opens neither."""
    narrow = Tenancy(asked.world).token(scope="tasks:read")
    asked.make("POST /api/v1/users", json=USER)
    for change in (
        {},
        {"email": None},
        {"email": "x"},
        {"password": None},
        {"password": "x"},
        {"role": "owner"},
        {"colour": "red"},
    ):
        asked.ask("POST /api/v1/users", json={**USER, **change})
    for query in ("role=owner", "active=maybe", "page=0", "per_page=0", "limit=1"):
        asked.ask(f"GET /api/v1/users?{query}")
    for method in ("GET", "POST"):
        asked.ask(f"{method} /api/v1/users", key=narrow, json=USER)


def tenants(asked: Caller) -> None:
    """Every refusal of a tenant, a client and an admin."""
    id_ = tenant(asked)["tenant"]["id"]
    for line in (f"POST {TENANTS}", f"POST {TENANTS}/{id_}/clients"):
        for name in (None, 1, "x" * 101, "a\nb"):
            asked.ask(line, json={"name": name})
    asked.ask(f"POST {TENANTS}", json={"name": "x", "adminEmail": "x"})
    asked.ask(f"POST {TENANTS}", json={"name": "x", "adminPassword": "x"})
    asked.ask(f"POST {TENANTS}/{id_}/clients", json={"name": "x", "scopes": ["all"]})
    for body in (
        {},
        {"email": "x"},
        {"email": "a@b.com", "password": "x"},
        {"email": "a@b.com"},
        {"email": "a@b.com"},
    ):
        asked.ask(f"POST {TENANTS}/{id_}/admins", json=body)


def tenant(asked: Caller) -> Any:
    """A new tenant as its operator sees it."""
    return asked.make(f"POST {TENANTS}", json={"name": "Acme"})


def client(asked: Caller) -> str:
    """The ids of a new tenant and of its client."""
    made = tenant(asked)
    return f"{made['tenant']['id']} {made['client']['id']}"


def admin(asked: Caller) -> str:
    """The ids of a new tenant and of its admin."""
    made = tenant(asked)
    return f"{made['tenant']['id']} {made['admin']['id']}"


STORIES = (malformed_forms, grants, metadata, users, tenants)
