"""AstraFlow's items and webhooks in SQLite."""

from __future__ import annotations

from contextlib import suppress

from chalicelib.domain.errors import SpoiledError
from chalicelib.domain.items import Item, ItemStatus
from chalicelib.domain.webhooks import Webhook
from chalicelib.embedded.database import Database
from chalicelib.ports.items import ItemPage
from chalicelib.ports.vault import Vault
from chalicelib.vault.items import ItemVault

#: `status` is NULL for a tombstone, which no listing holds and which expires.
_ITEMS = """
CREATE TABLE IF NOT EXISTS items (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    status TEXT,
    created_at INTEGER NOT NULL,
    expires_s INTEGER,
    row BLOB NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX IF NOT EXISTS items_listing ON items (tenant, created_at, id, status) WHERE status IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_expiry ON items (expires_s) WHERE expires_s IS NOT NULL;
"""
_WEBHOOKS = """
CREATE TABLE IF NOT EXISTS item_webhooks (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    row BLOB NOT NULL,
    PRIMARY KEY (tenant, id)
);
"""
_LISTED = "FROM items WHERE tenant = :tenant AND status IS NOT NULL AND (:status IS NULL OR status = :status)"


class EmbeddedItems:
    """The port `ItemStore`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = ItemVault(vault)
        database.define(_ITEMS)

    def get(self, tenant: str, item_id: str) -> Item | None:
        """The item, or its tombstone."""
        found = self._database.rows("SELECT version, row FROM items WHERE tenant = ? AND id = ?", (tenant, item_id))
        return self._vault.item_of(tenant, item_id, *found[0]) if found else None

    def save(self, item: Item, *, over: int | None) -> bool:
        """Store an item over the version it was read with, or as a new one (None). False when the version is
        another."""
        listed = item.deleted_at is None
        status, expires_s = (item.status.value, None) if listed else (None, item.expires_at)
        row = (item.version, status, item.created_at, expires_s, self._vault.item(item), item.tenant, item.id)
        if over is None:
            made = self._database.change(
                "INSERT OR IGNORE INTO items (version, status, created_at, expires_s, row, tenant, id) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            return made == 1
        changed = self._database.change(
            "UPDATE items SET version = ?, status = ?, created_at = ?, expires_s = ?, row = ? "
            "WHERE tenant = ? AND id = ? AND version = ?",
            (*row, over),
        )
        return changed == 1

    def page(self, tenant: str, status: ItemStatus | None, *, offset: int, limit: int) -> ItemPage:
        """The items after the first `offset`, newest first."""
        asked = {"tenant": tenant, "status": None if status is None else status.value}
        with self._database.lock:
            ((total,),) = self._database.rows(f"SELECT COUNT(*) {_LISTED}", asked)
            rows = self._database.rows(
                f"SELECT id, version, row {_LISTED} ORDER BY created_at DESC, id DESC LIMIT :limit OFFSET :offset",
                {**asked, "limit": limit, "offset": offset},
            )
        items = []
        for row in rows:
            with suppress(SpoiledError):
                items.append(self._vault.item_of(tenant, *row))
        return ItemPage(tuple(items), total)


class EmbeddedWebhooks:
    """The port `WebhookStore`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = ItemVault(vault)
        database.define(_WEBHOOKS)

    def get(self, tenant: str, webhook_id: str) -> Webhook | None:
        """One webhook."""
        found = self._database.rows(
            "SELECT version, row FROM item_webhooks WHERE tenant = ? AND id = ?", (tenant, webhook_id)
        )
        return self._vault.webhook_of(tenant, webhook_id, *found[0]) if found else None

    def all(self, tenant: str) -> list[Webhook]:
        """All webhooks of a tenant, oldest first."""
        rows = self._database.rows(
            "SELECT id, version, row FROM item_webhooks WHERE tenant = ? ORDER BY created_at, id", (tenant,)
        )
        webhooks = []
        for row in rows:
            with suppress(SpoiledError):
                webhooks.append(self._vault.webhook_of(tenant, *row))
        return webhooks

    def add(self, webhook: Webhook, *, most: int) -> bool:
        """Store a new webhook. False when its id is taken, or when its tenant has so many."""
        row = (webhook.version, webhook.created_at, self._vault.webhook(webhook), webhook.tenant, webhook.id)
        made = self._database.change(
            "INSERT OR IGNORE INTO item_webhooks (version, created_at, row, tenant, id) SELECT ?, ?, ?, ?, ? "
            "WHERE (SELECT COUNT(*) FROM item_webhooks WHERE tenant = ?) < ?",
            (*row, webhook.tenant, most),
        )
        return made == 1

    def save(self, webhook: Webhook, *, over: int) -> bool:
        """Store a webhook over the version it was read with. False when the version is another, or it was deleted."""
        row = (webhook.version, webhook.created_at, self._vault.webhook(webhook), webhook.tenant, webhook.id)
        changed = self._database.change(
            "UPDATE item_webhooks SET version = ?, created_at = ?, row = ? WHERE tenant = ? AND id = ? AND version = ?",
            (*row, over),
        )
        return changed == 1

    def delete(self, tenant: str, webhook_id: str) -> None:
        """Forget a webhook; one that does not exist is forgotten already."""
        self._database.change("DELETE FROM item_webhooks WHERE tenant = ? AND id = ?", (tenant, webhook_id))
