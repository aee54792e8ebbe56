"""A client of Asimov, as the tests of what the manual leaves open ask it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from world import Reply, World

HELLO = {"message": "Hello, Asimov"}


@dataclass(frozen=True)
class Customer:
    """Somebody with a key, or without one."""

    world: World
    key: str | None = None

    def carry_out(self, kind: str = "hello", given: Any = HELLO, **headers: Any) -> Reply:
        return self.ask("POST", f"/api/{kind}", json=given, **headers)

    def start(self, kind: str = "hello", given: Any = HELLO, **headers: str) -> str:
        """The id of an operation that was accepted."""
        reply = self.carry_out(kind, given, X_Request_Mode="async", **headers)
        assert reply.status == 202, reply.body
        return str(reply.json["id"])

    def task(self, task_id: str, **headers: str) -> dict[str, Any]:
        reply = self.ask("GET", f"/api/tasks/{task_id}", **headers)
        assert reply.status == 200, reply.body
        return dict(reply.json)

    def cancel(self, task_id: str) -> Reply:
        return self.ask("DELETE", f"/api/tasks/{task_id}")

    def ask(self, method: str, path: str, *, json: Any = None, body: bytes | None = None, **headers: str) -> Reply:
        given: Mapping[str, str] = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.world.request(method, path, key=self.key, json=json, body=body, headers=given)


def refused(reply: Reply, status: int, code: str, message: str, details: Mapping[str, str] | None = None) -> None:
    """The reply is a refusal in Asimov's shape that says just this."""
    assert reply.status == status, reply.body
    assert list(reply.json) == ["code", "message", "timestamp", "path", "details"]
    assert (reply.json["code"], reply.json["message"]) == (code, message)
    assert reply.json["details"] == (details or {})
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-request-id"]
