"""What a path used, and what that costs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

K = TypeVar("K", bound=str)

PRICES = Path(__file__).with_name("prices.json")


class Unit(StrEnum):
    """What AWS counts. The values name the prices in `prices.json`, where `PRICED_AS` does not."""

    TABLE_WRITE = "table write unit"
    INDEX_WRITE = "index write unit"
    READ = "DynamoDB read unit"
    QUEUE_REQUEST = "SQS request"
    FAIR_MESSAGE = "SQS fair queue message"
    FIRING = "Scheduler invocation"
    KEY_REQUEST = "KMS request"
    INVOCATION = "Lambda request"
    GB_SECOND = "Lambda GB-second"
    API_REQUEST = "API Gateway request"
    LOG_KILOBYTE = "CloudWatch Logs kilobyte"


PRICED_AS = {Unit.TABLE_WRITE: "DynamoDB write unit", Unit.INDEX_WRITE: "DynamoDB write unit"}

#: What the engine itself uses; the others are the functions and the gateway in front of it.
ENGINE = (
    Unit.TABLE_WRITE,
    Unit.INDEX_WRITE,
    Unit.READ,
    Unit.QUEUE_REQUEST,
    Unit.FAIR_MESSAGE,
    Unit.FIRING,
    Unit.KEY_REQUEST,
)


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million units, who says so, and for when."""

    per_million: float
    source: str
    as_of: str


@dataclass(frozen=True, slots=True)
class Bill:
    """The calls by their names, and the units by what AWS counts."""

    calls: Mapping[str, float] = field(default_factory=dict)
    used: Mapping[Unit, float] = field(default_factory=dict)

    def __add__(self, other: Bill) -> Bill:
        return Bill(_combined(self.calls, other.calls, 1), _combined(self.used, other.used, 1))

    def __sub__(self, other: Bill) -> Bill:
        return Bill(_combined(self.calls, other.calls, -1), _combined(self.used, other.used, -1))

    def shared_by(self, count: int) -> Bill:
        """The part of each of so many."""
        return Bill(
            {name: calls / count for name, calls in self.calls.items()},
            {unit: units / count for unit, units in self.used.items()},
        )

    def units(self, *units: Unit) -> float:
        """How many of these units were used."""
        return sum(self.used.get(unit, 0) for unit in units)

    def dollars(self, prices: Mapping[str, Price], units: Iterable[Unit] = ENGINE) -> float:
        """What these units come to, in dollars for a million of the path."""
        return sum(self.used.get(unit, 0) * prices[PRICED_AS.get(unit, unit.value)].per_million for unit in units)


def load_prices(path: Path = PRICES) -> dict[str, Price]:
    """The price list, by the names of what is priced."""
    listed = json.loads(path.read_text(encoding="utf-8"))["prices"]
    return {name: Price(**entry) for name, entry in listed.items()}


def _combined(left: Mapping[K, float], right: Mapping[K, float], sign: int) -> dict[K, float]:
    sums = {name: left.get(name, 0) + sign * right.get(name, 0) for name in (*left, *right)}
    return {name: count for name, count in sums.items() if count}
