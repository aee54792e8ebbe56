"""AsyncQueue's endpoints. Each one: read the request, one call into the engine, one view."""

from __future__ import annotations

from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.engine.teams import LONGEST_OVERLAP_S
from chalicelib.surfaces import accounts, fields
from chalicelib.surfaces.asyncqueue.edge import TEAM, AsyncQueueEdge, owner
from chalicelib.surfaces.asyncqueue.orders import order
from chalicelib.surfaces.asyncqueue.pages import listing, page_view
from chalicelib.surfaces.json_body import json_object, optional_json_object
from chalicelib.surfaces.kit import Call, Problem, Reply, Surface, Texts
from chalicelib.surfaces.parameters import only_parameters, path_id, wait_seconds
from chalicelib.surfaces.repeats import REPLAYED, idempotency_key, secret_headers
from chalicelib.surfaces.replies import NO_STORE, ok
from chalicelib.views import asyncqueue as views

surface = Surface("asyncqueue", AsyncQueueEdge())

_TASK: Texts = {
    NotFoundError: "Task not found",
    ConflictError: "Only pending or delayed tasks can be cancelled",
}
_KEY: Texts = {NotFoundError: "API key not found", ConflictError: "API key was already rotated"}
_MEMBER: Texts = {NotFoundError: "Member not found", ConflictError: "A member with this email already exists"}


@surface.route("POST /v1/tasks", TEAM, _TASK)
def create_task(call: Call) -> Reply:
    submitted = call.platform.submit(order(call, json_object(call)))
    task = submitted.task
    headers = {
        "Location": f"{call.path.rstrip('/')}/{task.id}",
        **(REPLAYED if submitted.replayed else {}),
    }
    return ok({"task": views.accepted(task)}, 201, headers)


@surface.route("GET /v1/tasks", TEAM)
def list_tasks(call: Call) -> Reply:
    query, position, limit = listing(call)
    page = call.platform.tasks.page(query, position, limit)
    tasks = [views.shown(task, now=query.now) for task in page.tasks]
    view, headers = page_view(call, page, position, limit, tasks)
    return ok(view, 200, headers)


@surface.route("GET /v1/tasks/{id}", TEAM, _TASK)
def get_task(call: Call) -> Reply:
    only_parameters(call, ("wait", "include"))
    request = _include(call)
    seconds = wait_seconds(call.query)
    if seconds:
        task = call.platform.tasks.wait(owner(call).id, path_id(call, "id"), seconds=seconds, payload=request)
    else:
        task = call.platform.tasks.get(owner(call).id, path_id(call, "id"), payload=request)
    view = views.with_request if request else views.shown
    return ok({"task": view(task, now=call.now)})


@surface.route("POST /v1/tasks/{id}/cancel", TEAM, _TASK)
def cancel_task(call: Call) -> Reply:
    task = call.platform.cancel(owner(call).id, path_id(call, "id"))
    return ok({"task": views.shown(task, now=call.now)})


@surface.route("GET /v1/tasks/{id}/attempts", TEAM, _TASK)
def list_attempts(call: Call) -> Reply:
    return ok(views.attempts(call.platform.tasks.get(owner(call).id, path_id(call, "id"))))


@surface.route("GET /v1/keys", TEAM)
def list_keys(call: Call) -> Reply:
    return ok({"keys": [views.api_key(key) for key in call.platform.teams.keys(owner(call).id)]})


@surface.route("POST /v1/keys", TEAM)
def create_key(call: Call) -> Reply:
    name = fields.name(json_object(call))
    minted = call.platform.teams.create_key(owner(call).id, name, idempotency_key(call))
    return ok(views.new_api_key(minted.key, minted.secret), 201, secret_headers(replayed=minted.replayed))


@surface.route("DELETE /v1/keys/{id}", TEAM, _KEY)
def revoke_key(call: Call) -> Reply:
    key = call.platform.teams.revoke_key(owner(call).id, call.params["id"])
    return ok({"id": key.id, "revoked": True})


@surface.route("POST /v1/keys/{id}/rotate", TEAM, _KEY)
def rotate_key(call: Call) -> Reply:
    overlap_s = _overlap(call)
    minted, previous = call.platform.teams.rotate_key(
        owner(call).id, call.params["id"], overlap_s, idempotency_key(call)
    )
    view = views.rotated_api_key(minted.key, minted.secret, previous)
    return ok(view, 201, secret_headers(replayed=minted.replayed))


@surface.route("GET /v1/members", TEAM)
def list_members(call: Call) -> Reply:
    return ok({"members": [views.member(member) for member in call.platform.teams.members(owner(call).id)]})


@surface.route("POST /v1/members", TEAM, _MEMBER)
def add_member(call: Call) -> Reply:
    members = json_object(call)
    fields.refuse_unknown(members, ("email",))
    email = accounts.email(members) or ""
    joined = call.platform.teams.add_member(owner(call).id, email, idempotency_key(call))
    return ok(views.member(joined.member), 201, REPLAYED if joined.replayed else {})


@surface.route("DELETE /v1/members/{id}", TEAM, _MEMBER)
def remove_member(call: Call) -> Reply:
    call.platform.teams.remove_member(owner(call).id, call.params["id"])
    return ok({"id": call.params["id"], "removed": True})


@surface.route("GET /v1/signing-secret", TEAM)
def get_signing_secret(call: Call) -> Reply:
    team = call.platform.teams.get(owner(call).id)
    return ok(views.signing_secret(team, call.platform.teams.signing_secret(team), now=call.now), 200, NO_STORE)


@surface.route("POST /v1/signing-secret/rotate", TEAM)
def rotate_signing_secret(call: Call) -> Reply:
    overlap_s = _overlap(call)
    turned = call.platform.teams.rotate_signing_secret(owner(call).id, overlap_s, idempotency_key(call))
    secret = call.platform.teams.signing_secret(turned.team)
    view = views.signing_secret(turned.team, secret, now=turned.team.signing_since)
    return ok(view, 200, secret_headers(replayed=turned.replayed))


def _overlap(call: Call) -> int:
    members = optional_json_object(call)
    fields.refuse_unknown(members, ("overlapSeconds",))
    seconds = fields.whole_seconds(members, "overlapSeconds", longest=LONGEST_OVERLAP_S)
    return LONGEST_OVERLAP_S if seconds is None else seconds


def _include(call: Call) -> bool:
    value = call.query.get("include")
    if value not in (None, "request"):
        raise Problem(400, "include must be one of: request", field="include")
    return value is not None
