"""A tenant's webhooks: registering them, their secrets, and when they are no longer told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.domain import ids, rotation, signing, webhooks
from chalicelib.domain.errors import ConflictError, KeyReusedError, NotFoundError, UnavailableError
from chalicelib.domain.listing import Page, Position, Query
from chalicelib.domain.task import Status, Task
from chalicelib.domain.webhooks import ItemEvent, Webhook
from chalicelib.engine.events import Events, webhook_team
from chalicelib.engine.patience import insist
from chalicelib.engine.submit import Submitted
from chalicelib.ports.ambient import Clock, Randomness
from chalicelib.ports.items import WebhookStore
from chalicelib.ports.tasks import TaskReader

#: Each change of an item is sent to every webhook that listens, before it is made.
MOST_WEBHOOKS = 20
_ROUNDS = 20
#: The longest pause before the next round, in milliseconds; drawn, so that rivals come apart.
_PAUSE_MS = 100


@dataclass(frozen=True, slots=True)
class Registered:
    """The webhook as it was registered. `replayed`: an earlier request with the same key had registered it."""

    webhook: Webhook
    replayed: bool


@dataclass(frozen=True, slots=True)
class Rotated:
    """The webhook as the rotation left it. `replayed`: an earlier request with the same key had asked for it."""

    webhook: Webhook
    replayed: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Webhooks:
    """Everything about webhooks. Raises NotFoundError for another tenant's, and ConflictError."""

    store: WebhookStore
    reader: TaskReader
    events: Events
    clock: Clock
    randomness: Randomness
    pepper: bytes

    def register(
        self, tenant: str, url: str, event: ItemEvent, *, key: str | None = None, fingerprint: str | None = None
    ) -> Registered:
        """A new webhook. ConflictError when the tenant has as many as it may; KeyReusedError when the same idempotency
        key registered one of another `fingerprint`. A key is remembered as long as the webhook."""
        webhook = Webhook(
            id=ids.uuid4_from(self.randomness.bytes(16)) if key is None else ids.derived(tenant, f"webhook {key}"),
            tenant=tenant,
            url=url,
            event=event,
            created_at=self.clock.now(),
            change=self._token(),
            fingerprint=None if key is None else fingerprint,
        )
        if insist(lambda: self.store.add(webhook, most=MOST_WEBHOOKS), self.clock):
            return Registered(webhook, replayed=False)
        stored = insist(lambda: self.store.get(tenant, webhook.id), self.clock)
        if stored is None:
            raise ConflictError(f"No more than {MOST_WEBHOOKS} webhooks can be registered")
        if stored.fingerprint != webhook.fingerprint:
            raise KeyReusedError
        # Refused over our own: only the answer of the first write was lost.
        return Registered(replace(webhook, created_at=stored.created_at), stored.change != webhook.change)

    def get(self, tenant: str, webhook_id: str) -> Webhook:
        """One webhook."""
        webhook = insist(lambda: self.store.get(tenant, webhook_id), self.clock)
        if webhook is None:
            raise NotFoundError
        return webhook

    def all(self, tenant: str) -> list[Webhook]:
        """All webhooks of a tenant, oldest first."""
        return self.store.all(tenant)

    def delete(self, tenant: str, webhook_id: str) -> None:
        """The webhook is told nothing from now on; what was on its way ends as failed."""
        self.get(tenant, webhook_id)
        insist(lambda: self.store.delete(tenant, webhook_id), self.clock)

    def secret(self, webhook: Webhook) -> str:
        """The secret that signs what is sent to it."""
        return signing.secret(self.pepper, webhook.signer, webhook.signing.generation)

    def secrets_in_force(self, webhook: Webhook) -> list[str]:
        """The secrets to sign with, newest first: two while a rotation overlaps."""
        return signing.secrets_in_force(self.pepper, webhook.signer, webhook.signing, self.clock.now())

    def rotate(self, tenant: str, webhook_id: str, overlap_s: int, key: str | None = None) -> Rotated:
        """A new secret, once for one idempotency key; everything is signed with both for `overlap_s` seconds.
        KeyReusedError when the same key asked for another overlap."""
        asked, now = None if key is None else ids.derived(webhook_id, f"rotation {key}"), self.clock.now()
        before: rotation.Rotation | None = None

        def turn(webhook: Webhook) -> Webhook:
            nonlocal before
            before = rotation.recalled(webhook.rotations, asked, overlap_s)
            return webhook if before else webhooks.rotated(webhook, overlap_s, asked, now)

        webhook = self._change(tenant, webhook_id, turn)
        return Rotated(replace(webhook, signing=before.state) if before else webhook, before is not None)

    def enable(self, tenant: str, webhook_id: str) -> Webhook:
        """The webhook is told again, of what happens from now on."""
        return self._change(tenant, webhook_id, webhooks.enabled)

    def delivered(self, webhook: Webhook) -> None:
        """Note that a delivery succeeded. Costs nothing but after a failure."""
        if webhook.failed:
            self._change(webhook.tenant, webhook.id, webhooks.succeeded)

    def undelivered(self, webhook: Webhook, delivery: str, *, gone: bool) -> None:
        """Note that a delivery failed for good; telling it again of the same one changes nothing."""
        now = self.clock.now()
        self._change(webhook.tenant, webhook.id, lambda current: webhooks.failed(current, delivery, gone=gone, now=now))

    def ping(self, webhook: Webhook, key: str | None = None) -> Submitted:
        """Send it something to answer, once for one idempotency key. ConflictError while it is disabled."""
        _refuse_disabled(webhook)
        ping = self.events.ping(webhook, key)
        return replace(ping, task=replace(ping.task, payload=self.reader.payload(ping.task))) if ping.replayed else ping

    def deliveries(self, webhook: Webhook, position: Position, limit: int) -> Page:
        """A page of its deliveries with what was sent, newest first. Those that were never sent are left out and the
        ones behind them move up, but they count in the total."""
        query = Query(webhook_team(webhook.tenant, webhook.id), self.clock.now())
        found: list[Task] = []
        while True:
            page = self.reader.page(query, position, limit, payloads=True)
            found += [task for task in page.tasks if not _never_sent(task)]
            if len(found) >= limit or not page.more:
                return Page(tuple(found[:limit]), page.total, page.more or len(found) > limit)
            position = Position(after=(page.tasks[-1].created_at, page.tasks[-1].id))

    def delivery(self, webhook: Webhook, delivery: str) -> Task:
        """One of its deliveries, with what was sent."""
        task = self.reader.get(delivery, now=self.clock.now(), payload=True)
        if task is None or task.team != webhook_team(webhook.tenant, webhook.id) or _never_sent(task):
            raise NotFoundError
        return task

    def replay(self, webhook: Webhook, delivery: str, key: str | None = None) -> Submitted:
        """Send once more what was sent before, once for one idempotency key. ConflictError while it is under way, or
        the webhook is disabled; KeyReusedError when the key had another delivery sent."""
        _refuse_disabled(webhook)
        before = self.delivery(webhook, delivery)
        if not before.finished:
            raise ConflictError("The delivery is still under way")
        return self.events.replay(webhook, before, key)

    def _change(self, tenant: str, webhook_id: str, change: Callable[[Webhook], Webhook]) -> Webhook:
        for _ in range(_ROUNDS):
            webhook = self.get(tenant, webhook_id)
            after = change(webhook)
            if after == webhook:
                return webhook
            after = replace(after, version=webhook.version + 1, change=self._token())
            if self._saved(after, over=webhook.version):
                return after
            self.clock.sleep(1 + int.from_bytes(self.randomness.bytes(2), "big") % _PAUSE_MS)
        raise UnavailableError("the webhook changes too often")

    def _saved(self, webhook: Webhook, *, over: int) -> bool:
        """Whether it is stored: a refusal by this very change means that only its first answer was lost."""
        if insist(lambda: self.store.save(webhook, over=over), self.clock):
            return True
        stored = insist(lambda: self.store.get(webhook.tenant, webhook.id), self.clock)
        return stored is not None and stored.change == webhook.change

    def _token(self) -> str:
        return self.randomness.bytes(8).hex()


def _refuse_disabled(webhook: Webhook) -> None:
    if not webhook.enabled:
        raise ConflictError("The webhook is disabled")


def _never_sent(task: Task) -> bool:
    """Whether a delivery ended without a call, because the change it was to tell of was never made."""
    return task.status is Status.COMPLETED and task.result is None
