"""The page `docs/cost-per-task.md`, written from a measurement and the price list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path as File

from infra.bench import flow_document
from infra.bench.bill import Bill, Price, Unit
from infra.bench.deployment import HANDLER_MS
from infra.bench.flow import FlowMeasurement
from infra.bench.markdown import calls, dollars, each, number, table, whole, writes
from infra.bench.paths import FEW, MANY, Listing, Measurement, Path, Row
from infra.bench.scripted import ANSWER_MS

PAGE = File(__file__).parents[2] / "docs" / "cost-per-task.md"
COMMAND = "python -m infra.bench --write"

_ADMITTED = (Path.REQUEST, Path.LIMITER)
#: Whole tasks, and the paths that each goes.
_TASKS: Mapping[str, Sequence[Path]] = {
    "runs at once": (*_ADMITTED, Path.CREATE, Path.ATTEMPT),
    "runs at once, in a batch of ten": (*_ADMITTED, Path.CREATE, Path.ATTEMPT_IN_TEN),
    "runs at once and is read once": (*_ADMITTED, Path.CREATE, Path.ATTEMPT, *_ADMITTED, Path.GET),
    "has a completion webhook": (*_ADMITTED, Path.CREATE, Path.ATTEMPT_ANNOUNCED, Path.WEBHOOK),
    "needs one retry": (*_ADMITTED, Path.CREATE, Path.RETRY, Path.ATTEMPT_AFTER_RETRY),
    "has a payload of 10 KB": (*_ADMITTED, Path.CREATE_LARGE, Path.ATTEMPT_LARGE),
    "is answered with 10 KB": (*_ADMITTED, Path.CREATE, Path.ATTEMPT_LARGE_ANSWER),
    "is due in 10 minutes": (*_ADMITTED, Path.CREATE_DELAYED, Path.ATTEMPT_DELAYED),
    "is due in a day": (*_ADMITTED, Path.CREATE_SCHEDULED, Path.ATTEMPT_SCHEDULED),
}


def render(measured: Measurement, flow: FlowMeasurement, prices: Mapping[str, Price]) -> str:
    """The page as Markdown."""
    paths = measured.paths
    itself = paths[Path.CREATE] + paths[Path.ATTEMPT]
    return f"""# What a task costs

<!-- Written by `{COMMAND}` (`make bench` compares). Do not edit. -->

Counted at the edge of AWS: the deployed handlers and clients run over moto in one process, every call of theirs is
counted, and its units are worked out from the real sizes of the items by DynamoDB's own rules. Dollars are list
prices for a million of each, in us-east-1.

## Whole tasks

From the request to the end, with the key's look-up and the plan's rate limit. *Engine* is DynamoDB, SQS, Scheduler
and KMS. The functions are assumed to take {HANDLER_MS} ms and to wait {ANSWER_MS} ms for a callback, on arm64 with the
memory of `.chalice/config.json`; the attempts of one batch wait side by side. An attempt is alone in its batch unless
it says otherwise.

{whole("A task that", _TASKS, paths, prices)}

Create and attempt themselves, without key and limit: {number(sum(itself.calls.values()))} calls, \
{number(writes(itself))} write units, {dollars(itself.dollars(prices))}.
Of these write units {number(itself.units(Unit.INDEX_WRITE))} keep the index by which tasks are listed.

## Each path

What a path of the API uses comes on top of the first lines, which every request pays. Calls marked *(mapping)* are
those of Lambda's event source mapping, *(schedule)* those of EventBridge Scheduler; both are billed like our own.

{each({path: paths[path] for path in Path}, prices)}

## Listing

A page of 50 tasks of a team with so many; of ten tasks eight are completed, one has failed and one waits. Each page
tells how many tasks there are in all, so the index entries that are not on it are read to be counted, 1 MB with each
call.

{_listings(measured.listings, prices)}

## Rows

An update bills the whole row, so its size counts for more than the number of calls: one write unit for each 1,024
bytes.

{_rows(measured)}

{flow_document.render(flow, prices)}

## Prices

{_prices(prices)}

## Not counted

- Free tiers, discounts, taxes, and anything that is cheaper in bulk.
- CloudWatch (logs, metrics, alarms), data transfer, storage, backups, and the start of a cold function.
- Deletion by expiry: DynamoDB does not charge for it.
- What an idle deployment costs; [the whole cost](cost.md) tells.
- Empty answers between tasks, from the pollers of the mappings.
- The surcharge of fair queues is counted once for each message sent, not for its receipt and deletion.
- Retries inside the SDK, contention, and what failures cause.
"""


def _listings(listings: Mapping[tuple[Listing, int], Bill], prices: Mapping[str, Price]) -> str:
    counts = (FEW, MANY)
    head = ["Page"]
    for count in counts:
        head += [f"calls, {count:,} tasks", "read units", "engine"]
    rows = []
    for listing in Listing:
        row = [listing.value]
        for count in counts:
            bill = listings.get((listing, count))
            row += (
                ["", "", ""]
                if bill is None
                else [calls(bill), number(bill.units(Unit.READ)), dollars(bill.dollars(prices))]
            )
        rows.append(row)
    return table(head, rows)


def _rows(measured: Measurement) -> str:
    return table(["Row of an everyday task", "bytes"], [[row.value, f"{measured.rows[row]:,}"] for row in Row])


def _prices(prices: Mapping[str, Price]) -> str:
    return table(
        ["A million of", "dollars", "source", "as of"],
        [[name, f"{price.per_million:g}", price.source, price.as_of] for name, price in prices.items()],
    )
