"""The simulation is worth its time: whichever guard of the engine is taken away, it notices."""

from __future__ import annotations

import pytest
from simulation.campaign import ALL_GUARDS, campaign
from simulation.flow_guards import Carried
from simulation.guards import Losing

#: What each guard has to be noticed within.
LIFETIMES = 3_000


@pytest.mark.parametrize("guard", ALL_GUARDS)
def test_a_missing_guard_is_noticed(guard: str) -> None:
    weakened = campaign(LIFETIMES, seed=1, weakening=ALL_GUARDS[guard])
    print(f"\n{guard}: after {weakened.lifetimes} lifetimes: {' '.join(weakened.violations).splitlines()[:1]}")

    assert weakened.violations, f"without {guard}, {weakened.lifetimes} lifetimes broke no rule"


def test_what_vanishes_without_a_trace_is_found_within_a_day() -> None:
    losing = campaign(LIFETIMES // 6, seed=1, weakening=Losing)
    print(f"\n{losing.report()}")

    assert not losing.violations, losing.report()
    assert losing.faults["vanished"] >= 50
    assert 3_600_000 < losing.slowest_ms < 26 * 3_600_000


def test_an_outcome_that_is_carried_and_loses_nothing_breaks_no_rule() -> None:
    carried = campaign(LIFETIMES // 10, seed=1, weakening=Carried)

    assert not carried.violations, carried.report()
