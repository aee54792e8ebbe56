"""A machine that is killed at random moments while tasks are created, worked on and cancelled.

    PYTHONPATH=.:tests:tests/serve python -m kills --rounds 50 --seed 1

starts and kills it so often over one folder. What must hold: every task that was acknowledged comes to its end, an end
that was seen once is the end for good, no call starts after a cancel was acknowledged, and the database is whole.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests
from serving import Serving
from sinks import Sinks

#: What the callers' servers answer, how often a task that meets it is tried again, and how it ends.
SCRIPTS = {
    "200": (10, "completed"),
    "503; 200": (10, "completed"),
    "slow 0.3; 200": (10, "completed"),
    "500": (0, "failed"),
}
ENDS = {"completed", "failed", "timeout", "cancelled"}
#: Seconds until everything has come to its end after the last start.
PATIENCE_S = 60


@dataclass
class Told:
    """What the machine said while it lived."""

    #: Task -> the script that it meets, and where.
    accepted: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: Task -> how it was seen to have ended.
    ended: dict[str, str] = field(default_factory=dict)
    #: Tasks that somebody wanted to cancel.
    unwanted: set[str] = field(default_factory=set)
    #: Task -> when its cancel was acknowledged, in epoch seconds.
    cancelled: dict[str, float] = field(default_factory=dict)


@dataclass
class Outcome:
    """What came of it."""

    kills: int
    tasks: int
    cancelled: int
    calls: int


class Caller(threading.Thread):
    """Creates tasks, looks after them, cancels some, until nothing answers any more."""

    def __init__(self, here: Serving, key: str, sinks: Sinks, told: Told, seed: int) -> None:
        super().__init__(daemon=True)
        self.failure: AssertionError | None = None
        self._tasks = f"{here.base_url}/v1/tasks"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"
        self._sinks = sinks
        self._told = told
        self._random = random.Random(seed)

    def run(self) -> None:
        with self._session:
            try:
                while True:
                    self._turn()
            except requests.RequestException:
                return  # it was killed
            except AssertionError as failure:
                self.failure = failure

    def _turn(self) -> None:
        script = self._random.choice(list(SCRIPTS))
        hook = self._sinks.open(script)
        delay = {"delayUntil": time.strftime("%FT%TZ", time.gmtime(time.time() + 2))} if self._chance(0.3) else {}
        made = self._session.post(
            self._tasks, json={"callbackUrl": hook, "maxRetries": SCRIPTS[script][0], **delay}, timeout=10
        )
        assert made.status_code == 201, made.text
        task_id = made.json()["task"]["id"]
        self._told.accepted[task_id] = script, hook
        if self._chance(0.2):
            self._told.unwanted.add(task_id)
            if self._session.post(f"{self._tasks}/{task_id}/cancel", timeout=10).status_code == 200:
                self._told.cancelled[task_id] = time.time()
        before = dict(self._told.ended)
        listed = self._session.get(f"{self._tasks}?limit=20", timeout=10).json()["tasks"]
        look(self._told, before, {task["id"]: task["status"] for task in listed})

    def _chance(self, share: float) -> bool:
        return self._random.random() < share


def look(told: Told, before: dict[str, str], statuses: dict[str, str]) -> None:
    """Note ends; one that was known before the machine was asked must be the same."""
    for task_id, status in statuses.items():
        assert before.get(task_id, status) == status, (task_id, before[task_id], status)
        if status in ENDS:
            told.ended[task_id] = status


def campaign(folder: Path, rounds: int, seed: int, callers: int = 4) -> Outcome:
    """Kill it so often, then let it come to rest. AssertionError: something that must hold did not."""
    draw, told = random.Random(seed), Told()
    with Sinks() as sinks:
        with Serving(folder) as first:
            key = first.team_key()
        for number in range(rounds):
            with Serving(folder) as here:
                crowd = [Caller(here, key, sinks, told, seed + number * callers + each) for each in range(callers)]
                for caller in crowd:
                    caller.start()
                time.sleep(draw.uniform(0.05, 1.0))
                here.kill()
                for caller in crowd:
                    caller.join()
                    if caller.failure is not None:
                        raise caller.failure
        with Serving(folder) as last:
            rest(last, key, told)
            assert last.operator("GET", "/dead-letters")["deadLetters"] == []
            assert last.stop() == (0, "")
        calls = {task: [got.at for got in sinks.received(hook)] for task, (_, hook) in told.accepted.items()}
    for task, (script, _) in told.accepted.items():
        _, end = SCRIPTS[script]
        assert told.ended[task] in {end, "cancelled" if task in told.unwanted else end}, (script, told.ended[task])
        # The only attempt of a task that is not tried again may have been cut off before its call.
        assert calls[task] or told.ended[task] != "completed", f"{task} was never called"
    for task, at in told.cancelled.items():
        assert told.ended[task] == "cancelled"
        assert all(call <= at for call in calls[task]), f"{task} was called after its cancel"
    with sqlite3.connect(folder / "sluice.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT COUNT(*) FROM tasks WHERE status = 'running'").fetchall() == [(0,)]
    database.close()
    return Outcome(rounds, len(told.accepted), len(told.cancelled), sum(map(len, calls.values())))


def rest(here: Serving, key: str, told: Told) -> None:
    """Wait until every task that was acknowledged is at its end."""
    end = time.monotonic() + PATIENCE_S
    while left := [task_id for task_id in told.accepted if task_id not in told.ended]:
        assert time.monotonic() < end, f"{len(left)} of {len(told.accepted)} do not end, {left[0]} is one"
        look(told, {}, {left[0]: here.settled(left[0], key, PATIENCE_S)["status"]})
    for task_id, ended in told.ended.items():
        assert here.ask("GET", f"/v1/tasks/{task_id}", key)["task"]["status"] == ended


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Kill a serving machine at random moments.")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        began = time.monotonic()
        came = campaign(Path(temporary) / "data", asked.rounds, asked.seed)
    print(
        f"{came.kills} kills in {time.monotonic() - began:.0f} s: {came.tasks} tasks were acknowledged, of which "
        f"{came.cancelled} cancelled; all came to their end with {came.calls} calls, and no end changed."
    )
