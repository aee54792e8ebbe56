"""Tasks of every team and every API, as whoever runs the place has to see them."""

from __future__ import annotations

import re

from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.listing import Position, Query, View
from chalicelib.domain.task import Task
from chalicelib.engine.operations import STORED
from chalicelib.surfaces import fields
from chalicelib.surfaces.kit import Call, Reply, Texts
from chalicelib.surfaces.operator.edge import OPERATOR, surface
from chalicelib.surfaces.operator.pages import after, limit, place
from chalicelib.surfaces.parameters import only_parameters
from chalicelib.surfaces.repeats import REPLAYED, idempotency_key
from chalicelib.surfaces.replies import ok
from chalicelib.views import operator as views

_TASK: Texts = {NotFoundError: "Task not found"}
_ID = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)
_LONGEST_OWNER = 128


@surface.route("GET /operator/teams/{id}/tasks", OPERATOR)
def list_tasks(call: Call) -> Reply:
    only_parameters(call, ("status", "limit", "after"))
    owner = fields.text(call.params, "id", longest=_LONGEST_OWNER) or ""
    status = fields.choice(call.query, "status", [view.value for view in View])
    query = Query(team=owner, now=call.now, view=None if status is None else View(status))
    page = call.platform.tasks.page(query, Position(after=after(call)), limit(call))
    return ok(
        {
            "tasks": [views.summary(task, now=call.now) for task in page.tasks],
            "next": place(page.tasks[-1]) if page.more and page.tasks else None,
        }
    )


@surface.route("GET /operator/tasks/{id}", OPERATOR, _TASK)
def inspect_task(call: Call) -> Reply:
    return ok({"task": views.task(_task(call), now=call.now)})


@surface.route("POST /operator/tasks/{id}/replay", OPERATOR, _TASK)
def replay_task(call: Call) -> Reply:
    key = idempotency_key(call)
    submitted = call.platform.replay(_task(call).id, key=None if key is None else f"operator {key}")
    view = {"task": views.summary(submitted.task, now=call.now)}
    return ok(view, 201, REPLAYED if submitted.replayed else {})


@surface.route("POST /operator/tasks/{id}/rearm", OPERATOR, _TASK)
def rearm_task(call: Call) -> Reply:
    return ok({"task": views.summary(call.platform.dead_letters.rearm(_task(call).id), now=call.now)})


def _task(call: Call) -> Task:
    """The task of this id, whoever's it is. An operation is known to its owner by less of its id than is stored."""
    given = call.params["id"]
    if not _ID.fullmatch(given):
        raise NotFoundError
    reader = call.platform.parts.reader
    for id_ in (given, STORED + given):
        task = reader.get(id_, now=call.now, payload=True)
        if task is not None:
            return task
    raise NotFoundError
