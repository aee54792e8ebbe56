"""A scene at AsyncFlow: its key, a group of its own, its messages, and how they are waited for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any

from surfaces.harness.matching import Bindings
from surfaces.harness.place import Place
from surfaces.harness.scene import Scene


class AsyncFlowScene(Scene):
    """Requests carry the key and the scene's `group`; what is created are messages."""

    manual_key = "asyncflow-api-key"

    def __init__(self, place: Place, bindings: Bindings) -> None:
        super().__init__(place, bindings)
        bindings.setdefault("group", f"group-{bindings['unique']}")

    def signed(self, headers: Mapping[str, str | None], key: str | None) -> Mapping[str, str | None]:
        own = {"X-API-KEY": key, "X-STUDENT-GROUP": self.bindings["group"]}
        said = {name.lower() for name in headers}
        return {**{name: value for name, value in own.items() if name.lower() not in said}, **headers}

    def create(self, fields: Mapping[str, Any]) -> None:
        """Submit a message. Binds `tracking_id`, `tracking_id_in_lower_case` and `submitted_at`."""
        reply = self.send({"line": "POST /asyncflow", "json": {"content": "Your message payload here", **fields}})
        assert reply.status == 202, f"submit answered {reply.status} {reply.body!r}"
        receipt = json.loads(reply.body)
        tracking_id = receipt["trackingId"]
        self.bindings.update(
            tracking_id=tracking_id,
            tracking_id_in_lower_case=tracking_id.lower(),
            submitted_at=receipt["submittedAt"],
        )

    def settle(self, until: str, timeout_s: float = 20) -> None:
        """Until the message has this status. Each look but the first waits for a change, so that they are few of the
        group's ten requests a minute."""
        self.settle_message(self.bindings["tracking_id"], until, timeout_s)

    def settle_message(self, tracking_id: str, until: str, timeout_s: float = 20) -> None:
        """Until this message has this status."""
        looks = chain([""], repeat("?wait=20"))
        try:
            self.place.settle(
                lambda: self.get(f"/asyncflow/{tracking_id}{next(looks)}")["status"] == until,
                timeout_s,
            )
        except TimeoutError as error:
            raise TimeoutError(f"{tracking_id} is not {until}: {error}") from None
