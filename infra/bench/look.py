"""The daily look over all tasks, walked over rows that the app itself has made, and billed."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib import workers
from infra.bench.bill import Bill, Unit
from infra.bench.crowd import multiply
from infra.bench.deployment import NAMES, Deployment
from infra.bench.paths import ORDER
from infra.bench.tables import stored

#: Rows that are looked through: more than one MiB of them.
_ROWS = 2_000
_TIME_MS = 900_000


@dataclass(frozen=True, slots=True)
class LookBill:
    """What a look over so many rows used, and what a run uses that finds the day's look made."""

    rows: int
    look: Bill
    idle: Bill

    @property
    def reads_of_a_million(self) -> float:
        """Read units for a million rows."""
        return self.look.units(Unit.READ) / self.rows * 1e6


def measure_look() -> LookBill:
    """Look through everyday tasks that are finished, in a deployment of its own."""
    with Deployment() as here:
        _, key = here.team()
        task = here.request("POST", "/v1/tasks", key, ORDER).json["task"]["id"]
        here.deliver("attempt")
        multiply([task], _ROWS - 1)
        rows = sum(item.attrs["sk"].value == "task" for item in stored(NAMES.tasks_table))
        return LookBill(rows, _run(here), _run(here))


def _run(here: Deployment) -> Bill:
    here.meter.take()
    here.start("backstop", lambda: workers.backstop(_TIME_MS))
    return here.meter.take()
