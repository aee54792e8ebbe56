"""Keeping items: each change is told of first and made then, under the version it was computed from."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain import ids
from chalicelib.domain.errors import ConflictError, KeyReusedError, NotFoundError, UnavailableError
from chalicelib.domain.items import Change, Item, ItemStatus, changed, tombstone
from chalicelib.domain.webhooks import ItemEvent
from chalicelib.engine.control import Cancel
from chalicelib.engine.events import Events, reminder_id, tenant_team
from chalicelib.engine.patience import insist
from chalicelib.ports.ambient import Clock, Randomness
from chalicelib.ports.items import ItemPage, ItemStore

#: How long a change is computed anew because another one came first. Of all that try at once, one succeeds each time.
PATIENCE_MS = 15_000
#: The longest pause before the next round, in milliseconds; drawn, so that rivals come apart.
_PAUSE_MS = 100


@dataclass(frozen=True, slots=True)
class Created:
    """The item as it was made. `replayed`: an earlier request with the same key had made it."""

    item: Item
    replayed: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Items:
    """The use cases behind AstraFlow's tasks. Raises NotFoundError for another tenant's, and UnavailableError when a
    part did not confirm: then the change may or may not have been made, and is told of exactly if it was."""

    store: ItemStore
    events: Events
    cancel: Cancel
    clock: Clock
    randomness: Randomness

    def create(
        self, tenant: str, fields: Mapping[str, Any], *, key: str | None = None, fingerprint: str | None = None
    ) -> Created:
        """A new item with these fields of `Item`. KeyReusedError when the same idempotency key made an item of another
        `fingerprint`; a key is remembered as long as the item or its tombstone."""
        now, token = self.clock.now(), self._token()
        item = Item(
            id=ids.uuid4_from(self.randomness.bytes(16)) if key is None else _derived(tenant, key),
            fingerprint=None if key is None else fingerprint,
            tenant=tenant,
            created_at=now,
            updated_at=now,
            changes=(Change(1, token, now),),
            **fields,
        )
        if key is not None and self._made_before(item):
            return Created(item, replayed=True)
        item = self._dated(item, None, token)
        self._announce(ItemEvent.CREATED, item, token)
        if self._saved(item, token, over=None):
            return Created(item, replayed=False)
        if key is None or not self._made_before(item):
            raise UnavailableError("the item could not be stored")
        return Created(item, replayed=True)

    def get(self, tenant: str, item_id: str) -> Item:
        """One item."""
        item = insist(lambda: self.store.get(tenant, item_id), self.clock)
        if item is None or item.deleted_at is not None:
            raise NotFoundError
        return item

    def page(self, tenant: str, status: ItemStatus | None, *, offset: int, limit: int) -> ItemPage:
        """The items after the first `offset`, newest first."""
        return self.store.page(tenant, status, offset=offset, limit=limit)

    def update(self, tenant: str, item_id: str, fields: Mapping[str, Any]) -> Item:
        """The item with these fields set anew. Changes made at the same time are merged, none is lost. Without a field
        nothing changes, and nobody is told."""
        if not fields:
            return self.get(tenant, item_id)
        until = self.clock.now() + PATIENCE_MS
        while self.clock.now() < until:
            before, token = self.get(tenant, item_id), self._token()
            after = changed(replace(before, **fields), token=token, now=self._after(before))
            after = self._dated(after, before, token)
            self._announce(ItemEvent.UPDATED, after, token)
            if self._saved(after, token, over=before.version):
                if before.due_token != after.due_token:
                    self._forget(before)
                return after
            if after.due_token == token:
                self._forget(after)
            self._pause()
        raise UnavailableError("the item changes too often")

    def delete(self, tenant: str, item_id: str) -> None:
        """The item is gone; its due date with it."""
        until = self.clock.now() + PATIENCE_MS
        while self.clock.now() < until:
            before, token = self.get(tenant, item_id), self._token()
            if self._saved(tombstone(before, token=token, now=self._after(before)), token, over=before.version):
                self._forget(before)
                return
            self._pause()
        raise UnavailableError("the item changes too often")

    def _made_before(self, item: Item) -> bool:
        """Whether an earlier request with the same key has made the item."""
        stored = insist(lambda: self.store.get(item.tenant, item.id), self.clock)
        if stored is not None and stored.fingerprint != item.fingerprint:
            raise KeyReusedError
        return stored is not None

    def _dated(self, item: Item, before: Item | None, token: str) -> Item:
        """The item with the token of the change that set its due date: this one, if it sets another."""
        if before is not None and item.due_at == before.due_at:
            return item
        return replace(item, due_token=None if item.due_at is None else token)

    def _announce(self, event: ItemEvent, item: Item, token: str) -> None:
        self.events.announce(event, item, token)
        # A date that was ahead when it was asked for is told of, however long the way here took.
        if item.due_token == token and item.due_at is not None and item.due_at > item.updated_at:
            self.events.remind(item, token)

    def _saved(self, item: Item, token: str, *, over: int | None) -> bool:
        """Whether the change is made: a refusal by this very change means that only its first answer was lost."""
        if insist(lambda: self.store.save(item, over=over), self.clock):
            return True
        stored = insist(lambda: self.store.get(item.tenant, item.id), self.clock)
        return stored is not None and any(change.token == token for change in stored.changes)

    def _forget(self, item: Item) -> None:
        """Withdraw the reminder of a due date that no longer holds. Best effort: one that comes finds so and ends."""
        if item.due_token is not None:
            with suppress(NotFoundError, ConflictError, UnavailableError):
                self.cancel(tenant_team(item.tenant), reminder_id(item.tenant, item.id, item.due_token))

    def _after(self, item: Item) -> int:
        """An instant that is not before the item's last change, whatever this machine's clock says."""
        return max(self.clock.now(), item.updated_at)

    def _pause(self) -> None:
        self.clock.sleep(1 + int.from_bytes(self.randomness.bytes(2), "big") % _PAUSE_MS)

    def _token(self) -> str:
        return self.randomness.bytes(8).hex()


def _derived(tenant: str, key: str) -> str:
    return ids.derived(tenant_team(tenant), f"item {key}")
