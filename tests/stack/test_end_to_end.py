"""The whole stack as a user meets it: the real API, queues, schedules and workers over a local AWS, and real servers
being called."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from sinks import Sinks

from infra.local.stack import LocalStack


class User:
    """Somebody with a key and a server of their own."""

    def __init__(self, stack: LocalStack) -> None:
        self.url = stack.base_url
        self._headers = {"Authorization": f"Bearer {stack.document['asyncqueue']['teams'][0]['api_key']}"}

    def create(self, **fields: Any) -> Any:
        reply = requests.post(f"{self.url}/v1/tasks", json=fields, headers=self._headers, timeout=10)
        assert reply.status_code == 201, reply.text
        return reply.json()["task"]

    def get(self, task_id: str, query: str = "") -> Any:
        reply = requests.get(f"{self.url}/v1/tasks/{task_id}{query}", headers=self._headers, timeout=30)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def finished(self, task_id: str, within_s: float = 15) -> Any:
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            task = self.get(task_id, "?wait=5")["task"]
            if "completedAt" in task:
                return task
        raise AssertionError(f"{task_id} did not finish within {within_s} s")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    folder: Path = tmp_path_factory.mktemp("stack")
    with LocalStack(folder=folder) as running:
        yield running


@pytest.fixture(scope="module")
def user(stack: LocalStack) -> User:
    return User(stack)


@pytest.fixture(scope="module")
def sinks() -> Iterator[Sinks]:
    with Sinks() as running:
        yield running


def test_a_task_calls_back_and_shows_the_result(user: User, sinks: Sinks) -> None:
    hook, done = sinks.open('200 json {"success": true}'), sinks.open("200")
    task = user.create(callbackUrl=hook, body='{"order": 1}', onCompleteUrl=done)
    finished = user.finished(task["id"])
    assert finished["status"] == "completed"
    assert finished["result"]["statusCode"] == 200
    assert finished["result"]["body"] == '{"success": true}'
    (call,) = sinks.received(hook)
    assert (call.method, call.body) == ("POST", b'{"order": 1}')
    assert call.headers["content-type"] == "application/json"
    assert call.headers["idempotency-key"] == task["id"]
    end = time.monotonic() + 5
    while not sinks.received(done) and time.monotonic() < end:
        time.sleep(0.02)
    (webhook,) = sinks.received(done)
    assert b'"event":"task.completed"' in webhook.body


def test_retries_keep_to_their_seconds_and_stand_in_the_history(user: User, sinks: Sinks) -> None:
    hook = sinks.open("503; 503; 200")
    task = user.create(callbackUrl=hook, retryBackoff="linear")
    assert user.finished(task["id"])["retryCount"] == 2
    first, second, third = (got.at for got in sinks.received(hook))
    assert 1.0 <= second - first < 2.0
    assert 2.0 <= third - second < 3.0
    outcomes = [attempt["outcome"] for attempt in user.get(task["id"], "/attempts")["attempts"]]
    assert outcomes == ["failed", "failed", "succeeded"]


def test_ten_callbacks_are_under_way_at_once(user: User) -> None:
    """A server that answers nobody until ten have come: one at a time would never end."""
    everybody = threading.Barrier(10)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            everybody.wait(20)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}/"
            tasks = [user.create(callbackUrl=url, maxRetries=0)["id"] for _ in range(10)]
            assert {user.finished(task)["status"] for task in tasks} == {"completed"}
        finally:
            server.shutdown()
            thread.join()


def test_a_short_delay_is_kept_to_its_second(user: User, sinks: Sinks) -> None:
    hook = sinks.open("200")
    due = time.time() + 2.5
    task = user.create(callbackUrl=hook, delayUntil=_iso(due))
    assert task["status"] == "delayed"
    user.finished(task["id"])
    (call,) = sinks.received(hook)
    assert 0 <= call.at - due + 0.001 < 1.5


def test_a_cancelled_task_is_never_called(user: User, sinks: Sinks) -> None:
    hook = sinks.open("200")
    task = user.create(callbackUrl=hook, delayUntil=_iso(time.time() + 1.5))
    reply = requests.post(f"{user.url}/v1/tasks/{task['id']}/cancel", headers=user._headers, timeout=10)
    assert reply.json()["task"]["status"] == "cancelled"
    time.sleep(2.2)
    assert sinks.received(hook) == []


def test_the_same_key_by_either_header_and_the_manual_s_own_key(user: User, stack: LocalStack) -> None:
    key = stack.document["asyncqueue"]["teams"][0]["api_key"]
    for headers in ({"X-API-Key": key}, {"Authorization": f"bearer {key}"}, {"Authorization": "Bearer your-api-key"}):
        assert requests.get(f"{user.url}/v1/tasks", headers=headers, timeout=10).status_code == 200


def test_the_aws_behind_it_can_be_looked_into(stack: LocalStack, user: User, sinks: Sinks) -> None:
    task = user.create(callbackUrl=sinks.open("200"))
    user.finished(task["id"])
    client = boto3.session.Session(
        aws_access_key_id="local", aws_secret_access_key="local", region_name="us-east-1"
    ).client("dynamodb", endpoint_url=stack.aws_endpoint_url)
    try:
        key = {"pk": {"S": task["id"]}, "sk": {"S": "task"}}
        assert client.get_item(TableName="sluice-local-tasks", Key=key)["Item"]["status"] == {"S": "completed"}
    finally:
        client.close()


def _iso(instant: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(instant))
    return f"{whole}.{int(instant % 1 * 1000):03d}Z"
