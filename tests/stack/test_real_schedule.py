"""A task further away than the queue can delay it: a real one-time schedule fires, and the rest is held to the second.

The one slow test: the shortest horizon there is leaves a schedule a quarter of a minute to lie ahead.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from sinks import Sinks

from infra.local.stack import LocalStack


def test_a_schedule_fires_early_and_is_held_to_its_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_HORIZON_SECONDS", "75")
    with Sinks() as sinks, LocalStack(folder=tmp_path) as stack:
        hook = sinks.open("200")
        due = time.time() + 78
        reply = requests.post(
            f"{stack.base_url}/v1/tasks",
            json={"callbackUrl": hook, "delayUntil": datetime.fromtimestamp(due, UTC).isoformat()},
            headers={"Authorization": f"Bearer {stack.document['asyncqueue']['teams'][0]['api_key']}"},
            timeout=10,
        )
        task = reply.json()["task"]
        assert task["status"] == "delayed"
        scheduler = stack.aws.client("scheduler")
        (schedule,) = scheduler.list_schedules(GroupName="sluice-local-schedules")["Schedules"]
        assert schedule["Name"].startswith(task["id"])
        time.sleep(due - time.time() - 2)
        assert scheduler.list_schedules(GroupName="sluice-local-schedules")["Schedules"] == []
        assert sinks.received(hook) == []
        time.sleep(4)
        (call,) = sinks.received(hook)
        assert 0 <= call.at - due + 0.001 < 1.5
