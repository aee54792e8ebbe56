"""DynamoDB's billing rules: what an item weighs, and the units that reading and writing it takes.

From the Developer Guide: "DynamoDB item sizes and formats", "DynamoDB read and write operations" and "Provisioned
throughput considerations for global secondary indexes". Written apart from the product's own estimate on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Item = Mapping[str, Mapping[str, Any]]

_WRITE_UNIT = 1_024
_READ_UNIT = 4_096


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index: the attributes of its own key, and all attributes that an entry carries."""

    name: str
    key: tuple[str, ...]
    carried: frozenset[str]

    def entry(self, item: Item | None) -> Item | None:
        """What of an item stands in the index; None when it is not in there."""
        if item is None or not all(name in item for name in self.key):
            return None
        return {name: value for name, value in item.items() if name in self.carried}


def size(item: Item) -> int:
    """The bytes of an item: its attributes' names and values."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def write_units(before: Item | None, after: Item | None) -> int:
    """What a write of an item takes in its table: its larger image counts, and a refused write leaves the one there is;
    at least one unit."""
    return max([1, *(_rounded_up(size(image), _WRITE_UNIT) for image in (before, after) if image is not None)])


def index_write_units(before: Item | None, after: Item | None, index: Index) -> int:
    """What a write of an item takes in an index: nothing where the entry stays as it is, one write where it comes, goes
    or keeps its place, two where it moves."""
    old, new = index.entry(before), index.entry(after)
    if old == new:
        return 0
    moved = old is not None and new is not None and any(old[name] != new[name] for name in index.key)
    return write_units(old, None) + write_units(None, new) if moved else write_units(old, new)


def item_read_units(item: Item | None, *, consistent: bool) -> float:
    """A read by key; one that finds nothing takes the least there is."""
    return _read_units(0 if item is None else size(item), consistent=consistent)


def query_read_units(entries: Iterable[Item], *, consistent: bool) -> float:
    """One answer of a query: what was read before any filter is summed, then rounded."""
    return _read_units(sum(size(entry) for entry in entries), consistent=consistent)


def scan_read_units(read: float, *, consistent: bool) -> float:
    """One answer of a scan that read so many bytes before its filter."""
    return _read_units(math.ceil(read), consistent=consistent)


def _read_units(read: int, *, consistent: bool) -> float:
    return max(1, _rounded_up(read, _READ_UNIT)) * (1.0 if consistent else 0.5)


def _rounded_up(size: int, unit: int) -> int:
    return -(-size // unit)


def _value_size(value: Mapping[str, Any]) -> int:
    ((tag, plain),) = value.items()
    match tag:
        case "S":
            return len(plain.encode())
        case "B":
            return len(plain)
        case "N":
            return _number_size(plain)
        case "BOOL" | "NULL":
            return 1
    raise ValueError(f"the weight of type {tag} is not known here")


def _number_size(digits: str) -> int:
    """A byte for two significant digits, one more, and one for a minus sign."""
    unsigned = digits.lstrip("-")
    if not unsigned.isdigit():
        raise ValueError("only whole numbers are weighed here")
    return -(-len(unsigned.strip("0")) // 2) + 1 + (unsigned != digits)
