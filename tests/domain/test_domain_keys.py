"""API keys: hard to guess, easy to recognise, cheap to refuse."""

from __future__ import annotations

import math
import random
import string
import zlib

import pytest
from domain_tasks import modest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import keys

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
chance = st.binary(min_size=32, max_size=32)


def minted(count: int) -> list[str]:
    source = random.Random(7)
    return [keys.mint(source.randbytes(32)) for _ in range(count)]


@modest
@given(chance)
def test_a_key_is_a_prefix_thirty_characters_and_their_checksum(bits: bytes) -> None:
    key = keys.mint(bits)
    body, checksum = key[:-6], key[-6:]

    assert keys.PATTERN.fullmatch(key)
    assert len(body) == len("aq_live_") + 30
    value = 0
    for digit in checksum:
        value = value * 62 + BASE62.index(digit)
    assert value == zlib.crc32(body.encode())
    assert keys.plausible(key)


def test_a_key_holds_at_least_178_bits() -> None:
    drawn = [key[len(keys.PREFIX) : -keys.CHECKSUM_LENGTH] for key in minted(300)]
    alphabets = [set(place) for place in zip(*drawn, strict=True)]

    assert set().union(*alphabets) == set(BASE62)
    assert len(alphabets) * math.log2(62) >= 178
    # No place of the key is narrower than the others: 300 draws leave out more than a few of 62 by accident only.
    assert min(len(alphabet) for alphabet in alphabets) > 52


@modest
@given(chance, chance)
def test_other_chance_gives_another_key(first: bytes, second: bytes) -> None:
    modulus = 62**30
    same = int.from_bytes(first, "big") % modulus == int.from_bytes(second, "big") % modulus

    assert (keys.mint(first) == keys.mint(second)) == same


@modest
@given(chance, st.integers(0, 43), st.sampled_from(BASE62 + "_-. é"))
def test_a_single_wrong_character_is_seen_offline(bits: bytes, place: int, character: str) -> None:
    key = keys.mint(bits)
    wrong = key[:place] + character + key[place + 1 :]

    assert keys.plausible(wrong) == (wrong == key)


@pytest.mark.parametrize(
    "junk", ["", "aq_live_", "your-api-key", "aq_live_" + "0" * 36, "aq_test_" + "0" * 36, "x" * 10_000, "aq_live_é"]
)
def test_junk_is_not_plausible(junk: str) -> None:
    assert not keys.plausible(junk)


@pytest.mark.parametrize("change", [" {}", "{} ", "{}\n", "{}0", "Bearer {}"])
def test_a_key_with_something_around_it_is_not_plausible(change: str) -> None:
    assert not keys.plausible(change.format(minted(1)[0]))


def test_a_scanner_finds_a_key_in_a_text() -> None:
    key = minted(1)[0]

    assert keys.PATTERN.findall(f'curl -H "Authorization: Bearer {key}" https://example.com') == [key]


def test_what_is_stored_depends_on_the_pepper_and_does_not_show_the_key() -> None:
    first, second = minted(2)

    assert keys.hashed(first, b"pepper") != keys.hashed(first, b"salt")
    assert keys.hashed(first, b"pepper") != keys.hashed(second, b"pepper")
    assert first[len(keys.PREFIX) :] not in keys.hashed(first, b"pepper")


def test_what_is_shown_again_tells_four_characters() -> None:
    key = minted(1)[0]

    assert keys.shown_prefix(key) == key[:12]
