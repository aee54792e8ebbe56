"""Bills as the tables and figures of a page in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from operator import add
from typing import TypeVar

from infra.bench.bill import ENGINE, Bill, Price, Unit

P = TypeVar("P", bound=str)

_FUNCTIONS = (Unit.INVOCATION, Unit.GB_SECOND)
_SHARES = (ENGINE, _FUNCTIONS, (Unit.API_REQUEST,))


def whole(what: str, ways: Mapping[str, Sequence[P]], paths: Mapping[P, Bill], prices: Mapping[str, Price]) -> str:
    """What goes all of several paths, by its name, as a table."""
    rows = []
    for name, walked in ways.items():
        bill = reduce(add, (paths[path] for path in walked))
        shares = [bill.dollars(prices, units) for units in _SHARES]
        rows.append(
            [
                name,
                number(sum(bill.calls.values())),
                number(writes(bill)),
                number(bill.units(Unit.READ)),
                *(dollars(share) for share in [*shares, sum(shares)]),
            ]
        )
    return table([what, "calls", "write units", "read units", "engine", "Lambda", "API Gateway", "together"], rows)


def each(paths: Mapping[P, Bill], prices: Mapping[str, Price]) -> str:
    """Paths one by one, as a table."""
    return table(
        ["Path", "calls", "table writes", "index writes", "reads", "SQS requests", "engine"],
        [
            [
                path,
                calls(bill),
                number(bill.units(Unit.TABLE_WRITE)),
                number(bill.units(Unit.INDEX_WRITE)),
                number(bill.units(Unit.READ)),
                number(bill.units(Unit.QUEUE_REQUEST)),
                dollars(bill.dollars(prices)),
            ]
            for path, bill in paths.items()
        ],
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def calls(bill: Bill) -> str:
    """The calls by name, each with its number where that is not 1."""
    named = [name if count == 1 else f"{name} ×{number(count)}" for name, count in bill.calls.items()]
    return ", ".join(named) or "none"


def writes(bill: Bill) -> float:
    """The write units, in tables and indexes."""
    return bill.units(Unit.TABLE_WRITE, Unit.INDEX_WRITE)


def number(value: float) -> str:
    """At most three decimals."""
    return f"{round(value, 3):g}"


def dollars(value: float) -> str:
    """Dollars and cents."""
    # Rounded twice: a sum of floats must not fall short of the half cent that it is.
    return f"${Decimal(str(round(value, 6))).quantize(Decimal('0.01'), ROUND_HALF_UP):,}"
