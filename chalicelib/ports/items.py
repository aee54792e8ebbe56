"""Where AstraFlow's items and webhooks live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.items import Item, ItemStatus
from chalicelib.domain.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One page of a listing; `total` counts the whole listing."""

    items: tuple[Item, ...]
    total: int


class ItemStore(Protocol):
    """A tenant's items, each one row that is replaced only over the version it was read with. Reading one that is not
    what was stored raises SpoiledError; a page leaves it out."""

    def get(self, tenant: str, item_id: str) -> Item | None:
        """The item, or its tombstone. Strongly consistent."""

    def save(self, item: Item, *, over: int | None) -> bool:
        """Store an item over the version it was read with, or as a new one (None). False when the version is another.

        A tombstone leaves every listing, and may be deleted from its `expires_at` on.
        """

    def page(self, tenant: str, status: ItemStatus | None, *, offset: int, limit: int) -> ItemPage:
        """The items after the first `offset`, newest first. May lag behind writes by a few seconds."""


class WebhookStore(Protocol):
    """A tenant's webhooks. Reads are strongly consistent. Reading one that is not what was stored raises SpoiledError;
    among all of them it is left out."""

    def get(self, tenant: str, webhook_id: str) -> Webhook | None:
        """One webhook."""

    def all(self, tenant: str) -> list[Webhook]:
        """All webhooks of a tenant, oldest first."""

    def add(self, webhook: Webhook, *, most: int) -> bool:
        """Store a new webhook. False when its id is taken, or when its tenant has so many: never is one more stored,
        even by calls at the same time."""

    def save(self, webhook: Webhook, *, over: int) -> bool:
        """Store a webhook over the version it was read with. False when the version is another, or it was deleted."""

    def delete(self, tenant: str, webhook_id: str) -> None:
        """Forget a webhook; one that does not exist is forgotten already."""
