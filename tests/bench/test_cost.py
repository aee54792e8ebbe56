"""What whole tasks cost is what the page says, and moves only when somebody agrees."""

from __future__ import annotations

import json

import pytest

from infra.bench.bill import Bill, Unit, load_prices
from infra.bench.cost import AGREED, PAGE, TOLERANCE, figures, price_lists, render, whole_dollars
from infra.bench.look import LookBill, measure_look
from infra.bench.whole import Whole, measure_whole


@pytest.fixture(scope="module")
def bills() -> dict[Whole, Bill]:
    """Walked once: it takes longer than everything that is asked of it."""
    return measure_whole()


@pytest.fixture(scope="module")
def look() -> LookBill:
    return measure_look()


def test_the_page_says_what_is_measured(bills: dict[Whole, Bill], look: LookBill) -> None:
    assert PAGE.read_text("utf-8") == render(bills, load_prices(), look), "docs/cost.md is out of date: run `make docs`"


def test_no_figure_moves_further_than_was_agreed_to(bills: dict[Whole, Bill], look: LookBill) -> None:
    agreed = json.loads(AGREED.read_text("utf-8"))
    measured = figures(bills, load_prices(), look)
    assert measured.keys() == agreed.keys()
    moved = {name: (agreed[name], cost) for name, cost in measured.items() if abs(cost / agreed[name] - 1) > TOLERANCE}
    assert not moved, "if that is meant: python -m infra.bench --agree"


def test_a_figure_that_moves_is_noticed(bills: dict[Whole, Bill]) -> None:
    dearer = bills[Whole.AT_ONCE] + Bill(used={Unit.TABLE_WRITE: 1})
    before, after = (whole_dollars(bill, load_prices()) for bill in (bills[Whole.AT_ONCE], dearer))
    assert after / before - 1 > TOLERANCE


def test_walks_agree_with_what_the_paths_of_a_task_add_up_to(bills: dict[Whole, Bill]) -> None:
    """Three row writes, two reads of the key, one of the limit's window, one message each way."""
    everyday = bills[Whole.AT_ONCE]
    assert everyday.units(Unit.API_REQUEST) == 1
    assert everyday.units(Unit.INVOCATION) == 2
    assert everyday.units(Unit.FIRING) == 0
    assert bills[Whole.SCHEDULED].units(Unit.FIRING) == 1
    assert bills[Whole.SYNC].units(Unit.QUEUE_REQUEST) == 0
    assert bills[Whole.IN_TENS].units(Unit.INVOCATION) == pytest.approx(1.1)


def test_the_daily_look_scans_and_keeps_its_place_and_costs_nothing_when_it_was_made(look: LookBill) -> None:
    assert look.look.calls == {"GetItem": 1, "Scan": 2, "PutItem": 2}
    assert look.idle.calls == {"GetItem": 1}
    assert look.reads_of_a_million < 150_000, "half a unit for each 4 KiB of rows that take a kilobyte"


def test_every_price_says_who_and_when() -> None:
    lists = price_lists()
    for entries in (lists["prices"], lists["monthly"], lists["elsewhere"]):
        for name, entry in entries.items():
            assert entry["source"], name
            assert entry["as_of"], name
