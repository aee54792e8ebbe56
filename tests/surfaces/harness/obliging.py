"""A place where every fixture can be met, for the tests of the harness itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from surfaces.harness.place import ReceivedRequest, Reply
from surfaces.harness.scene import Scene
from surfaces.harness.specimen import MOMENT, SECOND, TASK_ID, TIME, TRACKING_ID, specimen

JSON = {"content-type": "application/json", "x-request-id": "4b1f8a3e"}

#: What preparations look for in an answer, and the statuses that they expect.
_VIEW = {
    "task": {"id": TASK_ID, "createdAt": TIME},
    "tasks": [],
    "members": [],
    "trackingId": TRACKING_ID,
    "submittedAt": SECOND,
    "id": TASK_ID,
    "metadata": {"_creationTime": MOMENT},
    "tenant": {"id": "a tenant"},
    "client": {"id": "a client", "secret": "its secret"},
    "admin": {"email": "admin@example.com", "password": "the admin's"},
    "access_token": "an access token",
    "refresh_token": "a refresh token",
    "created_at": SECOND,
}
_CREATED = {"/v1/tasks": 201, "/v1/members": 201, "/asyncflow": 202, "/api/hello": 202, "/api/primes": 202}


class ObligingPlace:
    """A place that answers what it is told to; to a preparation, what lets it go on."""

    base_url = "http://obliging.invalid"
    keys = {name: f"{name}-key" for name in ("pro", "free", "operator", "other")}  # noqa: RUF012 - read only

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Mapping[str, str], bytes | None]] = []
        self.answer: Reply | None = None
        self.arrived: list[ReceivedRequest] = []

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        self.asked.append((method, path, headers, body))
        if self.answer:
            return self.answer
        status = _CREATED.get(path, 200) if method == "POST" else 200
        return Reply(status, JSON, json.dumps(_VIEW).encode())

    def sink(self, script: str) -> str:
        return f"http://sink.invalid/{len(script)}"

    def received(self, url: str) -> list[ReceivedRequest]:
        return self.arrived

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()

    def settle(self, there: Callable[[], bool], timeout_s: float, *, in_call: bool = False) -> None:
        """It is there."""

    def oblige(self, step: Mapping[str, Any], opened: Scene) -> None:
        """Let the next step find what it expects."""
        self.answer, self.arrived = None, []
        if "request" in step:
            expect = specimen(step["expect"], opened.bindings)
            headers = JSON | {name.lower(): value for name, value in expect.get("headers", {}).items()}
            self.answer = Reply(expect["status"], headers, json.dumps(expect.get("body", {})).encode())
        if "gaps" in step:
            times = [sum(step["gaps"][:number]) for number in range(len(step["gaps"]) + 1)]
            self.arrived = [ReceivedRequest("POST", "/", {}, b"", at) for at in times]
        for shape in step.get("requests", ()):
            request = specimen(shape, opened.bindings)
            body = json.dumps(request["json"]) if "json" in request else request.get("text", "")
            headers = request.get("headers", {})
            self.arrived.append(ReceivedRequest(request.get("method", "POST"), "/", headers, body.encode(), 0))
