"""Servers that stall, flood, lie and break off: every attempt ends in time and in little memory, and no cut answer
counts as one. The servers themselves stand in `outbound_hostile`."""

from __future__ import annotations

import gc
import tracemalloc
from time import monotonic

import pytest
from outbound_hostile import BOMBS, ENDLESS, FLOODS, GRACE_S, LIES, MOST_BYTES, SLOW, Hostile
from outbound_servers import Authority

from chalicelib.domain.exchange import Answer, NoAnswer

LIMIT_S = 0.4


def attempt(hostile: Hostile, authority: Authority) -> Answer | NoAnswer:
    """One attempt, which has to be over in time and in little memory."""
    gc.collect()
    tracemalloc.start()
    began_s = monotonic()
    try:
        outcome = hostile.call(authority, LIMIT_S)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert monotonic() - began_s < LIMIT_S + GRACE_S
    assert peak_bytes < MOST_BYTES
    return outcome


def each(table: list[Hostile]) -> list:
    return [pytest.param(hostile, id=hostile.name) for hostile in table]


@pytest.mark.parametrize("hostile", each(SLOW))
def test_what_is_slow_ends_at_the_deadline(authority: Authority, hostile: Hostile) -> None:
    assert attempt(hostile, authority) == NoAnswer(hostile.ends_as)


@pytest.mark.parametrize("hostile", each(FLOODS))
def test_a_flood_before_or_around_the_body_is_no_answer(authority: Authority, hostile: Hostile) -> None:
    assert attempt(hostile, authority) == NoAnswer(hostile.ends_as)


@pytest.mark.parametrize("hostile", each(ENDLESS))
def test_of_an_endless_body_the_beginning_is_kept(authority: Authority, hostile: Hostile) -> None:
    outcome = attempt(hostile, authority)

    assert isinstance(outcome, Answer)
    assert outcome.truncated
    assert outcome.body == b"a" * 256 * 1024


@pytest.mark.parametrize("hostile", each(BOMBS))
def test_a_bomb_stays_as_small_as_it_came(authority: Authority, hostile: Hostile) -> None:
    outcome = attempt(hostile, authority)

    assert isinstance(outcome, Answer)
    assert not outcome.truncated
    assert outcome.body.startswith(b"\x1f\x8b")
    assert len(outcome.body) < 64 * 1024 * 1024 / 900


@pytest.mark.parametrize("hostile", each(LIES))
def test_what_is_cut_or_no_http_is_no_answer(authority: Authority, hostile: Hostile) -> None:
    assert attempt(hostile, authority) == NoAnswer(hostile.ends_as)
