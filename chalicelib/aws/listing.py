"""Pages of a team's tasks: keys and order from the index `listing`, the rows themselves by id.

The index keeps a shelf for the unfinished tasks and one for each way to end, each in the order of creation. A page
walks the shelves it needs side by side and counts what it does not walk. The index lags behind the rows by moments, so
each row is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice
from typing import Any

from chalicelib.aws import items, keys
from chalicelib.aws.attributes import Item, number, text, text_of
from chalicelib.aws.parts import Parts, apart, body_bytes
from chalicelib.aws.table import Table, Values
from chalicelib.domain.errors import SpoiledError
from chalicelib.domain.listing import PAGE_BODY_BYTES, Page, Position, Query, Shelf, View, shelves_for
from chalicelib.domain.task import CLAIMABLE, Status, Task, Unreadable
from chalicelib.domain.timing import LAST_INSTANT

#: Keys fetched from each shelf at first, at least. Fetching and counting cost the same per key, and a shelf that was
#: fetched to its end needs no call for counting.
_FIRST_FETCH = 100

_IN_ORDER = "#shelf = :shelf AND #listed BETWEEN :low AND :high"


class Listing:
    """The listing of tasks of one table."""

    def __init__(self, table: Table, parts: Parts) -> None:
        self._table = table
        self._parts = parts

    def page(self, query: Query, position: Position, limit: int, *, payloads: bool) -> Page:
        """One page: a query per shelf, one read of rows, and a count for each shelf that was not walked to its end."""
        first = max(position.offset + limit + 1, _FIRST_FETCH)
        after = None if position.after is None else keys.listed(*position.after)
        walks = [_Walk(self._table, query, shelf, after, first) for shelf in shelves_for(query.view)]
        listed = _distinct(merge(*walks, reverse=query.newest_first))
        for _ in islice(listed, position.offset):
            pass
        tasks, cut = self._tasks(query, listed, limit, payloads=payloads)
        more = cut or next(listed, None) is not None
        return Page(tuple(tasks), sum(walk.total() for walk in walks), more)

    def count(self, query: Query) -> int:
        """How many tasks there are to list."""
        return sum(_Walk(self._table, query, shelf, None, _FIRST_FETCH).count() for shelf in shelves_for(query.view))

    def _tasks(self, query: Query, listed: Iterator[str], limit: int, *, payloads: bool) -> tuple[list[Task], bool]:
        """The tasks of the page, and whether it ended early because of their bytes."""
        rows: list[_Row] = []
        # Rows that changed since the index was written are left out: the ones behind them move up.
        while wanted := list(islice(listed, limit - len(rows))):
            rows += self._rows(query, [keys.task_id_of(each) for each in wanted])
        fitting = list(_within_budget(rows))
        wholes = {row.task.id: dict(row.item) for row in fitting}
        for part in self._table.batch_get([key for row in fitting for key in apart(row.item, payload=payloads)]):
            # Attributes of the row and of what lies apart do not overlap, but for their keys and expiry.
            wholes[text_of(part["pk"])] |= part
        tasks = []
        for row in fitting:
            with suppress(SpoiledError):
                tasks.append(self._opened(row.task, wholes[row.task.id], payload=payloads))
        return tasks, len(fitting) < len(rows)

    def _rows(self, query: Query, task_ids: list[str]) -> Iterator[_Row]:
        """The rows of these tasks that belong into the listing as they stand now, in the given order."""
        rows = {text_of(row["pk"]): row for row in self._table.batch_get([keys.task(task_id) for task_id in task_ids])}
        for task_id in task_ids:
            row = rows.get(task_id)
            if row is None:
                continue
            task = self._parts.task(row)
            if _belongs(query, task):
                with suppress(SpoiledError):
                    yield _Row(row, replace(task, result=self._parts.result_in(row, task)))

    def _opened(self, task: Task, whole: Item, *, payload: bool) -> Task:
        """The task with its result, and its payload if that is wanted, wherever they lie."""
        return replace(
            task,
            result=self._parts.result_in(whole, task),
            payload=self._parts.payload_in(whole, task) if payload else None,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a page, and the task in it with as much of its result as lies inside."""

    item: Item
    task: Task


class _Walk:
    """The index ranges on one shelf that a query asks for, in its order, fetched as far as they are consumed."""

    def __init__(self, table: Table, query: Query, shelf: Shelf, after: str | None, first: int) -> None:
        self._table = table
        self._newest_first = query.newest_first
        self._first = first
        self._after = after
        self._where, operands = _filter(query)
        self._values: Values = {":shelf": text(keys.shelf(query.team, shelf)), **operands}
        self._whole = _span(query)
        self._passed, self._ahead = self._whole.parted(after, newest_first=query.newest_first)
        self._seen = 0
        self._rest: dict[str, Any] | None = None

    def __iter__(self) -> Iterator[str]:
        # The first answer is to hold the page. Where a filter leaves too little, the next ones read all they can.
        options: dict[str, Any] = {"Limit": self._first}
        while not self._ahead.empty:
            answer = self._query(
                self._ahead, ProjectionExpression="#listed", ScanIndexForward=not self._newest_first, **options
            )
            found = [text_of(entry["listed"]) for entry in answer["Items"]]
            found = [listed for listed in found if listed != self._after]
            self._seen += len(found)
            self._rest = answer.get("LastEvaluatedKey")
            yield from found
            if self._rest is None:
                return
            options = {"ExclusiveStartKey": self._rest}

    def count(self) -> int:
        """How many there are on this shelf, none of them walked."""
        return self._count(self._whole)

    def total(self) -> int:
        """How many there are on this shelf. To be asked once the walk is over."""
        if self._rest is None:
            return self._seen + self._count(self._passed)
        if self._after is not None:
            return self._count(self._whole)
        return self._seen + self._count(self._ahead, self._rest)

    def _count(self, span: _Span, rest: dict[str, Any] | None = None) -> int:
        counted = 0
        options = {} if rest is None else {"ExclusiveStartKey": rest}
        while not span.empty:
            answer = self._query(span, Select="COUNT", ScanIndexForward=not self._newest_first, **options)
            counted += answer["Count"]
            if "LastEvaluatedKey" not in answer:
                break
            options = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return counted

    def _query(self, span: _Span, **options: Any) -> dict[str, Any]:
        values = {**self._values, ":low": text(span.low), ":high": text(span.high)}
        return self._table.query(_IN_ORDER, values, self._where, IndexName=keys.LISTING_INDEX, **options)


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of index ranges, both ends included."""

    low: str
    high: str

    @property
    def empty(self) -> bool:
        return self.low > self.high

    def parted(self, at: str | None, *, newest_first: bool) -> tuple[_Span, _Span]:
        """What lies before a place in the order of reading, and what lies ahead. The place itself is in both."""
        if at is None:
            return _NOTHING, self
        below, above = _Span(self.low, min(self.high, at)), _Span(max(self.low, at), self.high)
        return (above, below) if newest_first else (below, above)


_NOTHING = _Span("~", "")


def _span(query: Query) -> _Span:
    """The stretch between a query's bounds, which are exclusive."""
    low = 0 if query.created_after is None else max(0, query.created_after + 1)
    high = LAST_INSTANT if query.created_before is None else min(LAST_INSTANT, query.created_before - 1)
    return _Span(keys.listed_from(low), keys.listed_to(high)) if low <= high else _NOTHING


def _filter(query: Query) -> tuple[str, Values]:
    """The condition on entries of a shelf: `listing.view_of` for the unfinished, the expiry for the finished."""
    waiting = {f":{status.value}": text(status.value) for status in sorted(CLAIMABLE)}
    delayed = "(#status = :queued AND #dueAt > :now)"
    now = number(query.now)
    match query.view:
        case View.DELAYED:
            return delayed, {":queued": text(Status.QUEUED.value), ":now": now}
        case View.PENDING:
            return f"#status IN ({', '.join(waiting)}) AND NOT {delayed}", {**waiting, ":now": now}
        case View.PROCESSING:
            return "#status = :running", {":running": text(Status.RUNNING.value)}
        case _:
            return "attribute_not_exists(#expiresAt) OR #expiresAt > :second", {":second": number(query.now // 1000)}


def _belongs(query: Query, task: Task) -> bool:
    spoiled = task.work == Unreadable(spoiled=True)
    return query.matches(task) and not items.expired(task, query.now) and not spoiled


def _within_budget(rows: Iterable[_Row]) -> Iterator[_Row]:
    """The first rows, as far as the page's budget of bytes goes; at least one."""
    left = PAGE_BODY_BYTES
    for position, row in enumerate(rows):
        left -= body_bytes(row.item, row.task.result)
        if position and left < 0:
            return
        yield row


def _distinct(listed: Iterable[str]) -> Iterator[str]:
    """Each once: a task that changes its shelf may be seen on both for a moment."""
    previous = None
    for each in listed:
        if each != previous:
            yield each
        previous = each
