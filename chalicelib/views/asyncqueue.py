"""AsyncQueue's JSON, exactly as its manual shows it: no key more, none fewer.

Members that have no value yet are absent, as in the manual's examples; only the webhook shows them as null.
"""

from __future__ import annotations

from typing import Any

from chalicelib.domain.identity import ApiKey, Member, Team
from chalicelib.domain.listing import view_of
from chalicelib.domain.masking import masked
from chalicelib.domain.task import AttemptRecord, Callback, Payload, Result, Status, Task
from chalicelib.domain.timing import iso_milliseconds
from chalicelib.engine.minting import Ending, KnownKey

View = dict[str, Any]


def accepted(task: Task) -> View:
    """A task as the answer to its creation shows it: the request is echoed."""
    payload = task.payload or Payload()
    request: View = {"headers": dict(payload.headers)}
    if payload.body is not None:
        request["body"] = payload.body
    announced: View = {} if task.on_complete_url is None else {"onCompleteUrl": task.on_complete_url}
    view = shown(task, now=task.created_at)
    return _arranged({**view, **request, **announced})


def shown(task: Task, *, now: int) -> View:
    """A task as get, list and cancel show it: without headers, body and onCompleteUrl."""
    work = task.work_as(Callback)
    view: View = {
        "id": task.id,
        "teamId": task.team,
        "status": view_of(task.status, task.due_at, now).value,
        "callbackUrl": work.url,
        "method": work.method,
        "maxWaitTime": _number(work.max_wait_s),
        "timeout": _number(work.timeout_s),
        "maxRetries": task.max_retries,
        "retryCount": task.retries_made,
        "retryBackoff": work.backoff.value,
        "createdAt": iso_milliseconds(task.created_at),
    }
    if task.delay_until is not None:
        view["delayUntil"] = iso_milliseconds(task.delay_until)
    if task.finished and task.result is not None:
        view["result"] = _result(task.result)
    if task.error is not None:
        view["error"] = task.error
    if task.started_at is not None:
        view["startedAt"] = iso_milliseconds(task.started_at)
    if task.completed_at is not None:
        view["completedAt"] = iso_milliseconds(task.completed_at)
    return _arranged(view)


def with_request(task: Task, *, now: int) -> View:
    """A task with what was asked for, on request. Values of headers are masked."""
    payload = task.payload or Payload()
    view = shown(task, now=now)
    view["headers"] = {name: masked(name, value) for name, value in payload.headers}
    if payload.body is not None:
        view["body"] = payload.body
    if task.on_complete_url is not None:
        view["onCompleteUrl"] = task.on_complete_url
    return _arranged(view)


def webhook(task: Task) -> View:
    """The body of the completion webhook: its task has exactly the documented seven keys."""
    return {
        "event": f"task.{task.status.value}",
        "task": {
            "id": task.id,
            "status": task.status.value,
            "result": None if task.result is None else _result(task.result),
            "error": task.error,
            "retryCount": task.retries_made,
            "createdAt": iso_milliseconds(task.created_at),
            "completedAt": None if task.completed_at is None else iso_milliseconds(task.completed_at),
        },
    }


def attempts(task: Task) -> View:
    """The history of a task, the attempt under way included."""
    entries = [_attempt(entry) for entry in task.history]
    if task.status is Status.RUNNING and task.claimed_at is not None:
        entries.append(
            {
                "number": task.attempt,
                "scheduledAt": iso_milliseconds(task.due_at),
                "startedAt": iso_milliseconds(task.claimed_at),
                "finishedAt": None,
                "outcome": "running",
                "statusCode": None,
                "error": None,
                "nextAttemptAt": None,
            }
        )
    return {"attempts": entries}


def api_key(known: KnownKey) -> View:
    """A key as lists show it."""
    key = known.key
    view: View = {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "createdAt": iso_milliseconds(key.created_at),
    }
    if known.used_at is not None:
        view["lastUsedAt"] = iso_milliseconds(known.used_at)
    if key.expires_at is not None:
        view["expiresAt"] = iso_milliseconds(key.expires_at)
    return view


def new_api_key(key: ApiKey, secret: str) -> View:
    """A key as the answer that made it shows it: the only time it is shown in full."""
    return {"id": key.id, "key": secret, "name": key.name, "createdAt": iso_milliseconds(key.created_at)}


def rotated_api_key(key: ApiKey, secret: str, previous: Ending) -> View:
    """A key that took another one's place, and until when that one lives on."""
    ending = {"id": previous.id, "expiresAt": iso_milliseconds(previous.expires_at)}
    return {**new_api_key(key, secret), "previous": ending}


def member(member: Member) -> View:
    return {"id": member.id, "email": member.email, "createdAt": iso_milliseconds(member.created_at)}


def signing_secret(team: Team, secret: str, *, now: int) -> View:
    """The secret in force, and until when the one before it signs beside it."""
    until = team.signing.previous_until
    return {
        "secret": secret,
        "createdAt": iso_milliseconds(team.signing_since),
        "previous": {"expiresAt": iso_milliseconds(until)} if until is not None and until > now else None,
    }


def team(team: Team) -> View:
    return {"id": team.id, "name": team.name, "plan": team.plan_name, "createdAt": iso_milliseconds(team.created_at)}


def _attempt(entry: AttemptRecord) -> View:
    return {
        "number": entry.number,
        "scheduledAt": iso_milliseconds(entry.scheduled_at),
        "startedAt": iso_milliseconds(entry.started_at),
        "finishedAt": None if entry.finished_at is None else iso_milliseconds(entry.finished_at),
        "outcome": entry.outcome.value,
        "statusCode": entry.status_code,
        "error": entry.error,
        "nextAttemptAt": None if entry.next_at is None else iso_milliseconds(entry.next_at),
    }


def _result(result: Result) -> View:
    headers: dict[str, str] = {}
    for name, value in result.headers:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return {
        "statusCode": result.status_code,
        "headers": headers,
        "body": result.body,
        "duration": result.duration_ms,
    }


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


#: The order of the manual's examples.
_ORDER = (
    "id",
    "teamId",
    "status",
    "callbackUrl",
    "method",
    "headers",
    "body",
    "maxWaitTime",
    "timeout",
    "maxRetries",
    "retryCount",
    "retryBackoff",
    "onCompleteUrl",
    "delayUntil",
    "result",
    "error",
    "createdAt",
    "startedAt",
    "completedAt",
)


def _arranged(view: View) -> View:
    return {name: view[name] for name in _ORDER if name in view}
