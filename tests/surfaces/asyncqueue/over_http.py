"""A running local stack, asked over HTTP, with real servers to call."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import requests
from place import ReceivedRequest, Reply
from sinks import Sinks

from infra.local.stack import LocalStack


class OverHttp:
    """The place. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._stack = LocalStack(folder=folder)
        self._sinks = Sinks()
        self._session = requests.Session()
        self._closing = ExitStack()

    def __enter__(self) -> OverHttp:
        for part in (self._sinks, self._stack, self._session):
            self._closing.enter_context(part)
        self.base_url = self._stack.base_url
        pro, free = (team["api_key"] for team in self._stack.document["asyncqueue"]["teams"])
        created = self._session.post(
            f"{self.base_url}/operator/teams",
            json={"name": "The other team", "plan": "pro"},
            headers={"Authorization": f"Bearer {self._stack.document['operator']['key']}"},
            timeout=10,
        )
        self.keys = {"pro": pro, "free": free, "other": created.json()["apiKey"]["key"]}
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        time.sleep(0.001)
        reply = self._session.request(method, self.base_url + path, headers=dict(headers), data=body, timeout=30)
        return Reply(reply.status_code, {name.lower(): value for name, value in reply.headers.items()}, reply.content)

    def sink(self, script: str) -> str:
        return self._sinks.open(script)

    def received(self, url: str) -> list[ReceivedRequest]:
        return [
            ReceivedRequest(got.method, got.path, got.headers, got.body, got.at) for got in self._sinks.received(url)
        ]

    def paused(self) -> AbstractContextManager[None]:
        return self._stack.paused()

    def settle(self, task_id: str, until: str = "settled", timeout_s: float = 20) -> None:
        end = time.monotonic() + timeout_s
        while not self._there(task_id, until):
            if time.monotonic() > end:
                raise TimeoutError(f"{task_id} is not {until} within {timeout_s} s")
            time.sleep(0.02)

    def _there(self, task_id: str, until: str) -> bool:
        key = {"Authorization": f"Bearer {self.keys['pro']}"}
        task = self._session.get(f"{self.base_url}/v1/tasks/{task_id}", headers=key, timeout=10).json()["task"]
        if until == "settled":
            return "completedAt" in task
        if until == "retrying":
            return task["status"] == "pending" and "startedAt" in task
        return bool(task["status"] == until)
