"""What the completion webhook says, and how a receiver knows it from a forged one."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from engine_stories import HOOK, TIMED_OUT, Stage
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from world import ManualClock, answer

from chalicelib.domain.exchange import Answer, NoAnswer, Request
from chalicelib.domain.task import Payload

KEYS = ["id", "status", "result", "error", "retryCount", "createdAt", "completedAt"]


def told(stage: Stage) -> Request:
    (request,) = [request for request in stage.servers.calls if request.url == HOOK]
    return request


def body(request: Request) -> Any:
    return json.loads(request.body or b"")


@pytest.mark.parametrize(
    ("reply", "event", "error"),
    [
        (answer(200, "fine"), "task.completed", None),
        (answer(500, "sorry"), "task.failed", "Server error: HTTP 500 - Internal Server Error"),
        (TIMED_OUT, "task.timeout", "Timeout: no response within 2 seconds"),
    ],
    ids=["completed", "failed", "timeout"],
)
def test_it_says_how_the_task_ended_in_exactly_the_documented_keys(
    stage: Stage, reply: Answer | NoAnswer, event: str, error: str | None
) -> None:
    stage.servers.answers(reply)
    task = stage.submit(on_complete_url=HOOK, max_retries=0, max_wait_s=2.0)

    stage.work()

    message = body(told(stage))
    assert list(message) == ["event", "task"]
    assert list(message["task"]) == KEYS
    assert message["event"] == event
    assert message["task"]["status"] == event.removeprefix("task.")
    assert (message["task"]["id"], message["task"]["error"]) == (task.id, error)
    assert (message["task"]["result"] is None) == isinstance(reply, NoAnswer)


def test_it_counts_the_retries_that_were_made(stage: Stage) -> None:
    stage.servers.answers(answer(500))
    stage.submit(on_complete_url=HOOK, max_retries=3)

    stage.work()

    assert body(told(stage))["task"]["retryCount"] == 3


def test_it_goes_out_signed_as_json_and_without_the_callers_headers() -> None:
    stage = Stage(clock=ManualClock(time.time_ns() // 1_000_000))
    with stage:
        stage.submit(on_complete_url=HOOK, payload=Payload((("Authorization", "Bearer hunter2"),), "{}"))
        stage.work()
        request = told(stage)
        headers = dict(request.headers)
        secret = stage.platform.teams.signing_secret(stage.owner)

        assert (request.method, headers["Content-Type"]) == ("POST", "application/json")
        assert "Authorization" not in headers
        assert Webhook(secret).verify(request.body or b"", headers)["event"] == "task.completed"
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify((request.body or b"") + b" ", headers)


def test_its_id_is_not_that_of_the_callback_and_tells_repeats_apart_from_other_events(stage: Stage) -> None:
    task = stage.submit(on_complete_url=HOOK)

    stage.work()

    ids = [dict(request.headers)["webhook-id"] for request in stage.servers.calls]
    assert ids == [task.id, f"{task.id}-completed"]
    assert dict(told(stage).headers)["Idempotency-Key"] == f"{task.id}-completed"
