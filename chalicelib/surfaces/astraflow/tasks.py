"""AstraFlow's tasks: listed, made, changed and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.access import Scope
from chalicelib.domain.items import ItemStatus, Priority
from chalicelib.surfaces import fields
from chalicelib.surfaces.astraflow import pages
from chalicelib.surfaces.astraflow.edge import access, surface
from chalicelib.surfaces.json_body import json_object
from chalicelib.surfaces.kit import Call, Problem, Reply
from chalicelib.surfaces.parameters import only_parameters, path_id
from chalicelib.surfaces.repeats import REPLAYED, fingerprint, idempotency_key
from chalicelib.surfaces.replies import ok
from chalicelib.views import items as views

LONGEST_NAME = 500
LONGEST_DESCRIPTION = 10_000
_STATUSES = tuple(status.value for status in ItemStatus)
_PRIORITIES = tuple(priority.value for priority in Priority)


@surface.route("GET /api/v1/tasks", Scope.TASKS_READ)
def list_tasks(call: Call) -> Reply:
    only_parameters(call, ("status", *pages.PLACES))
    given = call.query.get("status")
    # A filter takes any case; what is stored and shown has one.
    status = fields.choice({} if given is None else {"status": given.lower()}, "status", _STATUSES)
    page = pages.asked_for(call)
    found = call.platform.items.page(
        access(call).tenant, None if status is None else ItemStatus(status), offset=page.offset, limit=page.size
    )
    view = {"tasks": [views.listed(item) for item in found.items], "page": page.number, "total": found.total}
    return ok(view, 200, pages.headers(call, page, found.total))


@surface.route("POST /api/v1/tasks", Scope.TASKS_WRITE)
def create_task(call: Call) -> Reply:
    members = json_object(call)
    fields.refuse_unknown(members, ("name", "description", "due_date", "priority"))
    fields.text(members, "name", longest=LONGEST_NAME, required=True)
    made = call.platform.items.create(
        access(call).tenant, _given(members), key=idempotency_key(call), fingerprint=fingerprint(call, members)
    )
    headers = {"Location": f"{call.path.rstrip('/')}/{made.item.id}", **(REPLAYED if made.replayed else {})}
    return ok(views.created(made.item), 201, headers)


@surface.route("GET /api/v1/tasks/{id}", Scope.TASKS_READ)
def get_task(call: Call) -> Reply:
    return ok(views.shown(call.platform.items.get(access(call).tenant, path_id(call, "id"))))


@surface.route("PUT /api/v1/tasks/{id}", Scope.TASKS_WRITE)
def update_task(call: Call) -> Reply:
    members = json_object(call)
    fields.refuse_unknown(members, ("name", "description", "status", "due_date", "priority"))
    changes = _given(members)
    # What was set can be taken back; a name and a status are always there.
    changes |= {field: None for name, field in _ERASABLE.items() if name in members and members[name] is None}
    return ok(views.updated(call.platform.items.update(access(call).tenant, path_id(call, "id"), changes)))


@surface.route("DELETE /api/v1/tasks/{id}", Scope.TASKS_WRITE)
def delete_task(call: Call) -> Reply:
    call.platform.items.delete(access(call).tenant, path_id(call, "id"))
    return ok({"message": "Task deleted successfully"})


#: Members that null takes back, by the fields of an item.
_ERASABLE = {"due_date": "due_at", "priority": "priority"}


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an item that the members set. Raises Problem for the first one that is wrong."""
    name = fields.text(members, "name", longest=LONGEST_NAME)
    if name == "":
        raise Problem(400, "name must not be empty", field="name")
    status = fields.choice(members, "status", _STATUSES)
    due_at = fields.instant(members, "due_date")
    priority = fields.choice(members, "priority", _PRIORITIES)
    given = {
        "name": name,
        "description": fields.text(members, "description", longest=LONGEST_DESCRIPTION, printable=False),
        "status": None if status is None else ItemStatus(status),
        "due_at": due_at,
        "priority": None if priority is None else Priority(priority),
    }
    return {field: value for field, value in given.items() if value is not None}
