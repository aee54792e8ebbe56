"""AstraFlow's items and webhooks on a table of their own."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.attributes import Item as Row
from chalicelib.aws.attributes import binary, binary_of, number, number_of, text, text_of
from chalicelib.aws.clients import Clients
from chalicelib.aws.table import Table, Written
from chalicelib.domain.errors import SpoiledError, UnavailableError
from chalicelib.domain.items import Item, ItemStatus
from chalicelib.domain.webhooks import Webhook
from chalicelib.ports.items import ItemPage
from chalicelib.ports.vault import Vault
from chalicelib.vault.items import ItemVault

_UNMADE = "attribute_not_exists(#pk)"
_UNCHANGED = "#version = :over"

#: One answer looks at a megabyte at most, which is fewer entries; a limit must fit into 32 bits.
_LARGEST_LIMIT = 100_000
#: Of all that register at once, one succeeds each round.
_ROUNDS = 50


class AwsItems:
    """The port `ItemStore`. Reads and writes of one item are one call each."""

    def __init__(self, clients: Clients, table: str, vault: Vault) -> None:
        self._table = Table(clients, table)
        self._vault = ItemVault(vault)

    def get(self, tenant: str, item_id: str) -> Item | None:
        """The item, or its tombstone."""
        row = self._table.get(keys.item(tenant, item_id))
        return None if row is None else self._item(row, tenant, item_id)

    def save(self, item: Item, *, over: int | None) -> bool:
        """Store an item over the version it was read with, or as a new one (None). False when the version is another.

        A tombstone has no place in the indexes.
        """
        sealed = binary(self._vault.item(item))
        row = {**keys.item(item.tenant, item.id), "version": number(item.version), "row": sealed}
        if item.deleted_at is None:
            row["owner"] = text(item.tenant)
            row["shelf"] = text(keys.item_shelf(item.tenant, item.status))
            row["listed"] = text(keys.listed(item.created_at, item.id))
        elif item.expires_at is not None:
            row["expiresAt"] = number(item.expires_at)
        return _put(self._table, row, over)

    def page(self, tenant: str, status: ItemStatus | None, *, offset: int, limit: int) -> ItemPage:
        """The items after the first `offset`, newest first: one query that counts those before the page, one for their
        keys, one that counts those behind it, and one read of the rows. Each goes on where the one before ended."""
        walk = _Walk(self._table, tenant, status)
        walk.count(offset)
        wanted = {keys.task_id_of(listed): None for listed in walk.listed(limit)}
        walk.count()
        found = self._table.batch_get([keys.item(tenant, item_id) for item_id in wanted])
        rows = {text_of(row["pk"]): row for row in found}
        items = []
        for item_id in wanted:
            row = rows.get(text_of(keys.item(tenant, item_id)["pk"]))
            with suppress(SpoiledError):
                item = None if row is None else self._item(row, tenant, item_id)
                # The index lags behind: what was deleted or has another status by now is left out.
                if item is not None and item.deleted_at is None and status in (None, item.status):
                    items.append(item)
        return ItemPage(tuple(items), walk.passed)

    def _item(self, row: Row, tenant: str, item_id: str) -> Item:
        return self._vault.item_of(tenant, item_id, number_of(row["version"]), _stored(row))


class AwsWebhooks:
    """The port `WebhookStore`; one call each, but for `add`."""

    def __init__(self, clients: Clients, table: str, vault: Vault) -> None:
        self._table = Table(clients, table)
        self._vault = ItemVault(vault)

    def get(self, tenant: str, webhook_id: str) -> Webhook | None:
        """One webhook."""
        row = self._table.get(keys.webhook(tenant, webhook_id))
        return None if row is None else self._webhook(row, tenant)

    def all(self, tenant: str) -> list[Webhook]:
        """All webhooks of a tenant, oldest first. They are few: one answer holds them all."""
        answer = self._table.query("#pk = :pk", {":pk": keys.webhook(tenant, "")["pk"]}, ConsistentRead=True)
        found = []
        for row in answer["Items"]:
            with suppress(SpoiledError):
                found.append(self._webhook(row, tenant))
        return sorted(found, key=lambda webhook: (webhook.created_at, webhook.id))

    def add(self, webhook: Webhook, *, most: int) -> bool:
        """Store a new webhook. False when its id is taken, or when its tenant has so many.

        Each new one raises the version of the tenant's census in the same transaction: who counted before that counts
        again.
        """
        key = keys.webhook_census(webhook.tenant)
        for _ in range(_ROUNDS):
            census = self._table.get(key)
            known = self.all(webhook.tenant)
            if len(known) >= most or any(each.id == webhook.id for each in known):
                return False
            counted = 0 if census is None else number_of(census["version"])
            condition, values = (_UNMADE, None) if census is None else (_UNCHANGED, {":over": number(counted)})
            census = {**key, "version": number(counted + 1)}
            if self._table.put_together((self._row(webhook), _UNMADE, None), (census, condition, values)):
                return True
        raise UnavailableError("the webhooks change too often")

    def save(self, webhook: Webhook, *, over: int) -> bool:
        """Store a webhook over the version it was read with. False when the version is another, or it was deleted."""
        return _put(self._table, self._row(webhook), over)

    def delete(self, tenant: str, webhook_id: str) -> None:
        """Forget a webhook; one that does not exist is forgotten already."""
        self._table.delete(keys.webhook(tenant, webhook_id))

    def _row(self, webhook: Webhook) -> Row:
        key = keys.webhook(webhook.tenant, webhook.id)
        return {**key, "version": number(webhook.version), "row": binary(self._vault.webhook(webhook))}

    def _webhook(self, row: Row, tenant: str) -> Webhook:
        return self._vault.webhook_of(tenant, text_of(row["sk"]), number_of(row["version"]), _stored(row))


class _Walk:
    """A walk along an index of a tenant's items, from the newest on. `passed` counts what lies behind it."""

    def __init__(self, table: Table, tenant: str, status: ItemStatus | None) -> None:
        self._table = table
        self.passed = 0
        if status is None:
            self._index, self._condition, place = keys.OWNER_INDEX, "#owner = :place", tenant
        else:
            self._index, self._condition, place = keys.STATUS_INDEX, "#shelf = :place", keys.item_shelf(tenant, status)
        self._values = {":place": text(place)}
        self._start: dict[str, Any] | None = {}

    def count(self, most: int | None = None) -> None:
        """Go on for so many items, or to the end (None)."""
        while self._start is not None and (most is None or most > 0):
            answer = self._query(most, Select="COUNT")
            if most is not None:
                most -= answer["Count"]

    def listed(self, most: int) -> list[str]:
        """The index ranges of the next so many items."""
        found: list[str] = []
        while self._start is not None and len(found) < most:
            answer = self._query(most - len(found), ProjectionExpression="#listed")
            found += [text_of(entry["listed"]) for entry in answer["Items"]]
        return found

    def _query(self, most: int | None, **options: Any) -> dict[str, Any]:
        if most is not None:
            options["Limit"] = min(most, _LARGEST_LIMIT)
        answer = self._table.query(
            self._condition,
            self._values,
            IndexName=self._index,
            ScanIndexForward=False,
            **options,
            **(self._start or {}),
        )
        self.passed += answer["Count"]
        last = answer.get("LastEvaluatedKey")
        self._start = None if last is None else {"ExclusiveStartKey": last}
        return answer


def _stored(row: Row) -> bytes:
    """What is sealed in a row, or the text that was written before there was a vault."""
    return binary_of(row["row"]) if "B" in row["row"] else text_of(row["row"]).encode()


def _put(table: Table, row: Row, over: int | None) -> bool:
    if over is None:
        return isinstance(table.put(row, _UNMADE), Written)
    return isinstance(table.put(row, _UNCHANGED, {":over": number(over)}), Written)
