"""Reading task rows: one by its id, and pages of them."""

from __future__ import annotations

import json
from dataclasses import replace

from chalicelib.aws import items, keys
from chalicelib.aws.attributes import Item, flag, number, text, text_of
from chalicelib.aws.clients import Clients
from chalicelib.aws.listing import Listing
from chalicelib.aws.parts import Parts, apart
from chalicelib.aws.table import Table, Values
from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.listing import Page, Position, Query
from chalicelib.domain.task import CLAIMABLE, Payload, Status, Task
from chalicelib.domain.wakeup import OVERDUE_MS
from chalicelib.ports.tasks import Stretch
from chalicelib.ports.vault import Vault

_OVERDUE_VALUES: Values = {
    ":task": text("task"),
    ":running": text(Status.RUNNING.value),
    ":yes": flag(True),
    **{f":{status.value}": text(status.value) for status in sorted(CLAIMABLE)},
}
#: `wakeup.overdue` as a condition.
_OVERDUE = (
    "#sk = :task AND (attribute_not_exists(#expiresAt) OR #expiresAt > :second) AND ("
    f"(#status IN ({', '.join(f':{status.value}' for status in sorted(CLAIMABLE))}) AND #dueAt <= :over)"
    " OR (#status = :running AND #leaseUntil <= :over)"
    " OR (#webhook = :yes AND #completedAt <= :over))"
)


class AwsTaskReader:
    """The port `TaskReader`. A read by id is one call, and one more if something of the task lies apart."""

    def __init__(self, clients: Clients, table: str, vault: Vault) -> None:
        self._table = Table(clients, table)
        self._parts = Parts(vault)
        self._listing = Listing(self._table, self._parts)

    def get(self, task_id: str, *, now: int, payload: bool = False, result: bool = True) -> Task | None:
        """The row with its result, unless that is not wanted, and with its payload on request."""
        row = self._table.get(keys.task(task_id))
        if row is None:
            return None
        task = self._parts.task(row)
        if items.expired(task, now):
            return None
        # Attributes of the row and of what lies apart do not overlap, but for their keys and expiry.
        whole = dict(row)
        if lying_apart := apart(row, payload=payload, result=result):
            for part in self._table.batch_get(lying_apart):
                whole |= part
        return replace(
            task,
            result=self._parts.result_in(whole, task) if result else None,
            payload=self._parts.payload_in(whole, task) if payload else None,
        )

    def payload(self, task: Task) -> Payload:
        """The payload of a row that came without it, or UnavailableError when it is gone.

        One call where it lies apart: rows that a write hands back come with what lies inside.
        """
        for key in (keys.payload(task.id, task.create_token), keys.task(task.id)):
            found = self._parts.payload_in(self._table.get(key) or {}, task)
            if found is not None:
                return found
        raise UnavailableError("the task's payload is not there")

    def page(self, query: Query, position: Position, limit: int, *, payloads: bool = False) -> Page:
        """One page of a listing with results, and with payloads on request."""
        return self._listing.page(query, position, limit, payloads=payloads)

    def overdue(self, *, now: int, after: str | None) -> Stretch:
        """Look through the next MiB of the table, by one scan: half a read unit for each 4 KiB of it."""
        over = number(now - OVERDUE_MS)
        values = {**_OVERDUE_VALUES, ":over": over, ":second": number(now // 1000)}
        found, last = self._table.stretch(_OVERDUE, values, None if after is None else _key_of(after))
        return Stretch(tuple(items.task_of(row) for row in found), None if last is None else _place_of(last))

    def count(self, query: Query) -> int:
        """How many tasks a listing holds: a query that counts for each shelf."""
        return self._listing.count(query)


def _place_of(key: Item) -> str:
    return json.dumps([text_of(key["pk"]), text_of(key["sk"])])


def _key_of(place: str) -> Item:
    partition, sort = json.loads(place)
    return {"pk": text(partition), "sk": text(sort)}
