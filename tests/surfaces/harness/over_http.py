"""A running local stack, asked over HTTP, with real servers to call."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import requests
from sinks import Sinks

from infra.local.stack import LocalStack
from surfaces.harness.place import ReceivedRequest, Reply


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
        operator = self._stack.document["operator"]["key"]
        created = self._session.post(
            f"{self.base_url}/operator/teams",
            json={"name": "The other team", "plan": "pro"},
            headers={"Authorization": f"Bearer {operator}"},
            timeout=10,
        )
        self.keys = {"pro": pro, "free": free, "operator": operator, "other": created.json()["apiKey"]["key"]}
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

    def settle(self, there: Callable[[], bool], timeout_s: float, *, in_call: bool = False) -> None:
        end = time.monotonic() + timeout_s
        while not there():
            if time.monotonic() > end:
                raise TimeoutError(f"not there within {timeout_s} s")
            time.sleep(0.02)
