"""AstraFlow's tenants, clients and admins, as their operator makes them."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.access import SCOPES
from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.engine.tenants import NewAdmin, NewClient
from chalicelib.surfaces import accounts, fields
from chalicelib.surfaces.json_body import json_object
from chalicelib.surfaces.kit import Call, Problem, Reply, Texts
from chalicelib.surfaces.operator.edge import OPERATOR, surface
from chalicelib.surfaces.repeats import idempotency_key, secret_headers
from chalicelib.surfaces.replies import ok
from chalicelib.views import access as views

#: The first admin's address when none is given: addresses are unique within a tenant only.
_DEFAULT_ADMIN = "admin@example.com"
_TENANT: Texts = {NotFoundError: "Tenant not found", ConflictError: "A user with this email already exists"}
_CLIENT: Texts = {NotFoundError: "Client not found"}
_USER: Texts = {NotFoundError: "User not found"}


@surface.route("POST /operator/astraflow/tenants", OPERATOR)
def create_tenant(call: Call) -> Reply:
    members = json_object(call)
    name = fields.name(members, others=("adminEmail", "adminPassword"))
    email = accounts.email(members, "adminEmail", required=False) or _DEFAULT_ADMIN
    password = accounts.password(members, "adminPassword", required=False)
    tenant, client, admin = call.platform.tenants.create(
        name, email, admin_password=password, key=idempotency_key(call)
    )
    view = {"tenant": views.tenant(tenant), "client": _new_client(client), "admin": _new_admin(admin)}
    return ok(view, 201, secret_headers(replayed=client.replayed))


@surface.route("GET /operator/astraflow/tenants", OPERATOR)
def list_tenants(call: Call) -> Reply:
    return ok({"tenants": [views.tenant(tenant) for tenant in call.platform.tenants.all()]})


@surface.route("GET /operator/astraflow/tenants/{id}/clients", OPERATOR, _TENANT)
def list_clients(call: Call) -> Reply:
    return ok({"clients": [views.client(client) for client in call.platform.tenants.clients(call.params["id"])]})


@surface.route("POST /operator/astraflow/tenants/{id}/clients", OPERATOR, _TENANT)
def create_client(call: Call) -> Reply:
    members = json_object(call)
    name = fields.name(members, others=("scopes",))
    client = call.platform.tenants.create_client(call.params["id"], name, _scopes(members), idempotency_key(call))
    return ok({"client": _new_client(client)}, 201, secret_headers(replayed=client.replayed))


@surface.route("POST /operator/astraflow/tenants/{id}/clients/{client}/disable", OPERATOR, _CLIENT)
def disable_client(call: Call) -> Reply:
    client = call.platform.tenants.switch_client(call.params["id"], call.params["client"], disabled=True)
    return ok({"client": views.client(client)})


@surface.route("POST /operator/astraflow/tenants/{id}/clients/{client}/enable", OPERATOR, _CLIENT)
def enable_client(call: Call) -> Reply:
    client = call.platform.tenants.switch_client(call.params["id"], call.params["client"], disabled=False)
    return ok({"client": views.client(client)})


@surface.route("POST /operator/astraflow/tenants/{id}/admins", OPERATOR, _TENANT)
def create_admin(call: Call) -> Reply:
    members = json_object(call)
    fields.refuse_unknown(members, ("email", "password"))
    email = accounts.email(members) or ""
    password = accounts.password(members, required=False)
    admin = call.platform.tenants.create_admin(call.params["id"], email, password, idempotency_key(call))
    return ok({"admin": _new_admin(admin)}, 201, secret_headers(replayed=admin.replayed))


@surface.route("GET /operator/astraflow/tenants/{id}/users", OPERATOR, _TENANT)
def list_users(call: Call) -> Reply:
    return ok({"users": [views.account(user) for user in call.platform.tenants.people(call.params["id"])]})


@surface.route("POST /operator/astraflow/tenants/{id}/users/{user}/deactivate", OPERATOR, _USER)
def deactivate_user(call: Call) -> Reply:
    user = call.platform.tenants.switch_user(call.params["id"], call.params["user"], active=False)
    return ok({"user": views.account(user)})


@surface.route("POST /operator/astraflow/tenants/{id}/users/{user}/activate", OPERATOR, _USER)
def activate_user(call: Call) -> Reply:
    user = call.platform.tenants.switch_user(call.params["id"], call.params["user"], active=True)
    return ok({"user": views.account(user)})


def _scopes(members: dict[str, Any]) -> frozenset[str]:
    given = members.get("scopes")
    if given is None:
        return frozenset(SCOPES)
    if not isinstance(given, list) or not given or not all(scope in SCOPES for scope in given):
        raise Problem(400, f"scopes must be a list of one or more of: {', '.join(SCOPES)}", field="scopes")
    return frozenset(given)


def _new_client(new: NewClient) -> dict[str, Any]:
    return {**views.client(new.client), "secret": new.secret}


def _new_admin(new: NewAdmin) -> dict[str, Any]:
    return {**views.account(new.user), "password": new.password}
