"""The last use of a credential, noted on the item that its look-up reads."""

from __future__ import annotations

from chalicelib.aws.attributes import Item, number, number_of
from chalicelib.aws.clients import Clients
from chalicelib.aws.failures import RejectedCallError
from chalicelib.aws.table import Table, Written
from chalicelib.domain.errors import UnavailableError

#: No use makes an item that is not there, or not there any more.
_OLD = "attribute_exists(#pk) AND (attribute_not_exists(#usedAt) OR #usedAt <= :before)"


class Uses:
    """Notes uses offhand: one attempt, a short wait, and every refusal is an UnavailableError."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._table = Table(clients, table, offhand=True)

    def note(self, key: Item, *, at: int, before: int) -> bool:
        """Note a use over one until `before` or none. False when it was not noted."""
        values = {":at": number(at), ":before": number(before)}
        try:
            noted = self._table.update(key, "SET #usedAt = :at", _OLD, values)
        except RejectedCallError as rejected:
            raise UnavailableError(str(rejected)) from None
        return isinstance(noted, Written)


def used_at(item: Item) -> int | None:
    """The last use that was noted on an item; None before the first."""
    return number_of(item["usedAt"]) if "usedAt" in item else None
