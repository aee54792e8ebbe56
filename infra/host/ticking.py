"""Schedules that start Lambda handlers: what EventBridge does with the rules of `@app.schedule(Rate(...))`."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from chalice import Rate

from infra.host.functions import Context

log = logging.getLogger("sluice.local")

_SECONDS = {Rate.MINUTES: 60, Rate.HOURS: 3_600, Rate.DAYS: 86_400}


@dataclass(frozen=True, slots=True)
class Ticking:
    """One `@app.schedule`: which handler is started, and how often."""

    function: str
    handler: Callable[[dict[str, Any], Context], Any]
    every_s: float
    time_limit_s: float


def schedules(app: Any, time_limit: Callable[[str], float]) -> list[Ticking]:
    """The schedules that a Chalice app declares. Raises `ValueError` for one that is no rate."""
    found = []
    for declared in app.event_sources:
        if not hasattr(declared, "schedule_expression"):
            continue
        rate = declared.schedule_expression
        if not isinstance(rate, Rate):
            raise ValueError(f"{declared.name}: only rates are known here")
        found.append(
            Ticking(
                function=declared.name,
                handler=app.handler_map[declared.name],
                every_s=rate.value * _SECONDS[rate.unit],
                time_limit_s=time_limit(declared.name),
            )
        )
    return found


class Ticker(Thread):
    """Starts one handler at its rate, for the first time when that has passed once."""

    def __init__(self, ticking: Ticking) -> None:
        super().__init__(name=f"ticker-{ticking.function}", daemon=True)
        self._ticking = ticking
        self._stopping = Event()

    def stop(self) -> None:
        """Start it no more. What it does at this moment does not keep the process alive."""
        self._stopping.set()
        self.join(timeout=0.5)

    def run(self) -> None:
        due = time.monotonic()
        while True:
            due += self._ticking.every_s
            if self._stopping.wait(max(0.0, due - time.monotonic())):
                return
            self._start_function()

    def _start_function(self) -> None:
        ticking = self._ticking
        try:
            ticking.handler(
                scheduled_event(), Context(function_name=ticking.function, time_limit_s=ticking.time_limit_s)
            )
        except Exception:
            # A rule survives its function, which it starts again the next time.
            log.exception("schedule failed", extra={"fields": {"function": ticking.function}})


def scheduled_event() -> dict[str, Any]:
    """What EventBridge tells a function that a rule starts (EventBridge User Guide, "Events")."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "",
        "resources": [],
        "detail": {},
    }
