"""What the queues hold, and what they could not settle."""

from __future__ import annotations

from chalicelib.domain import dead_letters
from chalicelib.domain.errors import NotFoundError
from chalicelib.surfaces.kit import Call, Problem, Reply, Texts
from chalicelib.surfaces.operator.edge import OPERATOR, surface
from chalicelib.surfaces.operator.pages import limit
from chalicelib.surfaces.parameters import only_parameters
from chalicelib.surfaces.replies import ok
from chalicelib.views import operator as views

_LETTER: Texts = {NotFoundError: "Dead letter not found"}


@surface.route("GET /operator/queues", OPERATOR)
def list_queues(call: Call) -> Reply:
    parts = call.platform.parts
    named = {"tasks": parts.tasks_queue, "webhooks": parts.webhooks_queue, "dead-letters": parts.dead_letters}
    return ok({"queues": [views.queue(name, queue.depth()) for name, queue in named.items()]})


@surface.route("GET /operator/dead-letters", OPERATOR)
def list_dead_letters(call: Call) -> Reply:
    only_parameters(call, ("limit", "after"))
    most = limit(call)
    after = call.query.get("after", "")
    if after and not dead_letters.well_formed(after):
        raise Problem(400, "after must be the id of a dead letter", field="after")
    found = call.platform.dead_letters.page(after, most + 1)
    shown = found[:most]
    return ok(
        {
            "deadLetters": [views.dead_letter(letter) for letter in shown],
            "next": shown[-1].id if len(found) > most else None,
        }
    )


@surface.route("GET /operator/dead-letters/{id}", OPERATOR, _LETTER)
def get_dead_letter(call: Call) -> Reply:
    return ok({"deadLetter": views.dead_letter(call.platform.dead_letters.get(call.params["id"]))})


@surface.route("DELETE /operator/dead-letters/{id}", OPERATOR, _LETTER)
def discard_dead_letter(call: Call) -> Reply:
    return ok({"id": call.platform.dead_letters.discard(call.params["id"]).id, "discarded": True})


@surface.route("POST /operator/dead-letters/{id}/redrive", OPERATOR, _LETTER)
def redrive_dead_letter(call: Call) -> Reply:
    redriven = call.platform.dead_letters.redrive(call.params["id"])
    return ok({"id": redriven.letter.id, "action": redriven.action.value, "task": redriven.task})
