"""Two thousand tasks live through everything that goes wrong, and none is lost."""

from __future__ import annotations

import pytest
from simulation.campaign import POINTS, Totals, campaign

LIFETIMES = 2_000
#: How often each kind of fault must have struck for the runs to mean something.
OFTEN_ENOUGH = {
    "stop before": 150,
    "stop after": 150,
    "lost answer": 400,
    "refused": 300,
    "throttled": 1_000,
    "frozen": 50,
    "duplicate": 1_000,
    "lost delete": 200,
    "schedule fired twice": 10,
    "schedule undelivered": 5,
}
#: After healing: visibility (900 s), a lease (135 s), the longest chain of back-offs (1,023 s) and the calls between.
SETTLED_WITHIN_MS = 3_600_000
#: Delays are rounded to the nearest second, twice, and some calls are slow.
ENDED_WITHIN_MS = 3_000


@pytest.fixture(scope="module")
def totals() -> Totals:
    made = campaign(LIFETIMES, seed=1)
    print(f"\n{made.report()}")
    return made


def test_no_rule_is_broken(totals: Totals) -> None:
    assert not totals.violations, totals.report()
    assert totals.lifetimes == LIFETIMES


@pytest.mark.parametrize("kind", OFTEN_ENOUGH)
def test_each_kind_of_fault_strikes_often(totals: Totals, kind: str) -> None:
    assert totals.faults[kind] >= OFTEN_ENOUGH[kind]


def test_faults_strike_before_and_after_nearly_every_call(totals: Totals) -> None:
    assert totals.points <= POINTS
    assert len(totals.points) >= 0.9 * len(POINTS), sorted(POINTS - totals.points)


def test_tasks_end_in_every_way(totals: Totals) -> None:
    ends = ("completed", "failed", "timeout", "cancelled", "message completed", "message failed")

    assert all(totals.ends[end] >= LIFETIMES // 50 for end in ends)


def test_groups_mostly_keep_their_limit_and_often_meet_it(totals: Totals) -> None:
    assert 250 <= totals.refusals <= totals.visits // 3


def test_everything_settles_soon_after_it_healed(totals: Totals) -> None:
    assert 0 < totals.slowest_ms < SETTLED_WITHIN_MS


def test_messages_end_when_they_are_meant_to_where_nothing_goes_wrong(totals: Totals) -> None:
    assert 0 < totals.latest_ms < ENDED_WITHIN_MS
