"""Tasks that are under way while a deployment is changed under them, counted one by one at the end."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from infra.rehearsal.receiver import Receiver
from infra.rehearsal.smoke import Site, UnexpectedError, bearer, in_seconds

#: Seconds until a task is due. Up to the stage's horizon (75) its message is delayed, beyond it a schedule sends it.
_DELAYS_S = (*range(2, 62, 2), *(80, 82, 84, 86, 88, 90))
_PATH = "/flight"
#: Seconds from the last due time, or from when they are counted, until every task must have ended.
_GRACE_S = 60
_THREADS = 2


@dataclass(frozen=True, slots=True)
class Flight:
    """Accepted tasks, by their ids, and when the last of them is due (monotonic seconds)."""

    ids: tuple[str, ...]
    last_due: float

    def progress(self, receiver: Receiver) -> str:
        """How many have been called so far."""
        return f"{len(receiver.calls(_PATH))} of {len(self.ids)} called"


def take_off(site: Site, key: str, receiver: Receiver) -> Flight:
    """Create the tasks."""

    def create(delay_s: int) -> str:
        body = {"callbackUrl": receiver.url + _PATH, "delayUntil": in_seconds(delay_s)}
        task_id: str = site.ask("POST", "/v1/tasks", 201, bearer(key), body)["task"]["id"]
        return task_id

    with ThreadPoolExecutor(_THREADS) as pool:
        ids = tuple(pool.map(create, _DELAYS_S))
    return Flight(ids, time.monotonic() + max(_DELAYS_S))


def land(flight: Flight, site: Site, key: str, receiver: Receiver) -> str:
    """Wait for every task, and count: each has ended well, after one call and one attempt. What was counted."""

    def state(task_id: str) -> Any:
        return site.ask("GET", f"/v1/tasks/{task_id}", 200, bearer(key))["task"]

    left = set(flight.ids)
    ended: dict[str, Any] = {}
    end = max(flight.last_due, time.monotonic()) + _GRACE_S
    while left and time.monotonic() < end:
        with ThreadPoolExecutor(_THREADS) as pool:
            ended |= {task["id"]: task for task in pool.map(state, left) if "completedAt" in task}
        left -= set(ended)
        if left:
            time.sleep(1)
    statuses = Counter(task["status"] for task in ended.values())
    calls = receiver.calls(_PATH)
    expected = Counter(dict.fromkeys(flight.ids, 1))
    told = f"{len(flight.ids)} accepted; {dict(statuses)}; {calls.total()} calls for {len(calls)} tasks"
    if left or statuses != {"completed": len(flight.ids)} or calls != expected:
        raise UnexpectedError(f"{told}; {len(left)} have not ended")
    return told
