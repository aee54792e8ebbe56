"""AstraFlow's items and webhooks, stored only over the version they were read with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from contract_samples import NOW, fresh

from chalicelib.domain.items import Change, Item, ItemStatus, Priority, changed, tombstone
from chalicelib.domain.task import SigningState
from chalicelib.domain.webhooks import GONE, ItemEvent, Webhook
from chalicelib.ports.items import ItemStore, WebhookStore

MOST = 20


def an_item(**fields: Any) -> Item:
    """An item of its own tenant, with every field filled in."""
    sample = Item(
        id=fresh("item"),
        tenant=fresh("tenant"),
        name="Größe & Söhne 🐙",
        description="a\nb\t\u2028",
        status=ItemStatus.ACTIVE,
        due_at=NOW + 5,
        priority=Priority.LOW,
        created_at=NOW,
        updated_at=NOW + 1,
        changes=(Change(1, "first", NOW),),
        due_token="first",
    )
    return replace(sample, **fields)


def a_webhook(**fields: Any) -> Webhook:
    sample = Webhook(
        id=fresh("webhook"),
        tenant=fresh("tenant"),
        url="https://hooks.example/x?y=1",
        event=ItemEvent.DUE,
        created_at=NOW,
        signing=SigningState(2, NOW + 9),
        failed=("one", "two"),
        disabled_at=NOW + 3,
        disabled_reason=GONE,
        change="made",
    )
    return replace(sample, **fields)


def turned(item: Item, rival: int = 0, **fields: Any) -> Item:
    return changed(replace(item, **fields), token=f"token {rival}", now=NOW + 2)


class TestItems:
    def test_a_new_item_reads_back_whole(self, items: ItemStore) -> None:
        item = an_item()

        assert items.save(item, over=None)
        assert items.get(item.tenant, item.id) == item

    def test_an_item_with_nothing_but_a_name_reads_back_whole(self, items: ItemStore) -> None:
        item = Item(id=fresh("item"), tenant=fresh("tenant"), name="n", created_at=NOW, updated_at=NOW)

        assert items.save(item, over=None)
        assert items.get(item.tenant, item.id) == item

    def test_another_tenant_s_item_is_none(self, items: ItemStore) -> None:
        item = an_item()
        items.save(item, over=None)

        assert items.get(fresh("tenant"), item.id) is None
        assert items.get(item.tenant, fresh("item")) is None

    def test_an_item_cannot_be_new_twice(self, items: ItemStore) -> None:
        item = an_item()
        items.save(item, over=None)

        assert not items.save(replace(item, name="another"), over=None)
        assert items.get(item.tenant, item.id) == item

    def test_a_change_is_stored_over_the_version_it_was_made_from_and_no_other(self, items: ItemStore) -> None:
        item = an_item()
        items.save(item, over=None)
        second = turned(item, name="second")

        assert items.save(second, over=1)
        assert not items.save(turned(item, name="stale"), over=1)
        assert not items.save(replace(second, version=4), over=3)
        assert items.get(item.tenant, item.id) == second

    def test_a_change_of_no_item_is_not_stored(self, items: ItemStore) -> None:
        item = an_item()

        assert not items.save(turned(item), over=1)
        assert items.get(item.tenant, item.id) is None

    def test_of_many_changes_at_once_one_is_stored(self, items: ItemStore) -> None:
        item = an_item()
        items.save(item, over=None)
        rivals = [turned(item, number) for number in range(8)]

        with ThreadPoolExecutor(8) as threads:
            stored = list(threads.map(lambda rival: items.save(rival, over=1), rivals))

        assert stored.count(True) == 1
        assert items.get(item.tenant, item.id) == rivals[stored.index(True)]

    def test_a_tombstone_is_read_and_not_listed(self, items: ItemStore) -> None:
        item = an_item()
        items.save(item, over=None)
        stone = tombstone(item, token="gone", now=NOW + 2)

        assert items.save(stone, over=1)

        assert items.get(item.tenant, item.id) == stone
        assert items.page(item.tenant, None, offset=0, limit=10).total == 0
        assert items.page(item.tenant, item.status, offset=0, limit=10).total == 0


class TestPages:
    @pytest.fixture
    def kept(self, items: ItemStore) -> list[Item]:
        """Seven items of a tenant, newest first; the first and the last two of them are completed."""
        tenant = fresh("tenant")
        kept = [
            an_item(
                tenant=tenant,
                created_at=NOW - number // 2,
                id=f"{9 - number}-{fresh('item')}",
                status=ItemStatus.COMPLETED if number in (0, 5, 6) else ItemStatus.PENDING,
            )
            for number in range(7)
        ]
        for item in reversed(kept):
            items.save(item, over=None)
        items.save(an_item(), over=None)
        return kept

    @pytest.mark.parametrize(
        ("offset", "limit"), [(0, 3), (0, 7), (0, 100), (2, 3), (5, 3), (6, 1), (7, 3), (10**12, 3)]
    )
    def test_a_page_is_a_stretch_of_the_list_newest_first(
        self, items: ItemStore, kept: list[Item], offset: int, limit: int
    ) -> None:
        page = items.page(kept[0].tenant, None, offset=offset, limit=limit)

        assert list(page.items) == kept[offset : offset + limit]
        assert page.total == 7

    @pytest.mark.parametrize(("offset", "limit"), [(0, 2), (1, 2), (2, 5), (3, 1)])
    def test_a_filter_is_applied_before_pages_are_cut_and_counted(
        self, items: ItemStore, kept: list[Item], offset: int, limit: int
    ) -> None:
        done = [item for item in kept if item.status is ItemStatus.COMPLETED]

        page = items.page(kept[0].tenant, ItemStatus.COMPLETED, offset=offset, limit=limit)

        assert list(page.items) == done[offset : offset + limit]
        assert page.total == 3

    def test_an_item_moves_to_the_list_of_its_new_status(self, items: ItemStore, kept: list[Item]) -> None:
        moved = turned(kept[1], status=ItemStatus.ACTIVE)
        items.save(moved, over=1)

        assert items.page(moved.tenant, ItemStatus.ACTIVE, offset=0, limit=9).items == (moved,)
        assert items.page(moved.tenant, ItemStatus.PENDING, offset=0, limit=9).total == 3
        assert items.page(moved.tenant, None, offset=0, limit=9).items[1] == moved

    def test_a_tenant_without_items_has_an_empty_list(self, items: ItemStore) -> None:
        page = items.page(fresh("tenant"), None, offset=0, limit=10)

        assert (page.items, page.total) == ((), 0)


class TestWebhooks:
    def test_a_new_webhook_reads_back_whole(self, webhooks: WebhookStore) -> None:
        webhook = a_webhook()

        assert webhooks.add(webhook, most=MOST)
        assert webhooks.get(webhook.tenant, webhook.id) == webhook

    def test_a_webhook_cannot_be_new_twice(self, webhooks: WebhookStore) -> None:
        webhook = a_webhook()
        webhooks.add(webhook, most=MOST)

        assert not webhooks.add(replace(webhook, url="https://other.example/"), most=MOST)
        assert webhooks.get(webhook.tenant, webhook.id) == webhook

    def test_another_tenant_s_webhook_is_none(self, webhooks: WebhookStore) -> None:
        webhook = a_webhook()
        webhooks.add(webhook, most=MOST)

        assert webhooks.get(fresh("tenant"), webhook.id) is None
        assert webhooks.all(fresh("tenant")) == []

    def test_all_webhooks_of_a_tenant_are_listed_oldest_first(self, webhooks: WebhookStore) -> None:
        tenant = fresh("tenant")
        kept = [a_webhook(tenant=tenant, created_at=NOW + number) for number in (2, 0, 1)]
        for webhook in kept:
            webhooks.add(webhook, most=MOST)

        assert webhooks.all(tenant) == [kept[1], kept[2], kept[0]]

    def test_a_change_is_stored_over_the_version_it_was_made_from_and_no_other(self, webhooks: WebhookStore) -> None:
        webhook = a_webhook()
        webhooks.add(webhook, most=MOST)
        second = replace(webhook, version=2, failed=())

        assert webhooks.save(second, over=1)
        assert not webhooks.save(replace(webhook, version=2, change="stale"), over=1)
        assert webhooks.get(webhook.tenant, webhook.id) == second

    def test_a_change_does_not_bring_back_a_webhook_that_was_deleted(self, webhooks: WebhookStore) -> None:
        webhook = a_webhook()
        webhooks.add(webhook, most=MOST)

        webhooks.delete(webhook.tenant, webhook.id)
        webhooks.delete(webhook.tenant, webhook.id)

        assert not webhooks.save(replace(webhook, version=2), over=1)
        assert webhooks.get(webhook.tenant, webhook.id) is None
        assert webhooks.all(webhook.tenant) == []

    def test_no_more_than_so_many_are_stored(self, webhooks: WebhookStore) -> None:
        tenant = fresh("tenant")
        kept = [a_webhook(tenant=tenant) for _ in range(3)]

        assert [webhooks.add(webhook, most=2) for webhook in kept] == [True, True, False]
        webhooks.delete(tenant, kept[0].id)
        assert webhooks.add(kept[2], most=2)
        assert {webhook.id for webhook in webhooks.all(tenant)} == {kept[1].id, kept[2].id}

    def test_of_many_at_the_same_time_exactly_so_many_are_stored(self, webhooks: WebhookStore) -> None:
        tenant = fresh("tenant")
        rivals = [a_webhook(tenant=tenant) for _ in range(8)]

        with ThreadPoolExecutor(8) as threads:
            added = list(threads.map(lambda webhook: webhooks.add(webhook, most=3), rivals))

        assert sum(added) == len(webhooks.all(tenant)) == 3
