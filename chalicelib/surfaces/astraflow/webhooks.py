"""AstraFlow's webhooks: registered, turned over, tried out, and what became of their deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.access import Scope
from chalicelib.domain.errors import ConflictError
from chalicelib.domain.listing import Position
from chalicelib.domain.webhooks import ItemEvent, Webhook
from chalicelib.engine.hooks import MOST_WEBHOOKS
from chalicelib.engine.teams import LONGEST_OVERLAP_S
from chalicelib.surfaces import addresses, fields
from chalicelib.surfaces.astraflow.edge import access, surface
from chalicelib.surfaces.cursors import next_link, opened
from chalicelib.surfaces.json_body import json_object, optional_json_object
from chalicelib.surfaces.kit import Call, Problem, Reply, Texts
from chalicelib.surfaces.parameters import only_parameters, path_id, whole_number
from chalicelib.surfaces.repeats import REPLAYED, fingerprint, idempotency_key, secret_headers
from chalicelib.surfaces.replies import ok
from chalicelib.views import items as views

_LONGEST_URL = 2_048
_EVENTS = tuple(event.value for event in ItemEvent)
#: Each comes with what was sent, up to 70 KB: so many fit into an answer of a Lambda function.
_DELIVERIES, _MOST_DELIVERIES = 20, 50
_FULL: Texts = {ConflictError: f"No more than {MOST_WEBHOOKS} webhooks can be registered"}
_DISABLED: Texts = {ConflictError: "The webhook is disabled"}
_NOT_REPLAYABLE: Texts = {ConflictError: "The delivery is still under way, or the webhook is disabled"}


@surface.route("GET /api/v1/webhooks", Scope.WEBHOOKS_WRITE)
def list_webhooks(call: Call) -> Reply:
    only_parameters(call, ())
    return ok({"webhooks": [views.webhook(each) for each in call.platform.webhooks.all(access(call).tenant)]})


@surface.route("POST /api/v1/webhooks", Scope.WEBHOOKS_WRITE, _FULL)
def register_webhook(call: Call) -> Reply:
    members = json_object(call)
    fields.refuse_unknown(members, ("url", "event"))
    url = _url(call, members)
    event = fields.choice(members, "event", _EVENTS)
    if event is None:
        raise Problem(400, "event is required", field="event")
    made = call.platform.webhooks.register(
        access(call).tenant, url, ItemEvent(event), key=idempotency_key(call), fingerprint=fingerprint(call, members)
    )
    view = views.new_webhook(made.webhook, call.platform.webhooks.secret(made.webhook))
    location = {"Location": f"{call.path.rstrip('/')}/{made.webhook.id}"}
    return ok(view, 201, {**secret_headers(replayed=made.replayed), **location})


@surface.route("GET /api/v1/webhooks/{id}", Scope.WEBHOOKS_WRITE)
def get_webhook(call: Call) -> Reply:
    return ok(views.webhook(_webhook(call)))


@surface.route("DELETE /api/v1/webhooks/{id}", Scope.WEBHOOKS_WRITE)
def delete_webhook(call: Call) -> Reply:
    call.platform.webhooks.delete(access(call).tenant, path_id(call, "id"))
    return ok({"message": "Webhook deleted successfully"})


@surface.route("POST /api/v1/webhooks/{id}/ping", Scope.WEBHOOKS_WRITE, _DISABLED)
def ping_webhook(call: Call) -> Reply:
    webhook = _webhook(call)
    ping = call.platform.webhooks.ping(webhook, idempotency_key(call))
    return ok(views.delivery(ping.task, webhook), 202, REPLAYED if ping.replayed else None)


@surface.route("POST /api/v1/webhooks/{id}/rotate", Scope.WEBHOOKS_WRITE)
def rotate_webhook(call: Call) -> Reply:
    members = optional_json_object(call)
    fields.refuse_unknown(members, ("overlap_seconds",))
    seconds = fields.whole_seconds(members, "overlap_seconds", longest=LONGEST_OVERLAP_S)
    rotated = call.platform.webhooks.rotate(
        access(call).tenant,
        path_id(call, "id"),
        LONGEST_OVERLAP_S if seconds is None else seconds,
        idempotency_key(call),
    )
    view = views.rotated(rotated.webhook, call.platform.webhooks.secret(rotated.webhook))
    return ok(view, 200, secret_headers(replayed=rotated.replayed))


@surface.route("POST /api/v1/webhooks/{id}/enable", Scope.WEBHOOKS_WRITE)
def enable_webhook(call: Call) -> Reply:
    return ok(views.webhook(call.platform.webhooks.enable(access(call).tenant, path_id(call, "id"))))


@surface.route("GET /api/v1/webhooks/{id}/deliveries", Scope.WEBHOOKS_WRITE)
def list_deliveries(call: Call) -> Reply:
    only_parameters(call, ("limit", "cursor"))
    webhook = _webhook(call)
    limit = min(whole_number(call.query, "limit", _DELIVERIES, lowest=1), _MOST_DELIVERIES)
    cursor = call.query.get("cursor")
    # A cursor opens the list it was made for alone: that of this webhook.
    owner = f"{webhook.tenant} {webhook.id}"
    position = Position() if cursor is None else Position(after=opened(call, owner, cursor))
    page = call.platform.webhooks.deliveries(webhook, position, limit)
    older = next_link(call, owner, page.tasks[-1]) if page.more else {}
    return ok({"deliveries": [views.delivery(task, webhook) for task in page.tasks]}, 200, older)


@surface.route("GET /api/v1/webhooks/{id}/deliveries/{delivery}", Scope.WEBHOOKS_WRITE)
def get_delivery(call: Call) -> Reply:
    webhook = _webhook(call)
    return ok(views.delivery(call.platform.webhooks.delivery(webhook, path_id(call, "delivery")), webhook))


@surface.route("POST /api/v1/webhooks/{id}/deliveries/{delivery}/replay", Scope.WEBHOOKS_WRITE, _NOT_REPLAYABLE)
def replay_delivery(call: Call) -> Reply:
    webhook = _webhook(call)
    again = call.platform.webhooks.replay(webhook, path_id(call, "delivery"), idempotency_key(call))
    return ok(views.delivery(again.task, webhook), 202, REPLAYED if again.replayed else None)


def _webhook(call: Call) -> Webhook:
    return call.platform.webhooks.get(access(call).tenant, path_id(call, "id"))


def _url(call: Call, members: Mapping[str, Any]) -> str:
    url = fields.text(members, "url", longest=_LONGEST_URL, required=True, printable=False) or ""
    return addresses.callable_url(call, "url", url)
