"""A scene at AsyncQueue: its keys, its tasks, and how they are waited for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from surfaces.harness.matching import Bindings
from surfaces.harness.place import Place, Reply
from surfaces.harness.scene import Scene


class AsyncQueueScene(Scene):
    """Requests carry a key as a bearer's; what is created are tasks. Afterwards every task that the scene created is
    cancelled, where that still can be."""

    manual_key = "your-api-key"

    def __init__(self, place: Place, bindings: Bindings) -> None:
        super().__init__(place, bindings)
        self._created: list[tuple[str, Mapping[str, str]]] = []

    def signed(self, headers: Mapping[str, str | None], key: str | None) -> Mapping[str, str | None]:
        if key is None or {name.lower() for name in headers} & {"authorization", "x-api-key"}:
            return headers
        return {**headers, "Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        reply = super().ask(method, path, headers, body)
        if (method, path, reply.status) == ("POST", "/v1/tasks", 201):
            self._created.append((json.loads(reply.body)["task"]["id"], headers))
        return reply

    def create(self, fields: Mapping[str, Any]) -> None:
        self.bindings["task_id"] = self.task(fields)["id"]

    def task(self, fields: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
        """Create a task and return it as the API shows it."""
        reply = self.send({"line": "POST /v1/tasks", "key": key or self.manual_key, "json": fields})
        assert reply.status == 201, f"create answered {reply.status} {reply.body!r}"
        task: dict[str, Any] = json.loads(reply.body)["task"]
        return task

    def settle(self, until: str, timeout_s: float = 20) -> None:
        self.settle_task(self.bindings["task_id"], until, timeout_s)

    def settle_task(self, task_id: str, until: str, timeout_s: float = 20) -> None:
        """Until the task has this status, is `settled` (a final status, and whatever follows from it has run, the
        completion webhook too where that can be known), or is `retrying` (an attempt has failed and the task waits for
        the next: status `pending` with a `startedAt`)."""
        try:
            self.place.settle(lambda: self._there(task_id, until), timeout_s, in_call=until == "processing")
        except TimeoutError as error:
            raise TimeoutError(f"{task_id} is not {until}: {error}") from None

    def close(self) -> None:
        for task_id, headers in self._created:
            self.place.request("POST", f"/v1/tasks/{task_id}/cancel", headers, None)
        super().close()

    def _there(self, task_id: str, until: str) -> bool:
        task = self.get(f"/v1/tasks/{task_id}")["task"]
        if until == "settled":
            return "completedAt" in task
        if until == "retrying":
            return task["status"] == "pending" and "startedAt" in task
        return bool(task["status"] == until)
