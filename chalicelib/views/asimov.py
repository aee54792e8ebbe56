"""Asimov's JSON: a resource, and the task around it, as its manual shows them.

`_state` is PENDING while the task waits, between attempts too: just then it can be cancelled. One that was cancelled
shows FAILURE, the nearest of the manual's four words; `error` says which of the two it was.
"""

from __future__ import annotations

from typing import Any

import msgspec

from chalicelib.domain.kinds.kind import LONGEST_CALL_S, Kind
from chalicelib.domain.kinds.registry import TASK, Kinds
from chalicelib.domain.task import CLAIMABLE, Operation, Status, Task
from chalicelib.domain.timing import iso_milliseconds, iso_seconds
from chalicelib.engine.operations import operation_id

View = dict[str, Any]

_API_VERSION = "v1alpha"
_STATES = {Status.RUNNING: "RUNNING", Status.COMPLETED: "COMPLETED"}
_CANCELLED = {"code": "CANCELLED", "message": "Cancelled before it ran"}


def done(operation_id: str, kind: Kind, data: View, *, created_at: int) -> View:
    """The resource of an operation that was carried out in the call itself."""
    return _envelope(operation_id, kind.name, _metadata("COMPLETED", created_at), data)


def resource(task: Task, kinds: Kinds) -> View:
    """The resource of an operation that was accepted."""
    metadata = _metadata(state(task), task.created_at, _changed_at(task))
    return _envelope(operation_id(task), task.work_as(Operation).kind, metadata, _data(task, kinds))


def simple(task: Task, kinds: Kinds) -> View:
    """A task with the members of its data beside it."""
    view = {"id": operation_id(task), "_state": state(task), **_data(task, kinds), **_error(task)}
    view["_creationTime"] = moment(task.created_at)
    changed_at = _changed_at(task)
    if changed_at is not None:
        view["_lastModified"] = iso_milliseconds(changed_at)
    return view


def fully(task: Task, kinds: Kinds) -> View:
    """A task around its resource; they share id and metadata."""
    inside = resource(task, kinds)
    shared = {"id": inside["id"], "metadata": inside["metadata"]}
    inner = {"apiVersion": _API_VERSION, "kind": inside["kind"], **shared, "data": inside["data"]}
    return {"apiVersion": _API_VERSION, "kind": TASK, **shared, "data": inner, **_error(task)}


def state(task: Task) -> str:
    """One of the manual's four words."""
    return _STATES.get(task.status, "PENDING" if task.status in CLAIMABLE else "FAILURE")


def error(code: str, message: str, path: str, details: View, *, now: int) -> View:
    """A refusal."""
    return {"code": code, "message": message, "timestamp": moment(now), "path": path, "details": details}


def moment(instant: int) -> str:
    """`2024-10-10T13:41:58+00:00`: what is left of the second is cut off."""
    return iso_seconds(instant).removesuffix("Z") + "+00:00"


def _envelope(operation_id: str, kind: str, metadata: View, data: View) -> View:
    return {"id": operation_id, "apiVersion": _API_VERSION, "kind": kind, "metadata": metadata, "data": data}


def _metadata(state: str, created_at: int, changed_at: int | None = None) -> View:
    metadata = {"_state": state, "_type": "processing", "_creationTime": moment(created_at)}
    if changed_at is not None:
        metadata["_lastModified"] = moment(changed_at)
    return metadata


def _changed_at(task: Task) -> int | None:
    """When the state last changed; None while it is the first."""
    if task.finished:
        return task.completed_at
    if task.status is Status.RUNNING:
        return task.claimed_at
    return task.history[-1].finished_at if task.history else None


def _error(task: Task) -> View:
    if state(task) != "FAILURE":
        return {}
    return {"error": _CANCELLED if task.status is Status.CANCELLED else {"code": "FAILED", "message": task.error}}


def _data(task: Task, kinds: Kinds) -> View:
    """The result as soon as there is one, until then the input."""
    if task.status is Status.COMPLETED and task.result is not None and task.result.body:
        result: View = msgspec.json.decode(task.result.body)
        return result
    kept = "" if task.payload is None else task.payload.body or ""
    kind = kinds.named(task.work_as(Operation).kind)
    computed = None if kind is None else _computed(task, kind, kept)
    return msgspec.json.decode(kept) if computed is None else computed


def _computed(task: Task, kind: Kind, kept: str) -> View | None:
    """The result where it is computed for the view: always for a kind that takes no time, and when a finished task has
    none, because its outcome travelled as a message, which carries no data. None where there is none to be had."""
    try:
        given = kind.load(kept)
        if kind.immediate or (task.status is Status.COMPLETED and kind.seconds(given) <= LONGEST_CALL_S):
            return kind.result(given)
    except Exception:  # noqa: BLE001  (a kind may raise anything; its attempts tell)
        return None
    return None
