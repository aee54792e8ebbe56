"""A scene at Asimov: its tasks, and how they are waited for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from surfaces.harness.scene import Scene


class AsimovScene(Scene):
    """Requests carry no key, as in the manual, unless the fixture names one; what is created are greetings."""

    manual_key = ""

    def signed(self, headers: Mapping[str, str | None], key: str | None) -> Mapping[str, str | None]:
        if not key or {name.lower() for name in headers} & {"authorization", "x-api-key"}:
            return headers
        return {**headers, "Authorization": f"Bearer {key}"}

    def create(self, fields: Mapping[str, Any]) -> None:
        self.start("hello", fields)

    def start(self, kind: str, members: Mapping[str, Any]) -> None:
        """Start an operation. Binds `task_id` and `created_at`."""
        request = {"line": f"POST /api/{kind}", "headers": {"X-Request-Mode": "async"}, "json": members}
        reply = self.send(request)
        assert reply.status == 202, f"start answered {reply.status} {reply.body!r}"
        resource = json.loads(reply.body)
        self.bindings.update(task_id=resource["id"], created_at=resource["metadata"]["_creationTime"])

    def settle(self, until: str, timeout_s: float = 20) -> None:
        """Until the task is in this state."""
        task_id = self.bindings["task_id"]

        def there() -> bool:
            return bool(self.get(f"/api/tasks/{task_id}")["_state"] == until)

        try:
            self.place.settle(there, timeout_s, in_call=until == "RUNNING")
        except TimeoutError as error:
            raise TimeoutError(f"{task_id} is not {until}: {error}") from None
