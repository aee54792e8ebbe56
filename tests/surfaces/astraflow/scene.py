"""A scene at AstraFlow: a tenant of its own, the token of its client, its tasks and webhooks."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any
from urllib.parse import urlencode

from surfaces.harness.matching import Bindings
from surfaces.harness.place import Place
from surfaces.harness.scene import Scene

_FORM = "application/x-www-form-urlencoded"


class AstraFlowScene(Scene):
    """Requests carry the scene's `token` as a bearer's; what is created are tasks."""

    manual_key = "{token}"

    def __init__(self, place: Place, bindings: Bindings) -> None:
        super().__init__(place, bindings)
        made = self._operator("POST /operator/astraflow/tenants", {"name": f"Tenant {bindings['unique']}"})
        bindings.update(
            tenant=made["tenant"]["id"],
            client_id=made["client"]["id"],
            client_secret=made["client"]["secret"],
            admin_email=made["admin"]["email"],
            admin_password=made["admin"]["password"],
        )
        bindings["token"] = self.grant({"grant_type": "client_credentials"})["access_token"]

    def signed(self, headers: Mapping[str, str | None], key: str | None) -> Mapping[str, str | None]:
        if not key or "authorization" in {name.lower() for name in headers}:
            return headers
        return {**headers, "Authorization": f"Bearer {key}"}

    def grant(self, form: Mapping[str, str]) -> dict[str, Any]:
        """What the token endpoint grants the scene's client."""
        client = {"client_id": self.bindings["client_id"], "client_secret": self.bindings["client_secret"]}
        body = urlencode({**client, **form}).encode()
        reply = self.ask("POST", "/oauth/token", {"Content-Type": _FORM, "Accept": "*/*"}, body)
        assert reply.status == 200, f"{form['grant_type']} answered {reply.status} {reply.body!r}"
        granted: dict[str, Any] = json.loads(reply.body)
        return granted

    def create(self, fields: Mapping[str, Any]) -> None:
        """Create a task. Binds `task_id`."""
        task = self.made({"line": "POST /api/v1/tasks", "json": {"name": "Sample", **fields}})
        self.bindings["task_id"] = task["id"]

    def settle(self, until: str, timeout_s: float = 20) -> None:
        """Until the webhook `webhook_id` has a delivery of this status."""
        line = f"/api/v1/webhooks/{self.bindings['webhook_id']}/deliveries"
        # Each look is one of the client's hundred requests a minute.
        pauses_s = chain([0.0], repeat(0.4))

        def there() -> bool:
            time.sleep(next(pauses_s))
            deliveries = self.get(line, self.bindings["token"])["deliveries"]
            return until in [each["status"] for each in deliveries]

        try:
            self.place.settle(there, timeout_s)
        except TimeoutError as error:
            raise TimeoutError(f"no delivery is {until}: {error}") from None

    def made(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What a request answers that has to succeed."""
        reply = self.send(request)
        assert reply.status < 300, f"{request['line']} answered {reply.status} {reply.body!r}"
        made: dict[str, Any] = json.loads(reply.body)
        return made

    def _operator(self, line: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        return self.made({"line": line, "key": self.bindings["operator_key"], "json": fields})
