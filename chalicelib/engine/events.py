"""Telling a tenant's webhooks what happens to its items: each event is one task of the engine for each webhook.

The tasks of a change are accepted before the change is made, so that no change goes untold; each waits until the
item's row says that its change was made, and ends quietly if it never was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain import ids
from chalicelib.domain.items import Item
from chalicelib.domain.retry import DELIVERY_STEPS_S
from chalicelib.domain.task import Delivery, Due, Payload, Task
from chalicelib.domain.webhooks import PING, ItemEvent, Webhook
from chalicelib.engine.patience import insist
from chalicelib.engine.submit import Order, Submit, Submitted
from chalicelib.ports.ambient import Clock, Randomness
from chalicelib.ports.items import WebhookStore

#: What is sent for an event that happened to an item, or to none, at an instant.
Body = Callable[[str, Item | None, int], str]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Events:
    """Accepts the tasks that tell of events. Raises UnavailableError: then the change must not be made."""

    submit: Submit
    webhooks: WebhookStore
    body: Body
    clock: Clock
    randomness: Randomness

    def announce(self, event: ItemEvent, item: Item, change: str) -> None:
        """Tell of the change `change`, which is about to make `item` what it is here."""
        for webhook in self._listening(item.tenant, event):
            work = Delivery(item.tenant, webhook.id, event.value, item.id, item.version, change)
            self._deliver(webhook, work, self.body(event.value, item, item.updated_at), f"{event.value} {change}")

    def remind(self, item: Item, change: str) -> None:
        """Wake up at the due date that the change `change`, which is about to be made, sets."""
        self.submit(
            Order(
                team=tenant_team(item.tenant),
                work=Due(item.tenant, item.id, item.version, change),
                payload=Payload(),
                max_retries=len(DELIVERY_STEPS_S),
                delay_until=item.due_at,
                idempotency_key=_reminder(item.id, change),
            )
        )

    def due(self, item: Item, change: str) -> None:
        """Tell that an item is due by the date that the change `change` set; telling it again changes nothing."""
        for webhook in self._listening(item.tenant, ItemEvent.DUE):
            work = Delivery(item.tenant, webhook.id, ItemEvent.DUE.value)
            body = self.body(ItemEvent.DUE.value, item, item.due_at or self.clock.now())
            self._deliver(webhook, work, body, f"{ItemEvent.DUE.value} {change}")

    def ping(self, webhook: Webhook, key: str | None = None) -> Submitted:
        """Send a webhook something to answer."""
        work = Delivery(webhook.tenant, webhook.id, PING)
        return self._deliver(webhook, work, self.body(PING, None, self.clock.now()), self._asked("ping", key))

    def replay(self, webhook: Webhook, delivery: Task, key: str | None = None) -> Submitted:
        """Send a webhook once more what it was sent before, under the id that it knows it by. KeyReusedError when the
        same key had another delivery sent."""
        before = delivery.work_as(Delivery)
        work = Delivery(webhook.tenant, webhook.id, before.event, message=before.message or delivery.id)
        body = (delivery.payload or Payload()).body or ""
        return self._deliver(webhook, work, body, self._asked("replay", key), fingerprint=delivery.id)

    def _listening(self, tenant: str, event: ItemEvent) -> list[Webhook]:
        webhooks = insist(lambda: self.webhooks.all(tenant), self.clock)
        return [webhook for webhook in webhooks if webhook.enabled and webhook.event is event]

    def _deliver(
        self, webhook: Webhook, work: Delivery, body: str, key: str, fingerprint: str | None = None
    ) -> Submitted:
        order = Order(
            team=webhook_team(webhook.tenant, webhook.id),
            work=work,
            payload=Payload(body=body),
            max_retries=len(DELIVERY_STEPS_S),
            idempotency_key=key,
            fingerprint=fingerprint,
        )
        return self.submit(order)

    def _asked(self, what: str, key: str | None) -> str:
        """The key of what a caller asks for: each time another one, unless the caller has brought one."""
        return f"{what} {self.randomness.bytes(8).hex()}" if key is None else f"{what} by key {key}"


def tenant_team(tenant: str) -> str:
    """The name under which a tenant's own tasks are stored and queued."""
    return f"astraflow-{tenant}"


def webhook_team(tenant: str, webhook_id: str) -> str:
    """The name under which a webhook's deliveries are stored, queued and listed."""
    return f"astraflow-{tenant}-{webhook_id}"


def reminder_id(tenant: str, item_id: str, change: str) -> str:
    """The id of the task that wakes up at the due date that a change has set."""
    return ids.derived(tenant_team(tenant), _reminder(item_id, change))


def _reminder(item_id: str, change: str) -> str:
    return f"due {item_id} {change}"
