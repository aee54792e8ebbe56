"""What each of the four APIs must do on a fresh deployment, asked for over its own address alone."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from infra.rehearsal.receiver import Receiver

_TIMEOUT_S = 60
#: Seconds that an answer in the background may take.
_PATIENCE_S = 40


class UnexpectedError(Exception):
    """The deployment did something else than it should; the message says what."""


def expect(holds: bool, found: object) -> None:
    """Go on if it holds. Raises UnexpectedError with what was found instead."""
    if not holds:
        raise UnexpectedError(f"Found {found}")


@dataclass(frozen=True, slots=True)
class Site:
    """A deployment: its address, and the certificate that its TLS is checked against."""

    url: str
    certificate: str

    def ask(self, method: str, path: str, expected: int, headers: Mapping[str, str], body: Any = None) -> Any:
        """The JSON that a request is answered with; any other status than the expected one is a failure."""
        form = body if isinstance(body, str) else None
        reply = requests.request(
            method,
            self.url + path,
            headers={**headers, **({"Content-Type": "application/x-www-form-urlencoded"} if form else {})},
            data=form,
            json=None if form else body,
            timeout=_TIMEOUT_S,
            verify=self.certificate,
        )
        if reply.status_code != expected:
            raise UnexpectedError(f"{method} {path}: {reply.status_code} instead of {expected}: {reply.text[:500]}")
        return reply.json() if reply.content else None


def bearer(key: str) -> dict[str, str]:
    """The header of a caller with a key or token."""
    return {"Authorization": f"Bearer {key}"}


def gateway(site: Site) -> str:
    """All parts answer, and what no route answers is worded by the template."""
    parts = site.ask("GET", "/health", 200, {})["parts"]
    unknown = site.ask("GET", "/a/b/c/d/e/f/g", 404, {})
    expect(unknown == {"error": "Not found"}, unknown)
    return f"health: {', '.join(parts)}; an unknown path: 404"


def asyncqueue(site: Site, receiver: Receiver, key: str, below: str) -> str:
    """A callback with a retry and a completion webhook; a cancelled task. `below`: a path for the receiver's."""
    order = {
        "callbackUrl": f"{receiver.url}/fail-once/hook{below}",
        "body": '{"order":1}',
        "retryBackoff": "linear",
        "onCompleteUrl": f"{receiver.url}/done{below}",
    }
    task = site.ask("POST", "/v1/tasks", 201, bearer(key), order)["task"]
    later = site.ask(
        "POST", "/v1/tasks", 201, bearer(key), {"callbackUrl": receiver.url, "delayUntil": in_seconds(300)}
    )
    site.ask("POST", f"/v1/tasks/{later['task']['id']}/cancel", 200, bearer(key))
    ended = finished(site, key, task["id"])
    expect((ended["status"], ended["retryCount"]) == ("completed", 1), ended)
    webhook = receiver.wait(f"/done{below}")
    expect(b'"task.completed"' in webhook.body, webhook.body)
    expect("webhook-signature" in webhook.headers, webhook.headers)
    return "503 retried, then completed; webhook signed and received; a scheduled task cancelled"


def asyncflow(site: Site, key: str) -> str:
    """A message is accepted and processed."""
    headers = {"X-API-KEY": key, "X-STUDENT-GROUP": "rehearsal"}
    accepted = site.ask("POST", "/asyncflow", 202, headers, {"destination": "warehouse", "content": "Twelve boxes"})
    path = f"/asyncflow/{accepted['trackingId']}?wait=20"
    end = time.monotonic() + _PATIENCE_S
    while (message := site.ask("GET", path, 200, headers))["processedAt"] is None and time.monotonic() < end:
        pass
    expect(message["status"] == "Completed", message)
    return f"{accepted['trackingId']} completed"


def astraflow(site: Site, receiver: Receiver, client_id: str, client_secret: str) -> str:
    """A token, a webhook, a task, and the delivery that tells of it."""
    basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    token = site.ask("POST", "/oauth/token", 200, {"Authorization": f"Basic {basic}"}, "grant_type=client_credentials")
    caller = bearer(token["access_token"])
    site.ask("POST", "/api/v1/webhooks", 201, caller, {"url": f"{receiver.url}/events", "event": "task.created"})
    task = site.ask("POST", "/api/v1/tasks", 201, caller, {"name": "Rehearse", "priority": "high"})
    event = receiver.wait("/events")
    expect(task["id"].encode() in event.body, event.body)
    listed = site.ask("GET", "/api/v1/tasks?status=pending", 200, caller)
    expect(task["id"] in [entry["id"] for entry in listed["tasks"]], listed)
    site.ask("DELETE", f"/api/v1/tasks/{task['id']}", 200, caller)
    return "token issued; task.created delivered; task listed and deleted"


def asimov(site: Site, key: str) -> str:
    """An operation at once, and one in the background."""
    hello = site.ask("POST", "/api/hello", 200, bearer(key), {"message": "Hello, Asimov"})
    background = {**bearer(key), "X-Request-Mode": "async"}
    started = site.ask("POST", "/api/primes", 202, background, {"below": 1000})
    path = f"/api/tasks/{started['id']}?wait=20"
    end = time.monotonic() + _PATIENCE_S
    while (task := site.ask("GET", path, 200, bearer(key)))["_state"] != "COMPLETED" and time.monotonic() < end:
        pass
    expect(task["count"] == 168, task)
    return f"{hello['data']['message']!r} at once; 168 primes below 1000 in the background"


def finished(site: Site, key: str, task_id: str) -> Any:
    """A task of AsyncQueue once it has ended."""
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        task = site.ask("GET", f"/v1/tasks/{task_id}?wait=20", 200, bearer(key))["task"]
        if "completedAt" in task:
            return task
    raise UnexpectedError(f"{task_id} did not end within {_PATIENCE_S} s")


def in_seconds(seconds: float) -> str:
    """An instant so many seconds from now, as AsyncQueue reads it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
