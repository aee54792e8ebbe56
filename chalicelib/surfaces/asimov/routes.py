"""Asimov's endpoints."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.domain import ids
from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.domain.kinds.kind import Kind
from chalicelib.domain.task import CLAIMABLE, Task
from chalicelib.domain.timing import ceil_seconds
from chalicelib.engine.operations import operation_id
from chalicelib.surfaces.asimov import asked
from chalicelib.surfaces.asimov.asked import Mode, Structure
from chalicelib.surfaces.asimov.edge import CALLER, AsimovEdge, caller
from chalicelib.surfaces.json_body import json_object
from chalicelib.surfaces.kit import Call, Reply, Surface, Texts
from chalicelib.surfaces.parameters import only_parameters, path_id, wait_seconds
from chalicelib.surfaces.repeats import REPLAYED, fingerprint, idempotency_key
from chalicelib.surfaces.replies import ok
from chalicelib.views import asimov as views

surface = Surface("asimov", AsimovEdge())

_TASK: Texts = {
    NotFoundError: "Task not found",
    ConflictError: "Only a task that is PENDING can be cancelled",
}


@surface.route("POST /api/{kind}", CALLER)
def carry_out(call: Call) -> Reply:
    kind = asked.kind(call)
    mode = asked.mode(call)
    key = idempotency_key(call)
    given = asked.given(kind, json_object(call))
    if mode is Mode.ASYNC:
        return _accept(call, kind, given, key)
    asked.fits_a_call(kind, given)
    began = call.now
    operation = ids.uuid4_from(call.platform.parts.randomness.bytes(16))
    return ok(views.done(operation, kind, kind.result(given), created_at=began))


@surface.route("GET /api/tasks/{id}", CALLER, _TASK)
def get_task(call: Call) -> Reply:
    only_parameters(call, ("wait",))
    structure = asked.structure(call)
    seconds = wait_seconds(call.query)
    task = call.platform.operations.get(caller(call).tenant, path_id(call, "id"), seconds=seconds)
    return _shown(call, task, structure)


@surface.route("DELETE /api/tasks/{id}", CALLER, _TASK)
def cancel_task(call: Call) -> Reply:
    structure = asked.structure(call)
    task = call.platform.operations.cancel(caller(call).tenant, path_id(call, "id"))
    return _shown(call, task, structure)


def _accept(call: Call, kind: Kind, given: object, key: str | None) -> Reply:
    kept = {"kind": kind.name, "input": kind.dump(given)}
    operations = call.platform.operations
    submitted = operations.accept(
        caller(call).tenant,
        kind,
        given,
        idempotency_key=key,
        fingerprint=None if key is None else fingerprint(call, kept),
    )
    task = submitted.task
    where = f"{call.path.rstrip('/').rpartition('/')[0]}/tasks/{operation_id(task)}"
    headers = {
        "Location": where,
        "X-Retrieve-Api": where,
        **_retry_after(call, task),
        **({"Preference-Applied": "respond-async"} if asked.prefers_async(call) else {}),
        **(REPLAYED if submitted.replayed else {}),
    }
    return ok(views.resource(task, operations.kinds), 202, headers)


def _shown(call: Call, task: Task, structure: Structure) -> Reply:
    view = views.fully if structure is Structure.FULLY else views.simple
    return ok(view(task, call.platform.operations.kinds), 200, _retry_after(call, task))


def _retry_after(call: Call, task: Task) -> Mapping[str, str]:
    """When to ask again for a task that is not finished: in a second, or once its next attempt has begun."""
    if task.finished:
        return {}
    ahead_ms = task.due_at - call.now if task.status in CLAIMABLE else 0
    return {"Retry-After": str(max(1, ceil_seconds(ahead_ms)))}
