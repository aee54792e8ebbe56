"""What is decided about one request of a group, and what the ledger remembers of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from domain_tasks import NOW, modest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator.faults import Rule
from chalicelib.domain.simulator.ledger import (
    DIGEST_BYTES,
    REMEMBERED_MS,
    Kind,
    Ledger,
    Pause,
    Refusals,
    Ruling,
    Terms,
    Visit,
    judge,
    with_refusals,
)
from chalicelib.domain.simulator.profiles import Profile, named, realistic

KIND = realistic(fault_rate=0, latency_max_ms=0)
LOSING = named("lost-responses", KIND, {"timeout_rate": 1.0})


def terms(profile: Profile = KIND, *, limit: int = 10, counts_reads: bool = True) -> Terms:
    return Terms(Rate(limit), counts_reads, profile, "42")


def digest(text: str) -> bytes:
    return text.encode().ljust(DIGEST_BYTES, b".")[:DIGEST_BYTES]


def submit(message: str = "hello", key: str = "", **changes: Any) -> Visit:
    return Visit(Kind.SUBMIT, message=digest(message), key=digest(key) if key else b"", **changes)


def visits(ledger: Ledger, *asked: Visit, at: int = NOW, under: Terms | None = None) -> tuple[list[Ruling], Ledger]:
    """The rulings on several requests, one millisecond apart."""
    rulings = []
    for offset, visit in enumerate(asked):
        ruling, ledger = judge(ledger, visit, under or terms(), at + offset)
        rulings.append(ruling)
    return rulings, ledger


GROUP = Ledger("group")


def test_ten_requests_are_admitted_and_the_eleventh_leaves_no_trace() -> None:
    rulings, ledger = visits(GROUP, *[Visit(Kind.LIST)] * 10)
    refused, after = judge(ledger, submit(), terms(), NOW + 20)

    assert [ruling.admission.remaining for ruling in rulings] == list(range(9, -1, -1))
    assert not refused.admission.admitted
    assert after is ledger


def test_requests_and_messages_are_numbered_from_one() -> None:
    rulings, ledger = visits(GROUP, submit("a"), Visit(Kind.POLL), submit("b"), Visit(Kind.SUBMIT), submit("c"))

    assert [ruling.number for ruling in rulings] == [1, 2, 3, 4, 5]
    assert [rulings[index].message for index in (0, 2, 4)] == [1, 2, 3]
    assert (ledger.requests, ledger.accepted, ledger.polls) == (5, 3, 1)


def test_a_message_that_meets_a_fault_before_it_is_accepted_gets_no_number() -> None:
    rulings, ledger = visits(GROUP, submit("a", forced=500), submit("b", forced=503), submit("c"))

    assert [ruling.fault.rule if ruling.fault else None for ruling in rulings] == [Rule.ERROR, Rule.UNAVAILABLE, None]
    assert (rulings[2].message, ledger.accepted, ledger.faults) == (1, 1, 2)


def test_a_message_whose_response_is_lost_is_accepted() -> None:
    [ruling], ledger = visits(GROUP, submit(), under=terms(LOSING))

    assert ruling.fault is not None
    assert ruling.fault.rule is Rule.LOST_RESPONSE
    assert (ruling.message, ledger.accepted, ledger.lost_responses, ledger.faults) == (1, 1, 1, 1)


def test_reads_can_be_left_out_of_the_limit() -> None:
    writes_only = terms(limit=2, counts_reads=False)
    rulings, ledger = visits(GROUP, *[Visit(Kind.POLL)] * 5, submit("a"), submit("b"), under=writes_only)
    refused, _ = judge(ledger, submit("c"), writes_only, NOW + 30)
    read, _ = judge(ledger, Visit(Kind.LIST), writes_only, NOW + 30)

    assert all(ruling.admission.admitted for ruling in rulings)
    assert not refused.admission.admitted
    assert read.admission.admitted
    assert (read.admission.remaining, read.number) == (0, 8)


def test_a_limit_of_nothing_lifts_the_limit() -> None:
    rulings, ledger = visits(GROUP, *[submit()] * 100, under=terms(limit=0))

    assert all(ruling.admission.admitted for ruling in rulings)
    assert ledger.window == b""


def test_refusals_enter_the_ledger_with_the_next_request() -> None:
    ledger = with_refusals(GROUP, Refusals(count=3, early=2))

    assert (ledger.throttled, ledger.early_retries) == (3, 2)


@pytest.mark.parametrize(("waits_ms", "early"), [(0, 0), (999, 0), (1_000, 1), (4_999, 1), (5_000, 0)])
def test_a_request_before_the_time_that_a_503_named_is_an_early_retry(waits_ms: int, early: int) -> None:
    _, ledger = judge(GROUP, submit(forced=503), terms(), NOW)
    _, ledger = judge(ledger, submit(), terms(), NOW + waits_ms)

    assert ledger.early_retries == early


def test_so_is_one_before_the_time_that_a_429_named() -> None:
    _, early = judge(GROUP, submit(), terms(), NOW, pause=Pause(NOW - 1_000, NOW + 1))
    _, patient = judge(GROUP, submit(), terms(), NOW, pause=Pause(NOW - 1_000, NOW))

    assert (early.early_retries, patient.early_retries) == (1, 0)


@pytest.mark.parametrize(
    ("first_key", "second_key", "duplicates", "recovered"),
    [("", "", 1, 0), ("k", "k", 0, 1), ("k", "other", 1, 0), ("k", "", 1, 0), ("", "k", 1, 0)],
)
def test_a_message_that_comes_again_after_a_lost_response(
    first_key: str, second_key: str, duplicates: int, recovered: int
) -> None:
    _, ledger = visits(GROUP, submit(key=first_key), under=terms(LOSING))
    _, ledger = visits(ledger, submit(key=second_key), at=NOW + 1_000)

    assert (ledger.duplicates, ledger.recovered) == (duplicates, recovered)


def test_the_same_message_is_no_duplicate_when_its_response_arrived() -> None:
    _, ledger = visits(GROUP, submit(), submit(), submit("another"))

    assert (ledger.duplicates, ledger.recovered) == (0, 0)


def test_a_lost_response_is_forgotten_after_an_hour_and_the_ledger_stays_small() -> None:
    losing = terms(LOSING, limit=0)
    _, ledger = visits(GROUP, *[submit(str(number)) for number in range(50)], under=losing)
    assert len(ledger.lost) == 10
    assert len(msgspec.msgpack.encode(ledger)) < 1_024

    _, ledger = visits(ledger, submit("49"), at=NOW + REMEMBERED_MS + 50, under=losing)
    assert (ledger.duplicates, len(ledger.lost)) == (0, 1)


def test_a_repeat_takes_no_number_and_no_turn() -> None:
    rulings, ledger = visits(
        GROUP, submit("a", "k1", scripted=True), submit("a", "k1", scripted=True), submit("b", scripted=True)
    )

    assert (rulings[2].message, rulings[2].turn) == (2, 1)
    assert (ledger.accepted, ledger.turns) == (2, 2)


def test_a_key_under_another_message_brings_nothing_that_could_be_lost() -> None:
    losing = terms(LOSING)
    rulings, ledger = visits(GROUP, submit("a", "k1"), submit("b", "k1"), under=losing)

    assert [ruling.fault.rule if ruling.fault else None for ruling in rulings] == [Rule.LOST_RESPONSE, Rule.TIMEOUT]
    assert (ledger.accepted, ledger.lost_responses) == (1, 1)


def test_each_lost_response_is_made_good_for_once() -> None:
    _, ledger = visits(GROUP, submit("a", "k1"), submit("b", "k2"), under=terms(LOSING))
    _, ledger = visits(ledger, *[submit("a", "k1")] * 3, *[submit("b", "k3")] * 3, submit("a", "k9"), at=NOW + 10)

    assert (ledger.lost_responses, ledger.recovered, ledger.duplicates) == (2, 1, 1)
    assert ledger.lost == ()


def test_a_repeat_whose_response_is_lost_too_is_no_second_loss() -> None:
    _, ledger = visits(GROUP, *[submit("a", "k1")] * 3, under=terms(LOSING))
    _, ledger = visits(ledger, submit("a", "k1"), at=NOW + 10)

    assert (ledger.lost_responses, ledger.recovered, ledger.faults) == (1, 1, 3)


def test_the_last_thirty_keys_are_remembered_in_one_write_unit() -> None:
    lifted = terms(limit=0)
    _, ledger = visits(GROUP, *[submit(str(number), f"k{number}") for number in range(40)], under=lifted)
    _, repeated = visits(ledger, submit("39", "k39"), submit("10", "k10"), under=lifted)

    assert repeated.accepted == 40
    assert len(msgspec.msgpack.encode(ledger)) < 600


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    long, short = (named("calm", KIND, {"retry_after_s": seconds}) for seconds in (60, 1))
    _, ledger = judge(GROUP, submit(forced=503), terms(long), NOW)
    _, ledger = judge(ledger, submit(forced=503), terms(short), NOW + 100)
    _, ledger = judge(ledger, submit(), terms(), NOW + 1_500)

    assert ledger.early_retries == 1


def test_turns_are_counted_for_scripted_destinations_alone() -> None:
    rulings, ledger = visits(GROUP, submit(scripted=True), submit(), submit(scripted=True), submit(scripted=True))

    assert [rulings[index].turn for index in (0, 2, 3)] == [0, 1, 2]
    assert ledger.turns == 3


def test_a_report_meets_no_weather() -> None:
    stormy = terms(realistic(fault_rate=1.0, latency_max_ms=5_000))
    [ruling], ledger = visits(GROUP, Visit(Kind.REPORT, forced=500), under=stormy)

    assert (ruling.fault, ruling.latency_ms) == (None, 0)
    assert ledger.requests == 1


KINDS = st.sampled_from(
    [submit(), submit("b", "k"), submit(scripted=True), Visit(Kind.SUBMIT), Visit(Kind.POLL), Visit(Kind.LIST)]
)


@modest
@given(st.lists(st.tuples(KINDS, st.integers(0, 20_000)), max_size=60))
def test_no_window_of_a_minute_holds_more_than_ten_admitted_requests(asked: list[tuple[Visit, int]]) -> None:
    ledger, now = GROUP, NOW
    admitted: list[int] = []
    for visit, pause_ms in asked:
        now += pause_ms
        ruling, ledger = judge(ledger, visit, terms(realistic(fault_rate=0.3)), now)
        if ruling.admission.admitted:
            admitted.append(now)

    for instant in admitted:
        assert sum(instant <= other < instant + 60_000 for other in admitted) <= 10
    assert ledger.requests == len(admitted)


@modest
@given(st.lists(KINDS, max_size=30))
def test_a_ledger_survives_being_stored(asked: list[Visit]) -> None:
    _, ledger = visits(GROUP, *asked, under=terms(realistic(fault_rate=0.5)))

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(ledger), type=Ledger) == ledger
