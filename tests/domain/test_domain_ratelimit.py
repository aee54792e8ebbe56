"""The sliding window: exact, and small enough to be written at every request."""

from __future__ import annotations

from itertools import accumulate

import pytest
from domain_tasks import NOW, modest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.ratelimit import Rate, admit, pack, unpack

steps = st.lists(st.integers(0, 400), max_size=60)
rates = st.builds(Rate, st.integers(1, 6), st.integers(1, 1_000))


def admitted(instants: list[int], rate: Rate) -> tuple[list[int], list[int]]:
    """Which requests at these instants are admitted, and which are refused."""
    log: tuple[int, ...] = ()
    passed: list[int] = []
    refused: list[int] = []
    for instant in instants:
        answer = admit(log, rate, instant)
        log = answer.log
        (passed if answer.admitted else refused).append(instant)
    return passed, refused


@modest
@given(steps, rates)
def test_no_window_ever_holds_more_than_the_limit(gaps: list[int], rate: Rate) -> None:
    passed, _ = admitted(list(accumulate(gaps, initial=NOW)), rate)

    for end in passed:
        assert sum(end - rate.window_ms < instant <= end for instant in passed) <= rate.limit


@modest
@given(steps, rates)
def test_nobody_is_refused_while_there_is_room(gaps: list[int], rate: Rate) -> None:
    passed, refused = admitted(list(accumulate(gaps, initial=NOW)), rate)

    for moment in refused:
        before = [instant for instant in passed if moment - rate.window_ms < instant <= moment]
        assert len(before) >= rate.limit


@modest
@given(st.lists(st.integers(NOW - 2_000, NOW + 2_000), max_size=60), rates)
def test_clocks_that_differ_leave_the_log_sorted_and_within_the_limit(instants: list[int], rate: Rate) -> None:
    log: tuple[int, ...] = ()
    for instant in instants:
        log = admit(log, rate, instant).log
        assert list(log) == sorted(log)
        assert len(log) <= rate.limit


@modest
@given(steps, rates)
def test_after_the_reset_there_is_a_place(gaps: list[int], rate: Rate) -> None:
    instants = list(accumulate(gaps, initial=NOW))
    log: tuple[int, ...] = ()
    for instant in instants:
        answer = admit(log, rate, instant)
        log = answer.log

    assert answer.remaining == rate.limit - len(log)
    assert admit(log, rate, instants[-1] + answer.reset_ms).admitted
    if not answer.admitted:
        assert not admit(log, rate, instants[-1] + answer.reset_ms - 1).admitted


def test_the_eleventh_of_ten_waits_until_the_first_is_a_window_old() -> None:
    log = tuple(NOW + second * 1_000 for second in range(10))
    late = NOW + 20_000

    refusal = admit(log, Rate(10), late)

    assert (refusal.admitted, refusal.remaining, refusal.reset_ms) == (False, 0, 40_000)
    assert refusal.log == log


@modest
@given(st.lists(st.integers(0, 2**48), max_size=100).map(sorted))
@example([])
@example([0])
@example([NOW, NOW, NOW + 127, NOW + 255, NOW + 255 + 2**21])
def test_a_log_survives_being_packed(log: list[int]) -> None:
    assert unpack(pack(tuple(log))) == tuple(log)


@pytest.mark.parametrize(
    ("gaps", "most"),
    [
        ([100] * 599, 1_024),
        ([1] * 599, 1_024),
        # The worst: as many steps as fit into a minute that just need a second byte.
        ([128] * 468 + [0] * 131, 1_100),
    ],
    ids=["evenly", "at once", "the worst minute"],
)
def test_six_hundred_requests_of_a_minute_stay_small(gaps: list[int], most: int) -> None:
    log = tuple(accumulate(gaps, initial=NOW))

    assert len(log) == 600
    assert log[-1] - log[0] < 60_000
    assert len(pack(log)) <= most
