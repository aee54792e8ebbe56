"""The simulation is worth its time: whichever guard of the engine is taken away, it notices."""

from __future__ import annotations

import pytest
from simulation.campaign import campaign
from simulation.guards import GUARDS, MORE_GUARDS

#: What each guard has to be noticed within.
LIFETIMES = 3_000


@pytest.mark.parametrize("guard", [*GUARDS, *MORE_GUARDS])
def test_a_missing_guard_is_noticed(guard: str) -> None:
    weakened = campaign(LIFETIMES, seed=1, weakening={**GUARDS, **MORE_GUARDS}[guard])
    print(f"\n{guard}: after {weakened.lifetimes} lifetimes: {' '.join(weakened.violations).splitlines()[:1]}")

    assert weakened.violations, f"without {guard}, {weakened.lifetimes} lifetimes broke no rule"
