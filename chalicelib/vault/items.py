"""AstraFlow's items and webhooks, each sealed as a whole: names and descriptions are a tenant's own business, and a
webhook's address may hold a secret."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from chalicelib.domain.errors import SpoiledError
from chalicelib.domain.items import Item
from chalicelib.domain.sealing import Place
from chalicelib.domain.webhooks import Webhook
from chalicelib.engine.events import tenant_team
from chalicelib.ports.vault import Vault

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_item = msgspec.json.Decoder(Item)
_webhook = msgspec.json.Decoder(Webhook)


class ItemVault:
    """Seals items and webhooks for the version they have, and opens them again. Raises SpoiledError."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def item(self, item: Item) -> bytes:
        """An item, sealed."""
        return self._vault.seal(_place(item.tenant, item.id, "item", item.version), _encode(item))

    def item_of(self, tenant: str, item_id: str, version: int, stored: bytes) -> Item:
        """The item that was stored as this version."""
        return self._opened(_place(tenant, item_id, "item", version), stored, _item)

    def webhook(self, webhook: Webhook) -> bytes:
        """A webhook, sealed."""
        return self._vault.seal(_place(webhook.tenant, webhook.id, "webhook", webhook.version), _encode(webhook))

    def webhook_of(self, tenant: str, webhook_id: str, version: int, stored: bytes) -> Webhook:
        """The webhook that was stored as this version."""
        return self._opened(_place(tenant, webhook_id, "webhook", version), stored, _webhook)

    def _opened(self, place: Place, stored: bytes, decoder: msgspec.json.Decoder[T]) -> T:
        opened = self._vault.open(place, stored)
        try:
            return decoder.decode(opened)
        except msgspec.MsgspecError:
            raise SpoiledError(place.part) from None


def _place(tenant: str, id_: str, part: str, version: int) -> Place:
    return Place(tenant_team(tenant), id_, part, str(version))
