"""A client of AstraFlow with a token of its own: what it asks, and what it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from world import Reply, World

from chalicelib.domain.access import SCOPES


@dataclass
class Application:
    """A client that speaks for itself."""

    world: World
    tenant: str
    token: str

    def ask(self, line: str, json: Any = None, **sent: Any) -> Reply:
        """One request; the path is that below `/api/v1`."""
        method, path = line.split(" ", 1)
        return self.world.request(method, f"/api/v1{path}", key=self.token, json=json, **sent)

    def made(self, line: str, json: Any = None, **sent: Any) -> Any:
        """What a request that works answers."""
        reply = self.ask(line, json, **sent)
        assert reply.status < 300, reply.body
        return reply.json

    def task(self, **fields: Any) -> Any:
        """A new task."""
        return self.made("POST /tasks", {"name": "Sample", **fields})

    def webhook(self, event: str = "task.created", url: str = "https://hooks.example/astraflow") -> Any:
        """A new webhook."""
        return self.made("POST /webhooks", {"url": url, "event": event})


def application(world: World, scopes: tuple[str, ...] = SCOPES, *, tenant: str | None = None) -> Application:
    """A client of a new tenant, or of this one."""
    tenants, tokens = world.platform.tenants, world.platform.tokens
    owner = tenant or tenants.create("A tenant", "admin@example.com")[0].id
    client = tenants.create_client(owner, "an application", frozenset(scopes)).client
    return Application(world, owner, tokens.issue(client, None, frozenset(scopes)).access)
