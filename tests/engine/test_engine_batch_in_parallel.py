"""The callbacks of one batch are made side by side: a slow server holds up nobody else."""

from __future__ import annotations

import threading
from typing import Any

from world import CONTEXT, ScriptedDoor, World, answer, sqs_event

from app import attempt
from chalicelib.domain.exchange import Answer, Request
from chalicelib.machine import Threads


def test_ten_callbacks_of_one_batch_are_under_way_at_once() -> None:
    """A server that answers nobody until ten have come: one after the other would never end."""
    everybody = threading.Barrier(10)

    def wait_for_the_others(request: Request) -> Answer:
        everybody.wait(10)
        return answer(200)

    def threads(name: str, part: Any) -> Any:
        return Threads() if name == "parallel" else part

    with World(door=ScriptedDoor(wait_for_the_others), wrap=threads) as world:
        _, key = world.team()
        for _ in range(10):
            world.request("POST", "/v1/tasks", key=key, json={"callbackUrl": "https://api.example.com/webhook"})
        batch = world.tasks_queue.receive(10)
        assert len(batch) == 10
        assert attempt(sqs_event(world.tasks_queue, batch), CONTEXT) == {"batchItemFailures": []}
        page = world.request("GET", "/v1/tasks?status=completed", key=key).json
        assert page["pagination"]["total"] == 10
