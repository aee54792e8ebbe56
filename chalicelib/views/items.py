"""AstraFlow's tasks, webhooks and deliveries as JSON, exactly as its manual shows them."""

from __future__ import annotations

from typing import Any

from chalicelib.domain import signing
from chalicelib.domain.items import Item
from chalicelib.domain.masking import MASK
from chalicelib.domain.outgoing import event_headers, message_id
from chalicelib.domain.task import AttemptOutcome, AttemptRecord, Delivery, Payload, Result, Status, Task
from chalicelib.domain.timing import iso_seconds
from chalicelib.domain.webhooks import Webhook
from chalicelib.views.encoding import encode

View = dict[str, Any]

_DELIVERY_STATUSES = {Status.COMPLETED: "delivered", Status.FAILED: "failed", Status.CANCELLED: "failed"}


def created(item: Item) -> View:
    """A task as the answer to its creation shows it."""
    return {"id": item.id, "name": item.name, "status": item.status.value, **_when_set(item)}


def listed(item: Item) -> View:
    """A task as lists show it."""
    return {"id": item.id, "name": item.name, "status": item.status.value}


def shown(item: Item) -> View:
    """A task by itself: the six documented keys, and due date and priority when they are set."""
    return {
        "id": item.id,
        "name": item.name,
        "description": item.description,
        "status": item.status.value,
        **_when_set(item),
        "created_at": iso_seconds(item.created_at),
        "updated_at": iso_seconds(item.updated_at),
    }


def updated(item: Item) -> View:
    """A task as the answer to its change shows it: these three keys, whatever was changed."""
    return {"id": item.id, "status": item.status.value, "updated_at": iso_seconds(item.updated_at)}


def event(name: str, item: Item | None, at: int) -> str:
    """What a webhook is sent: the task as it stood when the event happened; an empty object where there is none."""
    return encode({"event": name, "created_at": iso_seconds(at), "data": {} if item is None else shown(item)})


def webhook(webhook: Webhook) -> View:
    """A webhook as lists show it, with when and why it was disabled."""
    view: View = {
        "id": webhook.id,
        "url": webhook.url,
        "event": webhook.event.value,
        "created_at": iso_seconds(webhook.created_at),
        "enabled": webhook.enabled,
    }
    if webhook.disabled_at is not None:
        view["disabled_at"] = iso_seconds(webhook.disabled_at)
        view["disabled_reason"] = webhook.disabled_reason
    return view


def new_webhook(webhook: Webhook, secret: str) -> View:
    """A webhook as the answer that made it shows it: the only time its secret is shown."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "event": webhook.event.value,
        "created_at": iso_seconds(webhook.created_at),
        "secret": secret,
    }


def rotated(webhook: Webhook, secret: str) -> View:
    """A webhook's new secret, and until when the one before it signs beside it."""
    until = webhook.signing.previous_until
    return {
        "id": webhook.id,
        "secret": secret,
        "previous": None if until is None else {"expires_at": iso_seconds(until)},
    }


def delivery(task: Task, webhook: Webhook) -> View:
    """A delivery: what was sent last, or is to be sent first, how it went attempt by attempt, and what came back
    last."""
    view: View = {
        "id": task.id,
        "message_id": message_id(task),
        "event": task.work_as(Delivery).event,
        "status": _DELIVERY_STATUSES.get(task.status, "pending"),
        "created_at": iso_seconds(task.created_at),
        "attempts": [_attempt(entry) for entry in task.history if entry.outcome is not AttemptOutcome.CONTINUED],
        "next_attempt_at": None if task.finished else iso_seconds(task.due_at),
        "request": {
            "url": webhook.url,
            "headers": _sent(task),
            "body": (task.payload or Payload()).body or "",
        },
        "response": None if task.result is None else _response(task.result),
        "error": task.error,
    }
    if task.completed_at is not None:
        view["completed_at"] = iso_seconds(task.completed_at)
    return view


def _sent(task: Task) -> dict[str, str]:
    """The headers of a delivery's last request. Its time and signatures are not kept: they are named, and masked."""
    return {**dict(event_headers(task)), "webhook-id": message_id(task), **dict.fromkeys(signing.OF_A_MOMENT, MASK)}


def _when_set(item: Item) -> View:
    view: View = {}
    if item.due_at is not None:
        view["due_date"] = iso_seconds(item.due_at)
    if item.priority is not None:
        view["priority"] = item.priority.value
    return view


def _attempt(entry: AttemptRecord) -> View:
    return {
        "started_at": iso_seconds(entry.started_at),
        "finished_at": None if entry.finished_at is None else iso_seconds(entry.finished_at),
        "outcome": entry.outcome.value,
        "status_code": entry.status_code,
        "error": entry.error,
    }


def _response(result: Result) -> View:
    headers: dict[str, str] = {}
    for name, value in result.headers:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return {
        "status_code": result.status_code,
        "headers": headers,
        "body": result.body,
        "duration_ms": result.duration_ms,
    }
