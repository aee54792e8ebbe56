"""Queries of a table's indexes in the time they deserve.

moto answers a query of an index by looking at every item of the table, sorting what fits and copying it: ten seconds
for one page of a team with 10,000 tasks, behind the lock that everything else waits for. Here each index keeps its
entries sorted, as DynamoDB does; what the entries lead to is always moto's own item. Queries of another shape than the
usual one (one hash value, perhaps BETWEEN two range values) are still moto's.
"""

from __future__ import annotations

import copy
import json
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from infra.moto_lock import Call, MotoLock, Refusal

#: Entries that one answer looks at: about the megabyte of index entries after which DynamoDB pauses.
ANSWER_ENTRIES = 5_000

_CONDITIONS = {"hash_key_conditions", "range_key_conditions"}

#: The items, how many were looked at, and where the next answer begins.
Answer = tuple[list[Item], int, dict[str, Any] | None]
#: Range value, then the item's own key: the order of an index.
Entry = tuple[str, str, str]
Key = tuple[str, str]


@dataclass(slots=True)
class _Index:
    """The sorted entries of one index, by hash value."""

    hash_name: str
    range_name: str
    entries: defaultdict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    placed: dict[Key, tuple[str, Entry]] = field(default_factory=dict)

    def place(self, key: Key, item: Item | None) -> None:
        """Put an item where it belongs now, or nowhere."""
        if before := self.placed.pop(key, None):
            entries = self.entries[before[0]]
            del entries[bisect_left(entries, before[1])]
        if item is None or self.hash_name not in item.attrs or self.range_name not in item.attrs:
            return
        hash_value, entry = item.attrs[self.hash_name].value, (item.attrs[self.range_name].value, *key)
        insort(self.entries[hash_value], entry)
        self.placed[key] = (hash_value, entry)

    def key_of(self, hash_key: DynamoType, entry: Entry) -> dict[str, DynamoType]:
        """The key by which the next answer goes on behind this entry."""
        range_value, pk, sk = (DynamoType({"S": value}) for value in entry)
        return {"pk": pk, "sk": sk, self.hash_name: hash_key, self.range_name: range_value}


@dataclass(slots=True)
class _Indexes:
    """The indexes of all tables, and which items have been written since they were last looked at."""

    by_table: WeakKeyDictionary[Table, dict[str, _Index]] = field(default_factory=WeakKeyDictionary)
    written: defaultdict[str, set[Key]] = field(default_factory=lambda: defaultdict(set))
    counting: bool = False

    def watch(self, call: Call) -> Refusal | None:
        """Note what a call is about to write. It refuses nothing."""
        if call.service == "dynamodb":
            if call.action in ("PutItem", "UpdateItem", "DeleteItem"):
                request = json.loads(call.body)
                self._note(request["TableName"], request.get("Key") or request.get("Item") or {})
            elif call.action in ("BatchWriteItem", "TransactWriteItems"):
                self.by_table.clear()
            elif call.action == "Query":
                self.counting = json.loads(call.body).get("Select") == "COUNT"
        return None

    def _note(self, table: str, key: Mapping[str, Any]) -> None:
        if {"pk", "sk"} <= key.keys():
            self.written[table].add((next(iter(key["pk"].values())), next(iter(key["sk"].values()))))

    def of(self, table: Table, name: str) -> _Index:
        """An index of a table as it stands now."""
        indexes = self.by_table.get(table)
        if indexes is None:
            indexes = self.by_table[table] = {index.name: _new_index(index) for index in table.all_indexes()}
            for items in table.items.values():
                for item in items.values():
                    for index in indexes.values():
                        index.place((item.hash_key.value, item.range_key.value), item)
        for key in self.written.pop(table.name, ()):
            for index in indexes.values():
                index.place(key, _item(table, key))
        return indexes[name]


@contextmanager
def sorted_indexes(lock: MotoLock) -> Iterator[None]:
    """While entered, queries of indexes are answered from sorted entries."""
    indexes = _Indexes()
    slow_query = Table.query

    def query(
        table: Table,
        hash_key: DynamoType | None,
        range_comparison: str | None,
        range_objs: list[DynamoType],
        limit: int,
        exclusive_start_key: dict[str, Any] | None,
        scan_index_forward: bool,
        projection_expressions: list[list[str]] | None,
        index_name: str | None = None,
        consistent_read: bool = False,
        filter_expression: Any = None,
        **others: Any,
    ) -> Answer:
        conditions = len(others.get("hash_key_conditions") or ()), len(others.get("range_key_conditions") or ())
        usual = range_comparison in (None, "BETWEEN") and conditions in ((1, 0), (1, 1)) and not consistent_read
        if not usual or index_name is None or hash_key is None or set(others) - _CONDITIONS:
            answer: Answer = slow_query(
                table,
                hash_key,
                range_comparison,
                range_objs,
                limit,
                exclusive_start_key,
                scan_index_forward,
                projection_expressions,
                index_name,
                consistent_read,
                filter_expression,
                **others,
            )
            return answer
        index = indexes.of(table, index_name)
        entries = index.entries[hash_key.value]
        span = _span(entries, [bound.value for bound in range_objs])
        order = _after(entries, span, _start(index, exclusive_start_key), forward=scan_index_forward is not False)
        most = min(limit or ANSWER_ENTRIES, ANSWER_ENTRIES)
        read = [entries[position] for position in order[:most]]
        seen = [item for item in (_item(table, entry[1:]) for entry in read) if item is not None]
        # As on AWS, an answer that has reached its limit does not know whether more follows.
        last = index.key_of(hash_key, read[-1]) if len(read) == most else None
        return _answer(table, index_name, seen, filter_expression, projection_expressions), len(seen), last

    def _answer(
        table: Table, index_name: str, seen: list[Item], where: Any, projection: list[list[str]] | None
    ) -> list[Item]:
        found = seen if where is None else [item for item in seen if where.expr(item)]
        if projection and all(len(path) == 1 for path in projection):
            return [_projected(item, [path[0] for path in projection]) for item in found]
        if projection:
            return [item.project(projection) for item in found]
        # What is only counted need not be made.
        return found if indexes.counting else [table.get_index(index_name).project(item) for item in found]

    Table.query = query
    lock.guards.append(indexes.watch)
    try:
        yield
    finally:
        Table.query = slow_query
        lock.guards.remove(indexes.watch)


def _new_index(index: Any) -> _Index:
    names = {key["KeyType"]: key["AttributeName"] for key in index.schema}
    return _Index(names["HASH"], names["RANGE"])


def _item(table: Table, key: Key) -> Item | None:
    items = table.items.get(DynamoType({"S": key[0]}))
    return None if items is None else items.get(DynamoType({"S": key[1]}))


def _projected(item: Item, names: list[str]) -> Item:
    """An item with these attributes only. moto's own way goes through JSON and back."""
    shadow = copy.copy(item)
    shadow.attrs = type(item.attrs)()
    shadow.attrs.update({name: item.attrs[name] for name in names if name in item.attrs})
    return shadow


def _span(entries: list[Entry], bounds: list[str]) -> tuple[int, int]:
    """The positions of the entries between two range values, both included."""
    if not bounds:
        return 0, len(entries)
    return bisect_left(entries, (bounds[0],)), bisect_right(entries, bounds[1], key=lambda entry: entry[0])


def _start(index: _Index, key: Mapping[str, Any] | None) -> Entry | None:
    if not key:
        return None
    return key[index.range_name]["S"], key["pk"]["S"], key["sk"]["S"]


def _after(entries: list[Entry], span: tuple[int, int], start: Entry | None, *, forward: bool) -> range:
    """The positions to read, in order, behind the entry that the last answer ended with."""
    low, high = span
    if forward:
        return range(low if start is None else max(low, bisect_right(entries, start)), high)
    return range((high if start is None else min(high, bisect_left(entries, start))) - 1, low - 1, -1)
