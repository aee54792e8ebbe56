"""The users of a tenant: listed and made by its admins."""

from __future__ import annotations

from chalicelib.domain.access import Role, Scope
from chalicelib.domain.errors import ConflictError
from chalicelib.surfaces import accounts, fields
from chalicelib.surfaces.astraflow import pages
from chalicelib.surfaces.astraflow.edge import access, surface
from chalicelib.surfaces.json_body import json_object
from chalicelib.surfaces.kit import Call, Problem, Reply, Texts
from chalicelib.surfaces.parameters import only_parameters
from chalicelib.surfaces.repeats import REPLAYED, idempotency_key
from chalicelib.surfaces.replies import ok
from chalicelib.views import access as views

_ROLES = tuple(role.value for role in Role)
_NEW: Texts = {ConflictError: "A user with this email already exists"}


@surface.route("GET /api/v1/users", Scope.USERS_ADMIN)
def list_users(call: Call) -> Reply:
    only_parameters(call, ("role", "active", *pages.PLACES))
    given = call.query.get("role")
    # A filter takes any case; what is stored and shown has one.
    role = fields.choice({} if given is None else {"role": given.lower()}, "role", _ROLES)
    active = _active(call)
    page = pages.asked_for(call)
    users, total = call.platform.users.page(
        access(call).tenant, None if role is None else Role(role), active, offset=page.offset, limit=page.size
    )
    view = {"users": [views.user(user) for user in users], "page": page.number, "total": total}
    return ok(view, 200, pages.headers(call, page, total))


@surface.route("POST /api/v1/users", Scope.USERS_ADMIN, _NEW)
def create_user(call: Call) -> Reply:
    members = json_object(call)
    fields.refuse_unknown(members, ("email", "password", "role"))
    email = accounts.email(members) or ""
    password = accounts.password(members) or ""
    role = fields.choice(members, "role", _ROLES) or Role.MEMBER.value
    made = call.platform.users.create(access(call).tenant, email, password, Role(role), idempotency_key(call))
    return ok(views.user(made.user), 201, REPLAYED if made.replayed else None)


def _active(call: Call) -> bool | None:
    given = call.query.get("active")
    if given is None:
        return None
    if given.lower() not in ("true", "false"):
        raise Problem(400, "active must be true or false", field="active")
    return given.lower() == "true"
