"""AstraFlow's users exactly as its manual shows them, and its tenants and clients as their operator sees them."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.access import Client, Tenant, User, in_order
from chalicelib.domain.timing import iso_seconds

View = dict[str, Any]


def user(user: User) -> View:
    """A user as lists and the answer to its creation show it."""
    return {"id": user.id, "email": user.email, "created_at": iso_seconds(user.created_at)}


def account(user: User) -> View:
    """A user as the operator sees it."""
    return {
        "id": user.id,
        "email": user.email,
        "role": user.role.value,
        "active": user.active,
        "createdAt": iso_seconds(user.created_at),
    }


def tenant(tenant: Tenant) -> View:
    return {"id": tenant.id, "name": tenant.name, "createdAt": iso_seconds(tenant.created_at)}


def client(client: Client) -> View:
    """A client as the operator sees it, without its secret."""
    used = {} if client.used_at is None else {"lastUsedAt": iso_seconds(client.used_at)}
    return {
        "id": client.id,
        "name": client.name,
        "scopes": in_order(client.scopes),
        "disabled": client.disabled,
        "createdAt": iso_seconds(client.created_at),
        **used,
    }
