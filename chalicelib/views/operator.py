"""What the operator sees of tasks, dead letters and queues: everything that helps, and no secret."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.dead_letters import DeadLetter
from chalicelib.domain.exchange import Headers
from chalicelib.domain.listing import view_of
from chalicelib.domain.masking import masked, masked_text
from chalicelib.domain.task import Callback, Delivery, Due, Operation, Payload, Simulation, Task, Work
from chalicelib.domain.timing import iso_milliseconds
from chalicelib.ports.queue import Depth
from chalicelib.views import asyncqueue

View = dict[str, Any]

#: The API whose work each kind is, and what the kind is called.
_KINDS: dict[type[Work], tuple[str, str]] = {
    Callback: ("asyncqueue", "callback"),
    Simulation: ("asyncflow", "message"),
    Operation: ("asimov", "operation"),
    Delivery: ("astraflow", "delivery"),
    Due: ("astraflow", "reminder"),
}


def queue(name: str, depth: Depth) -> View:
    """How full a queue is, roughly."""
    return {"name": name, "waiting": depth.waiting, "inFlight": depth.in_flight, "delayed": depth.delayed}


def dead_letter(letter: DeadLetter) -> View:
    """A letter with the beginning of its message."""
    return {
        "id": letter.id,
        "reason": letter.reason.value,
        "at": iso_milliseconds(letter.at),
        "task": letter.task,
        "team": letter.team,
        "body": masked_text(letter.body),
        "length": letter.length,
    }


def summary(task: Task, *, now: int) -> View:
    """A task as lists show it."""
    surface, kind = _KINDS[type(task.known_work)]
    return {
        "id": task.id,
        "surface": surface,
        "kind": kind,
        "team": task.team,
        "status": view_of(task.status, task.due_at, now).value,
        "attempt": task.attempt,
        "maxAttempts": task.max_attempts,
        "error": task.error,
        "dueAt": iso_milliseconds(task.due_at),
        "createdAt": iso_milliseconds(task.created_at),
        "completedAt": _instant(task.completed_at),
        "replayOf": task.replay_of,
    }


def task(task: Task, *, now: int) -> View:
    """A task with all there is to know about it. Values that look like secrets are masked."""
    payload = task.payload or Payload()
    result = task.result
    return {
        **summary(task, now=now),
        "startedAt": _instant(task.started_at),
        "leaseUntil": _instant(task.lease_until) if not task.finished else None,
        "expiresAt": _instant(None if task.expires_at is None else task.expires_at * 1000),
        "webhookPending": task.webhook,
        "onCompleteUrl": None if task.on_complete_url is None else masked_text(task.on_complete_url),
        "work": _work(task.known_work),
        "request": {"headers": _headers(payload.headers), "body": _text(payload.body)},
        "result": None
        if result is None
        else {
            "statusCode": result.status_code,
            "headers": _headers(result.headers),
            "body": _text(result.body),
            "duration": result.duration_ms,
        },
        **asyncqueue.attempts(task),
    }


def _work(work: Work) -> View:
    match work:
        case Callback():
            return {
                "url": masked_text(work.url),
                "method": work.method,
                "maxWaitTime": work.max_wait_s,
                "timeout": work.timeout_s,
                "retryBackoff": work.backoff.value,
            }
        case Simulation():
            return {"group": work.group, "destination": work.destination, "failure": work.failure}
        case Operation():
            return {"operation": work.kind}
        case Delivery():
            return {"tenant": work.tenant, "webhook": work.webhook, "event": work.event, "item": work.item}
        case Due():
            return {"tenant": work.tenant, "item": work.item}


def _headers(headers: Headers) -> View:
    return {name: masked(name, value) for name, value in headers}


def _text(text: str | None) -> str | None:
    return None if text is None else masked_text(text)


def _instant(instant: int | None) -> str | None:
    return None if instant is None else iso_milliseconds(instant)
