"""Request faults: rates, kinds, wishes, and what a profile allows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import sqrt

import pytest
from domain_tasks import NOW
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.simulator.faults import Fault, Rule, fault, latency_ms
from chalicelib.domain.simulator.outages import outage_at, upcoming
from chalicelib.domain.simulator.profiles import BUILT_IN, Profile, named, realistic

SEED = "42"
DAY_MS = 86_400_000
REQUESTS = 10_000


def met(profile: Profile, *, submits: bool = True, seed: str = SEED) -> Counter[Rule | None]:
    """What 10,000 requests of one group meet that are spread evenly over a day."""
    faults = (
        fault(profile, seed, "group", number, now=NOW + number * DAY_MS // REQUESTS, submits=submits)
        for number in range(1, REQUESTS + 1)
    )
    return Counter(None if each is None else each.rule for each in faults)


def within(count: int, rate: float, *, of: int = REQUESTS) -> bool:
    """Whether a count is within four standard deviations of the binomial distribution."""
    return abs(count - of * rate) <= 4 * sqrt(of * rate * (1 - rate)) + 1


@pytest.mark.parametrize("seed", ["42", "43", "another seed"])
@pytest.mark.parametrize("rate", [0.03, 0.2, 0.5])
def test_all_faults_together_come_at_the_rate_that_is_set(rate: float, seed: str) -> None:
    kinds = met(realistic(fault_rate=rate), seed=seed)

    assert within(REQUESTS - kinds[None], rate)


def test_faults_are_500_503_and_504_in_equal_parts_beside_outages() -> None:
    profile = realistic(fault_rate=0.3)
    kinds = met(profile)
    each = profile.error_rate * 0.9

    assert within(kinds[Rule.ERROR], each)
    assert within(kinds[Rule.UNAVAILABLE], each)
    assert within(kinds[Rule.TIMEOUT] + kinds[Rule.LOST_RESPONSE], each)
    assert within(kinds[Rule.OUTAGE], 0.1)


def test_half_of_the_timeouts_come_after_the_message_was_accepted() -> None:
    kinds = met(realistic(fault_rate=0.9))
    timeouts = kinds[Rule.TIMEOUT] + kinds[Rule.LOST_RESPONSE]

    assert within(kinds[Rule.LOST_RESPONSE], 0.5, of=timeouts)


def test_a_request_that_brings_no_message_cannot_lose_the_response_to_one() -> None:
    kinds = met(realistic(fault_rate=0.9), submits=False)

    assert kinds[Rule.LOST_RESPONSE] == 0
    assert within(kinds[Rule.TIMEOUT], 0.2)


def test_a_rate_of_nothing_is_none_and_a_rate_of_one_is_all() -> None:
    assert met(realistic(fault_rate=0)) == {None: REQUESTS}
    assert met(realistic(fault_rate=1))[None] == 0


def test_the_same_request_of_the_same_group_meets_the_same_fault() -> None:
    profile = realistic(fault_rate=0.5)
    first, again = (
        [fault(profile, SEED, "group", number, now=NOW, submits=True) for number in numbers]
        for numbers in (range(1, 200), range(1, 200))
    )
    others = [fault(profile, SEED, "others", number, now=NOW, submits=True) for number in range(1, 200)]

    assert first == again
    assert first != others


@pytest.mark.parametrize(
    ("code", "rules"),
    [(500, {Rule.ERROR}), (503, {Rule.UNAVAILABLE}), (504, {Rule.TIMEOUT, Rule.LOST_RESPONSE})],
)
def test_a_fault_can_be_asked_for(code: int, rules: set[Rule]) -> None:
    wished = [
        fault(realistic(fault_rate=0), SEED, "group", number, now=NOW, submits=True, forced=code)
        for number in range(1, 30)
    ]

    assert {each.rule for each in wished if each} == rules
    assert all(each is not None and each.status == code and each.forced for each in wished)


def test_a_wish_counts_only_where_the_profile_allows_it() -> None:
    exam = named("exam", realistic(fault_rate=0), {"error_rate": 0.0, "unavailable_rate": 0.0, "timeout_rate": 0.0})

    assert fault(exam, SEED, "group", 1, now=NOW, submits=True, forced=503) is None


@pytest.mark.parametrize("code", [200, 404, 429, 502, 999])
def test_nothing_else_can_be_asked_for(code: int) -> None:
    assert fault(realistic(fault_rate=0), SEED, "group", 1, now=NOW, submits=True, forced=code) is None


def test_only_503_says_when_to_come_again() -> None:
    profile = realistic(fault_rate=0)
    waits = {
        code: each.retry_after_s
        for code in (500, 503, 504)
        if (each := fault(profile, SEED, "group", 1, now=NOW, submits=True, forced=code))
    }

    assert waits == {500: None, 503: profile.retry_after_s, 504: None}


def test_during_an_outage_everybody_is_refused_until_it_is_over() -> None:
    drill = named("outage-drill", realistic())
    outage = upcoming(drill, SEED, NOW, most=1, within_ms=DAY_MS)[0]

    def at(now: int) -> Fault | None:
        return fault(drill, SEED, "any group", 1, now=now, submits=True)

    assert at(outage.starts_at - 1) is None
    assert at(outage.starts_at) == Fault(Rule.OUTAGE, 45, outage.ends_at)
    assert at(outage.ends_at - 1) == Fault(Rule.OUTAGE, 1, outage.ends_at)
    assert at(outage.ends_at) is None


def test_outages_are_announced_as_they_happen() -> None:
    drill = named("outage-drill", realistic())
    ahead = upcoming(drill, SEED, NOW, most=100, within_ms=6 * 3_600_000)

    assert len(ahead) in (71, 72, 73)
    assert all(outage.ends_at - outage.starts_at == 45_000 for outage in ahead)
    assert all(outage_at(drill, SEED, outage.starts_at) == outage for outage in ahead)
    assert {outage.starts_at % 300_000 for outage in ahead} != {0}


def test_an_outage_under_way_is_the_first_one_announced() -> None:
    drill = named("outage-drill", realistic())
    first = upcoming(drill, SEED, NOW, most=1, within_ms=DAY_MS)[0]

    assert upcoming(drill, SEED, first.starts_at + 1, most=1, within_ms=0) == [first]
    assert upcoming(named("calm", realistic()), SEED, NOW, most=5, within_ms=DAY_MS) == []


@given(st.integers(0, 3_000), st.integers(0, 3_000), st.integers(1, 10_000))
def test_latency_stays_between_its_bounds(low: int, more: int, number: int) -> None:
    profile = replace(realistic(), latency_min_ms=low, latency_max_ms=low + more)

    assert low <= latency_ms(profile, SEED, "group", number) <= low + more


def test_latency_is_spread_over_its_whole_range() -> None:
    drawn = [latency_ms(realistic(latency_max_ms=9), SEED, "group", number) for number in range(1, 1_000)]

    assert set(drawn) == set(range(10))


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_profile_makes_sense(name: str) -> None:
    for base in (realistic(), realistic(fault_rate=1), realistic(fault_rate=0, latency_max_ms=0)):
        profile = named(name, base)
        assert profile.name == name
        assert 0 <= profile.error_rate + profile.unavailable_rate + profile.timeout_rate <= 1 + 1e-9
        assert 0 <= profile.processing_min_s <= profile.processing_max_s <= 900
        assert profile.outage_s <= profile.outage_every_s or profile.outage_every_s == 0


def test_in_calm_nothing_goes_wrong() -> None:
    assert met(named("calm", realistic(fault_rate=1))) == {None: REQUESTS}


def test_lost_responses_are_all_lost_after_acceptance() -> None:
    kinds = met(named("lost-responses", realistic()))

    assert set(kinds) == {None, Rule.LOST_RESPONSE}
    assert within(kinds[Rule.LOST_RESPONSE], 0.3)


def test_slow_is_slow() -> None:
    slow = named("slow", realistic())

    assert min(latency_ms(slow, SEED, "group", number) for number in range(1, 500)) >= 1_000
