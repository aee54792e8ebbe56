"""Data keys: the same for all who ask, another for each holder and generation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from contract_bench import Bench
from contract_samples import fresh

from chalicelib.ports.vault import KeyRing


@pytest.fixture
def ring(bench: Bench) -> KeyRing:
    return bench.ring


def made(ring: KeyRing, holder: str, generation: int) -> bytes:
    key = ring.key(holder, generation, make=True)
    assert key is not None
    return key


def test_a_key_is_made_once_and_the_same_for_ever(ring: KeyRing) -> None:
    holder = fresh("team")

    first = made(ring, holder, 1)

    assert len(first) == 32
    assert made(ring, holder, 1) == first
    assert ring.key(holder, 1, make=False) == first


def test_every_holder_and_every_generation_has_a_key_of_its_own(ring: KeyRing) -> None:
    ann, bob = fresh("team"), fresh("team")

    assert len({made(ring, ann, 1), made(ring, ann, 2), made(ring, bob, 1), made(ring, bob, 12)}) == 4


def test_of_two_who_make_a_key_at_once_one_takes_the_others(ring: KeyRing) -> None:
    holder = fresh("team")

    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: made(ring, holder, 1), range(8)))

    assert len(keys) == 1
