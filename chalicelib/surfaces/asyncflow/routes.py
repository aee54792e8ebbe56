"""AsyncFlow's endpoints."""

from __future__ import annotations

from chalicelib.domain import ids
from chalicelib.domain.errors import ForbiddenError, NotFoundError
from chalicelib.domain.listing import Position, Query
from chalicelib.domain.simulator.ledger import Kind
from chalicelib.engine.groups import tenant
from chalicelib.surfaces.asyncflow.edge import AsyncFlowEdge, simulated, visitor
from chalicelib.surfaces.cursors import next_link, opened
from chalicelib.surfaces.kit import Call, Problem, Reply, Surface, Texts
from chalicelib.surfaces.parameters import only_parameters, wait_seconds, whole_number
from chalicelib.surfaces.repeats import REPLAYED
from chalicelib.surfaces.replies import ok
from chalicelib.views import asyncflow as views

surface = Surface("asyncflow", AsyncFlowEdge())

#: The newest so many messages are listed.
MOST = 1_000

_MESSAGE: Texts = {
    NotFoundError: "Message not found",
    ForbiddenError: "Accessing message from different student group",
}


@surface.route("POST /asyncflow", Kind.SUBMIT)
def submit_message(call: Call) -> Reply:
    here = visitor(call)
    if here.brought is None or isinstance(here.brought, Problem):
        raise here.brought or TypeError("a submit brings a message")
    submitted = call.platform.flow(here.group, here.brought, here.ruling, here.profile)
    if here.ruling.fault is not None:
        raise simulated(call, here, here.ruling.fault)
    headers = {
        "Location": f"{call.path.rstrip('/')}/{submitted.task.id}",
        **(REPLAYED if submitted.replayed else {}),
    }
    return ok(views.accepted(submitted.task), 202, headers)


@surface.route("GET /asyncflow", Kind.LIST)
def list_messages(call: Call) -> Reply:
    only_parameters(call, ("limit", "cursor"))
    owner = tenant(visitor(call).group)
    limit = min(whole_number(call.query, "limit", MOST, lowest=1), MOST)
    cursor = call.query.get("cursor")
    position = Position() if cursor is None else Position(after=opened(call, owner, cursor))
    page = call.platform.tasks.page(Query(owner, call.now), position, limit)
    older = next_link(call, owner, page.tasks[-1]) if page.more and page.tasks else {}
    return ok([views.message(task) for task in reversed(page.tasks)], 200, older)


@surface.route("GET /asyncflow/report", Kind.REPORT)
def get_report(call: Call) -> Reply:
    return ok(views.own_report(call.platform.groups.report(visitor(call).group)))


@surface.route("GET /asyncflow/{trackingId}", Kind.POLL, _MESSAGE)
def get_message(call: Call) -> Reply:
    only_parameters(call, ("wait",))
    seconds = wait_seconds(call.query)
    tracking_id = ids.as_tracking_id(call.params["trackingId"])
    if tracking_id is None:
        raise NotFoundError
    here = visitor(call)
    # The added latency is part of the time that an answer may take.
    left_s = max(0.0, seconds - here.ruling.latency_ms / 1000)
    task = call.platform.tasks.wait(
        tenant(here.group), tracking_id, seconds=left_s, shown=lambda task, _: views.status(task)
    )
    return ok(views.message(task))
