"""What stands in the tables, seen without being counted: images of items, and the entries that a query reads."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from infra.bench.capacity import Index, Item, size
from infra.local.aws import ACCOUNT, REGION

#: The one form of key condition that the product's queries have.
_IN_ORDER = re.compile(r"#(\w+) = (:\w+) AND #(\w+) BETWEEN (:\w+) AND (:\w+)")


class Tables:
    """The tables behind a client of moto's that nobody counts."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.key = cache(self._key)
        self.indexes = cache(self._indexes)

    def item(self, table: str, holder: Item) -> Item | None:
        """The item that has the key in `holder`: a key alone, or a whole item."""
        key = {name: holder[name] for name in self.key(table)}
        found: Item | None = self._client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        return found

    def entries_read(self, query: Mapping[str, Any], scanned: int) -> list[Item]:
        """The index entries that one answer of a query read, before its filter.

        Taken from moto's own state: asked for over the API, ten thousand entries take seconds.
        """
        condition = _IN_ORDER.fullmatch(query["KeyConditionExpression"])
        if condition is None:
            raise ValueError(f"not a key condition that is known here: {query['KeyConditionExpression']}")
        values = {name: value["S"] for name, value in query["ExpressionAttributeValues"].items() if "S" in value}
        shelf, wanted, place, low, high = condition.groups()
        (index,) = (index for index in self.indexes(query["TableName"]) if index.name == query["IndexName"])
        found = [
            entry
            for item in stored(query["TableName"])
            if (entry := index.entry(plain(item))) is not None
            and entry[shelf]["S"] == values[wanted]
            and values[low] <= entry[place]["S"] <= values[high]
        ]
        backwards = not query.get("ScanIndexForward", True)
        found.sort(key=lambda entry: str(entry[place]["S"]), reverse=backwards)
        if start := query.get("ExclusiveStartKey"):
            after = start[place]["S"]
            found = [
                entry for entry in found if (entry[place]["S"] < after if backwards else entry[place]["S"] > after)
            ]
        return list(islice(found, scanned))

    def weight(self, table: str) -> tuple[int, int]:
        """How many items a table holds, and their bytes."""
        sizes = [size({name: _decoded(value) for name, value in item.attrs.items()}) for item in stored(table)]
        return len(sizes), sum(sizes)

    def _key(self, table: str) -> tuple[str, ...]:
        return _attributes(self._described(table)["KeySchema"])

    def _indexes(self, table: str) -> tuple[Index, ...]:
        described = self._described(table)
        return tuple(_index(each, self.key(table)) for each in described.get("GlobalSecondaryIndexes", ()))

    def _described(self, table: str) -> dict[str, Any]:
        described: dict[str, Any] = self._client.describe_table(TableName=table)["Table"]
        return described


def _attributes(schema: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(element["AttributeName"] for element in schema)


def _index(described: Mapping[str, Any], table_key: tuple[str, ...]) -> Index:
    projection = described["Projection"]
    if projection["ProjectionType"] not in {"INCLUDE", "KEYS_ONLY"}:
        raise ValueError(f"projection {projection['ProjectionType']} is not known here")
    key = _attributes(described["KeySchema"])
    return Index(described["IndexName"], key, frozenset({*table_key, *key, *projection.get("NonKeyAttributes", ())}))


def held_by_moto(table: str) -> Any:
    """A table as moto holds it."""
    return dynamodb_backends[ACCOUNT][REGION].tables[table]


def stored(table: str) -> Iterator[Any]:
    """Every item of a table as moto holds it."""
    for partition in held_by_moto(table).items.values():
        yield from partition.values()


def _decoded(value: Any) -> dict[str, Any]:
    """A value of moto's in DynamoDB's notation: bytes that came over the API it keeps in base64."""
    coded = value.type == "B" and isinstance(value.value, str)
    return {value.type: b64decode(value.value) if coded else value.value}


def plain(item: Any) -> dict[str, Any]:
    """An item of moto's in DynamoDB's notation, but for the bytes of a B, which moto keeps in base64."""
    return {name: {value.type: value.value} for name, value in item.attrs.items()}
