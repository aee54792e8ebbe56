"""The fate of messages: how long they take, how many fail, and destinations that decide."""

from __future__ import annotations

from math import sqrt

import pytest
from domain_tasks import NOW

from chalicelib.domain import ids
from chalicelib.domain.simulator.draws import sixteen_bytes
from chalicelib.domain.simulator.fate import DESTINATIONS, Fate, fate, next_pick_up
from chalicelib.domain.simulator.profiles import named, realistic

SEED = "42"
MESSAGES = 10_000


def fates(**settings: float) -> list[Fate]:
    """What becomes of 10,000 messages to nowhere in particular."""
    profile = realistic(**settings)  # type: ignore[arg-type]
    tracking_ids = (ids.tracking_id(sixteen_bytes(SEED, "group", "message", number)) for number in range(MESSAGES))
    return [fate(profile, SEED, tracking_id, "warehouse") for tracking_id in tracking_ids]


def test_processing_takes_2_to_30_seconds_evenly_spread() -> None:
    seconds = [each.duration_ms / 1000 for each in fates()]

    assert min(seconds) >= 2
    assert max(seconds) <= 30
    # The mean of a uniform distribution lies within four standard errors of its middle.
    assert abs(sum(seconds) / MESSAGES - 16) <= 4 * (28 / sqrt(12)) / sqrt(MESSAGES)
    quarters = [sum(2 + 7 * part <= each < 9 + 7 * part for each in seconds) for part in range(4)]
    assert all(abs(count - MESSAGES / 4) <= 4 * sqrt(MESSAGES * 0.25 * 0.75) for count in quarters)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 1.0])
def test_failures_come_at_the_rate_that_is_set(rate: float) -> None:
    failed = sum(each.failure is not None for each in fates(failure_rate=rate))

    assert abs(failed - MESSAGES * rate) <= 4 * sqrt(MESSAGES * rate * (1 - rate))


def test_failures_say_different_things_and_each_is_a_sentence() -> None:
    sentences = {each.failure for each in fates(failure_rate=1.0) if each.failure}

    assert len(sentences) == 4
    assert all(sentence[0].isupper() and " " in sentence for sentence in sentences)


def test_a_fate_belongs_to_its_message() -> None:
    assert fates() == fates()
    assert fate(realistic(), "43", "ASF-1", "x") != fate(realistic(), "42", "ASF-1", "x")


@pytest.mark.parametrize(
    ("destination", "duration_ms", "fails"),
    [
        ("always-complete", None, False),
        ("always-fail", None, True),
        ("slow-1", 1_000, False),
        ("slow-30", 30_000, False),
        ("slow-900", 900_000, False),
        ("stuck", 900_000, True),
    ],
)
@pytest.mark.parametrize("failure_rate", [0.0, 1.0])
def test_some_destinations_decide(destination: str, duration_ms: int | None, fails: bool, failure_rate: float) -> None:
    decided = fate(realistic(failure_rate=failure_rate), SEED, "ASF-1", destination)

    assert (decided.failure is not None) is fails
    if duration_ms is None:
        assert 2_000 <= decided.duration_ms <= 30_000
    else:
        assert decided.duration_ms == duration_ms


def test_fail_then_complete_goes_by_turns() -> None:
    turns = [fate(realistic(), SEED, "ASF-1", "fail-then-complete", turn=turn).failure is None for turn in range(4)]

    assert turns == [False, True, False, True]


@pytest.mark.parametrize(
    "destination", ["slow-0", "slow-901", "slow-1000", "slow-03", "slow-x", "Always-Fail", "", "slow-٣"]
)
def test_what_only_looks_like_one_of_them_is_an_ordinary_destination(destination: str) -> None:
    ordinary = fate(realistic(), SEED, "ASF-1", "warehouse")

    assert fate(realistic(), SEED, "ASF-1", destination) == ordinary


@pytest.mark.parametrize("destination", ["always-fail", "slow-1", "stuck", "fail-then-complete"])
def test_in_an_exam_no_destination_decides(destination: str) -> None:
    exam = named("exam", realistic(failure_rate=0.0), {"failure_rate": 0.0})

    assert fate(exam, SEED, "ASF-1", destination) == fate(exam, SEED, "ASF-1", "warehouse")


def test_the_table_of_destinations_names_those_that_decide() -> None:
    assert set(DESTINATIONS) == {"always-complete", "always-fail", "slow-N", "stuck", "fail-then-complete"}


@pytest.mark.parametrize(("after_ms", "waits_ms"), [(0, 5_000), (1, 4_999), (4_999, 1), (5_000, 5_000), (7_300, 2_700)])
def test_the_next_pick_up_is_the_next_multiple_of_five_seconds(after_ms: int, waits_ms: int) -> None:
    now = NOW + after_ms

    assert next_pick_up(now, 5_000) - now == waits_ms
