"""What the stories of AstraFlow's items begin with: a tenant, its webhooks, and what they were told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from engine_faults import Faults
from engine_stories import Servers
from world import ManualClock, World

from chalicelib.domain.exchange import Failure, NoAnswer, Request
from chalicelib.domain.items import Item
from chalicelib.domain.task import Delivery, Task
from chalicelib.domain.webhooks import ItemEvent, Webhook
from chalicelib.engine.events import webhook_team

TENANT = "t0123456789abcdef"
ENDPOINT = "https://hooks.example/astraflow"
DOWN = NoAnswer(Failure.REFUSED)


class Tracker(World):
    """A world with faults, with servers, and with one tenant. `watch(name, part)` may put something behind the faults
    that sees what really happens."""

    def __init__(self, watch: Callable[[str, Any], Any] = lambda name, port: port, **changes: Any) -> None:
        self.faults = Faults()
        self.servers = Servers()
        self.clock: ManualClock
        super().__init__(
            door=self.servers, wrap=lambda name, port: self.faults.around(name, watch(name, port)), **changes
        )

    def listening(self, event: ItemEvent, url: str = ENDPOINT) -> Webhook:
        """A webhook of the tenant."""
        return self.platform.webhooks.register(TENANT, url, event).webhook

    def webhook(self, webhook: Webhook) -> Webhook:
        """The webhook as it stands."""
        return self.platform.webhooks.get(TENANT, webhook.id)

    def create(self, name: str = "Write the report", **fields: Any) -> Item:
        return self.platform.items.create(TENANT, {"name": name, **fields}).item

    def update(self, item: Item, **fields: Any) -> Item:
        return self.platform.items.update(TENANT, item.id, fields)

    def delete(self, item: Item) -> None:
        self.platform.items.delete(TENANT, item.id)

    def item(self, item: Item) -> Item:
        """The item as it stands."""
        return self.platform.items.get(TENANT, item.id)

    def all(self) -> tuple[Item, ...]:
        """All items of the tenant."""
        return self.platform.items.page(TENANT, None, offset=0, limit=100).items

    def told(self, url: str = ENDPOINT) -> list[Any]:
        """What this address was told, in order."""
        return [json.loads(request.body or b"") for request in self.calls(url)]

    def calls(self, url: str = ENDPOINT) -> list[Request]:
        return [request for request in self.servers.calls if request.url == url]

    def rows(self) -> list[Task]:
        """All tasks of the engine, whatever they do."""
        found = self.database.rows("SELECT id FROM tasks ORDER BY created_at, id")
        rows = [self.tasks.get(task_id, now=self.clock.now(), payload=True) for (task_id,) in found]
        return [row for row in rows if row is not None]

    def deliveries(self, webhook: Webhook) -> list[Task]:
        """The deliveries of a webhook, the quiet ones too."""
        team = webhook_team(TENANT, webhook.id)
        return [row for row in self.rows() if isinstance(row.work, Delivery) and row.team == team]

    def delivered(self, webhook: Webhook) -> Task:
        """The only delivery of a webhook, once nothing is left to do."""
        self.work()
        (task,) = self.deliveries(webhook)
        return task

    def quiet(self) -> bool:
        """Whether no message and no schedule is left."""
        return not any(instant is not None for instant in self._upcoming())
