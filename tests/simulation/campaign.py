"""Many runs in a row, and what they came to.

    PYTHONPATH=.:tests python -m simulation.campaign --lifetimes 100000 --seed 1

runs one seed after the other, 50 tasks each, until so many tasks have lived or a rule was broken. `--trace` prints
every step of a run, `--guards` takes the engine's guards away one at a time and says how soon that was noticed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from simulation.deployment import TASKS, Result, run
from simulation.flow_guards import FLOW_GUARDS
from simulation.guards import GUARDS, MORE_GUARDS, Weakening

#: Every call that the engine makes, and what may happen to it. The door never answers `UnavailableError`.
CALLS = {
    "tasks": ("create", "claim", "commit", "cancel", "announced", "get", "payload", "page", "count"),
    "identity": ("key", "team", "use_key"),
    "windows": ("swap",),
    "ledgers": ("get", "swap"),
    "tasks queue": ("send", "hold"),
    "webhooks queue": ("send", "hold"),
    "dead letters": ("hold",),
    "letters": ("keep",),
    "schedules": ("create", "delete"),
}
POINTS = frozenset(
    [
        (f"{port}.{call}", fault)
        for port, calls in CALLS.items()
        for call in calls
        for fault in ("stop before", "stop after", "refused", "lost answer")
    ]
    + [("door.send", "stop before"), ("door.send", "stop after")]
)

ALL_GUARDS = {**GUARDS, **MORE_GUARDS, **FLOW_GUARDS}


@dataclass(slots=True)
class Totals:
    """What the runs so far came to."""

    lifetimes: int = 0
    seconds: float = 0
    calls: int = 0
    slowest_ms: int = 0
    virtual_ms: int = 0
    latest_ms: int = 0
    visits: int = 0
    refusals: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    points: set[tuple[str, str]] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)

    def add(self, result: Result) -> None:
        self.lifetimes += result.lifetimes
        self.calls += result.calls
        self.slowest_ms = max(self.slowest_ms, result.slowest_ms)
        self.virtual_ms += result.virtual_ms
        self.latest_ms = max(self.latest_ms, result.latest_ms)
        self.visits += result.visits
        self.refusals += result.refusals
        self.faults += result.faults
        self.ends += result.ends
        self.points |= result.points
        self.violations += [
            f"seed {result.seed} ({result.weather}): {violation}\n  replay: {replay(result.seed, result.lifetimes)}"
            for violation in result.violations
        ]

    def report(self) -> str:
        lost = sum("lost" in violation or "never settled" in violation for violation in self.violations)
        return "\n".join(
            [
                f"{self.lifetimes} lifetimes in {self.seconds:.1f} s ({self.lifetimes / (self.seconds or 1):.0f}/s), "
                f"{self.virtual_ms / 86_400_000:.0f} virtual days, {self.calls} callbacks",
                "ends: " + _counted(self.ends),
                f"requests of groups: {self.visits}, refused by their limit: {self.refusals}",
                "faults: " + _counted(self.faults),
                f"points where a fault struck: {len(self.points & POINTS)} of {len(POINTS)}",
                f"slowest to settle once all had healed: {self.slowest_ms / 1000:.0f} s",
                f"latest end of a message where nothing went wrong: {self.latest_ms / 1000:.1f} s after its time",
                f"lost: {lost}, violations: {len(self.violations)}",
                *self.violations,
            ]
        )


def campaign(lifetimes: int, seed: int, *, weakening: type[Weakening] = Weakening, tasks: int = TASKS) -> Totals:
    """Runs from this seed on, until so many tasks have lived or a rule was broken."""
    totals, began = Totals(), time.perf_counter()
    while totals.lifetimes < lifetimes and not totals.violations:
        totals.add(run(seed, tasks=tasks, weakening=weakening))
        seed += 1
    totals.seconds = time.perf_counter() - began
    return totals


def replay(seed: int, lifetimes: int) -> str:
    """The command that shows a run again, step by step."""
    return f"PYTHONPATH=.:tests .venv/bin/python -m simulation.campaign --seed {seed} --lifetimes {lifetimes} --trace"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="simulation.campaign", description="Simulate task lifetimes under faults.")
    parser.add_argument("--lifetimes", type=int, default=100_000, help="how many tasks are to live (100000)")
    parser.add_argument("--seed", type=int, default=1, help="the first run's seed (1)")
    parser.add_argument("--trace", action="store_true", help="print every step of the first run alone")
    parser.add_argument("--guards", action="store_true", help="take the guards away, one at a time")
    chosen = parser.parse_args(arguments)
    if chosen.trace:
        return _trace(chosen.seed, min(chosen.lifetimes, TASKS))
    if chosen.guards:
        return _guards(chosen.lifetimes, chosen.seed)
    totals = campaign(chosen.lifetimes, chosen.seed)
    print(totals.report())
    return bool(totals.violations)


def _trace(seed: int, tasks: int) -> int:
    result = run(seed, tasks=tasks, keep_trace=True)
    print("\n".join(result.trace))
    print(f"digest {result.digest}")
    return bool(result.violations)


def _guards(lifetimes: int, seed: int) -> int:
    survived = 0
    for name, weakening in ALL_GUARDS.items():
        totals = campaign(lifetimes, seed, weakening=weakening)
        survived += not totals.violations
        seen = totals.violations[0].splitlines()[0] if totals.violations else "SURVIVED"
        print(f"{name:32} {totals.lifetimes:6} lifetimes {totals.seconds:6.1f} s  {seen}", flush=True)
    print(f"{survived} survived")
    return bool(survived)


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
