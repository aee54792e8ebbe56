"""The page `docs/cost.md`: what whole tasks cost with everything around them, what an idle month costs, and what other
services take for the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path as File
from typing import Any

from app import app
from infra.apply import load_template, resources
from infra.bench.bill import ENGINE, PRICES, Bill, Price, Unit
from infra.bench.deployment import HANDLER_MS
from infra.bench.lines import ACCESS_BYTES, INVOCATION_BYTES
from infra.bench.look import LookBill
from infra.bench.markdown import dollars, number, table
from infra.bench.scripted import ANSWER_MS
from infra.bench.whole import Whole
from infra.host.mappings import event_sources
from infra.host.ticking import schedules

ROOT = File(__file__).parents[2]
PAGE = ROOT / "docs" / "cost.md"
#: What was agreed to: a figure that moves further than `TOLERANCE` from here fails a test.
AGREED = File(__file__).with_name("agreed.json")
TOLERANCE = 0.02

#: A mapping starts with so many pollers, each asking again after so many seconds while its queue is empty.
POLLERS, POLL_S = 5, 20
_MONTH_S = 30 * 86_400
_HOURS = _MONTH_S // 3_600
_SHARES = {
    "engine": ENGINE,
    "Lambda": (Unit.INVOCATION, Unit.GB_SECOND),
    "API Gateway": (Unit.API_REQUEST,),
    "logs": (Unit.LOG_KILOBYTE,),
}
_EVERYTHING = tuple(unit for units in _SHARES.values() for unit in units)
#: What is compared, and the units of the others that it takes: one call of a URL, and what leads to it.
_ELSEWHERE: Mapping[str, Mapping[str, Mapping[str, int]]] = {
    "QStash": {
        "at once": {"QStash message": 1},
        "in a day": {"QStash message": 1},
        "one retry": {"QStash message": 2},
    },
    "Cloud Tasks": {
        "at once": {"Cloud Tasks operation": 2},
        "in a day": {"Cloud Tasks operation": 2},
        "one retry": {"Cloud Tasks operation": 3},
    },
    "EventBridge": {
        "at once": {"EventBridge custom event": 1, "EventBridge API destination call": 1},
        "in a day": {
            "EventBridge Scheduler invocation": 1,
            "EventBridge custom event": 1,
            "EventBridge API destination call": 1,
        },
        "one retry": {"EventBridge custom event": 1, "EventBridge API destination call": 1},
    },
}
_OURS = {"at once": Whole.AT_ONCE, "in a day": Whole.SCHEDULED, "one retry": Whole.RETRIED}


def whole_dollars(bill: Bill, prices: Mapping[str, Price]) -> float:
    """What a million come to, with everything around them."""
    return bill.dollars(prices, _EVERYTHING)


def idle_month(prices: Mapping[str, Price], lists: Mapping[str, Any], look: LookBill) -> list[tuple[str, float]]:
    """What a month costs in which nobody asks for anything."""
    polls = len(event_sources(app, lambda _: 0)) * POLLERS * _MONTH_S / POLL_S
    kinds = [resource["Type"] for resource in resources(load_template()).values()]
    fixed = [
        ("CloudWatch alarm", kinds.count("AWS::CloudWatch::Alarm")),
        ("CloudWatch dashboard", kinds.count("AWS::CloudWatch::Dashboard")),
        ("KMS key", kinds.count("AWS::KMS::Key")),
    ]
    asking = Bill(used={Unit.QUEUE_REQUEST: polls / 1e6}).dollars(prices)
    return [
        (f"{polls:,.0f} questions to empty queues", asking),
        *_runs(prices, look),
        *((f"{count} × {what}", count * lists["monthly"][what]["dollars"]) for what, count in fixed if count),
    ]


def _runs(prices: Mapping[str, Price], look: LookBill) -> list[tuple[str, float]]:
    """The functions that a schedule starts, each finding nothing to do."""
    found = []
    for each in schedules(app, lambda _: 0):
        runs = _MONTH_S / each.every_s
        used = {unit: count * runs / 1e6 for unit, count in look.idle.used.items()}
        found.append((f"{runs:,.0f} runs of `{each.function}`", whole_dollars(Bill(used=used), prices)))
    return found


def _look_dollars(prices: Mapping[str, Price], look: LookBill) -> float:
    """What DynamoDB bills for a look over a million rows."""
    return look.look.dollars(prices) / look.rows


def figures(bills: Mapping[Whole, Bill], prices: Mapping[str, Price], look: LookBill) -> dict[str, float]:
    """The figures that are watched: dollars a million, and dollars an idle month."""
    idle = sum(amount for _, amount in idle_month(prices, price_lists(), look))
    return {
        **{whole.value: round(whole_dollars(bills[whole], prices), 4) for whole in Whole},
        "idle month": round(idle, 4),
        "daily look": round(_look_dollars(prices, look), 4),
    }


def price_lists() -> dict[str, Any]:
    """The price file as it is written."""
    return dict(json.loads(PRICES.read_text("utf-8")))


def render(bills: Mapping[Whole, Bill], prices: Mapping[str, Price], look: LookBill) -> str:
    """The page as Markdown."""
    lists = price_lists()
    write = prices["DynamoDB write unit"].per_million / 1e6
    return f"""# What Sluice costs

<!-- Written by `make docs` from counted calls and `infra/bench/prices.json`. Do not edit. -->

You pay AWS alone, and for what is used. Every call, unit and log line of a whole task is counted at the edge of AWS
while the deployed handlers run; [cost per task](cost-per-task.md) shows them one by one. Dollars are list prices in
us-east-1 for a million, without free tiers.

## A million tasks

{_tasks(bills, prices)}

*Engine* is DynamoDB, SQS, Scheduler and KMS. The functions are assumed to take {HANDLER_MS} ms and to wait
{ANSWER_MS} ms for a callback, on arm64 with the memory of `.chalice/config.json`. Every request pays for its key, its
limit and its way through the gateway: a client that waits with `?wait=` in place of polling pays once. That a key or
a client's secret is used is noted with one write an hour, in no line here: a thousand in use around the clock come to
{dollars(1_000 * _HOURS * write)} a month. Logs are our own lines as they are written, {INVOCATION_BYTES} bytes that
Lambda writes for an invocation, and {ACCESS_BYTES} for a request at the gateway.

## A month in which nothing happens

{_idle(idle_month(prices, lists, look))}

Nothing else runs. Alarms and the dashboard are yours to take out of `infra/resources.json`.

## The daily look

Once a day all rows of the tasks table are looked through for tasks that lost their wake-up call, finished ones too for
as long as they are kept. A million rows of everyday tasks take {look.reads_of_a_million:,.0f} read units,
which DynamoDB bills with {dollars(_look_dollars(prices, look))}; the function waits a tenth of a second after each MiB.

## The same elsewhere

A million calls of one URL with a small body. *At once* and *in a day* succeed at the first attempt.

{_comparison(bills, prices, lists)}

What is compared is the list price of handing over a call and of having it made: for QStash a message (its pages differ
on whether a retry is one more; here it is), for Cloud Tasks the creation and each attempt, for EventBridge an event to
an API destination, which for a later time its Scheduler sends. Of Sluice it is the whole path: an API with keys, plans
and limits in front, the answer kept for 30 days to be read and listed, and the logs. Cloud Tasks and EventBridge keep
no answers and take calls from your own cloud account alone; Cloud Tasks ends at 30 days, and an API destination waits 5
seconds at most for its answer.

## Prices

{_prices(prices, lists)}

## Not counted

Free tiers, discounts and taxes; data that leaves AWS; storage, backups and logs kept; cold starts; what failures cause.
"""


def _idle(month: list[tuple[str, float]]) -> str:
    together = sum(amount for _, amount in month)
    return table(["What", "dollars"], [[what, dollars(amount)] for what, amount in [*month, ("together", together)]])


def _tasks(bills: Mapping[Whole, Bill], prices: Mapping[str, Price]) -> str:
    rows = []
    for whole in Whole:
        bill = bills[whole]
        shares = [bill.dollars(prices, units) for units in _SHARES.values()]
        rows.append([whole.value, number(sum(bill.calls.values())), *map(dollars, [*shares, sum(shares)])])
    return table(["A million of", "calls each", *_SHARES, "together"], rows)


def _comparison(bills: Mapping[Whole, Bill], prices: Mapping[str, Price], lists: Mapping[str, Any]) -> str:
    elsewhere = lists["elsewhere"]
    rows = [["Sluice", *(dollars(whole_dollars(bills[whole], prices)) for whole in _OURS.values())]]
    rows += [["Sluice, the engine alone", *(dollars(bills[whole].dollars(prices)) for whole in _OURS.values())]]
    for service, ways in _ELSEWHERE.items():
        costs = [sum(count * elsewhere[unit]["per_million"] for unit, count in ways[way].items()) for way in _OURS]
        rows.append([service, *map(dollars, costs)])
    return table(["", *_OURS], rows)


def _prices(prices: Mapping[str, Price], lists: Mapping[str, Any]) -> str:
    rows = [[name, f"{price.per_million:g} a million", price.source, price.as_of] for name, price in prices.items()]
    rows += [
        [name, f"{entry['dollars']:g} a month", entry["source"], entry["as_of"]]
        for name, entry in lists["monthly"].items()
    ]
    rows += [
        [name, f"{entry['per_million']:g} a million", entry["source"], entry["as_of"]]
        for name, entry in lists["elsewhere"].items()
    ]
    return table(["Unit", "dollars", "source", "as of"], rows)
