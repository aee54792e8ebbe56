"""Values are sealed for one place, with keys that are held for a while."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rings import CountedRing
from world import ManualClock, Recording

from chalicelib.domain.errors import LockedError, SpoiledError
from chalicelib.domain.sealing import GENERATION_MS, Place
from chalicelib.ports.vault import OVERHEAD_BYTES
from chalicelib.vault.keeper import FRESH_MS, LONGEST_MS, MOST_USES, Keeper
from chalicelib.vault.keyfile import kept_in

HOME = Place("team-a", "task-1", "payload", "create-1")
SECRET = b'{"token": "s3cret"}'


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def ring() -> CountedRing:
    return CountedRing()


@pytest.fixture
def vault(ring: CountedRing, clock: ManualClock) -> Keeper:
    return Keeper(ring, clock, Recording())


class TestSealing:
    def test_what_was_sealed_opens_in_its_place(self, vault: Keeper) -> None:
        assert vault.open(HOME, vault.seal(HOME, SECRET)) == SECRET

    def test_nothing_of_the_value_shows(self, vault: Keeper) -> None:
        sealed = vault.seal(HOME, SECRET)

        assert b"s3cret" not in sealed
        assert len(sealed) == len(SECRET) + OVERHEAD_BYTES

    def test_the_same_value_is_sealed_differently_each_time(self, vault: Keeper) -> None:
        assert len({vault.seal(HOME, SECRET) for _ in range(100)}) == 100

    @pytest.mark.parametrize(
        "elsewhere",
        [
            replace(HOME, team="team-b"),
            replace(HOME, id="task-2"),
            replace(HOME, part="result"),
            replace(HOME, version="create-2"),
            # The same characters, parted elsewhere.
            Place("team-at", "ask-1", "payload", "create-1"),
            Place("team-a", "task-1p", "ayload", "create-1"),
        ],
        ids=lambda place: f"{place.team} {place.id} {place.part} {place.version}",
    )
    def test_what_was_moved_does_not_open(self, vault: Keeper, elsewhere: Place) -> None:
        with pytest.raises(SpoiledError):
            vault.open(elsewhere, vault.seal(HOME, SECRET))

    def test_two_teams_that_share_a_data_key_cannot_read_each_others(self, vault: Keeper, ring: CountedRing) -> None:
        ann, bob = replace(HOME, team="asyncflow-a"), replace(HOME, team="asyncflow-b")
        assert ann.holder == bob.holder

        with pytest.raises(SpoiledError):
            vault.open(bob, vault.seal(ann, SECRET))

    def test_every_bit_counts(self, vault: Keeper) -> None:
        sealed = vault.seal(HOME, SECRET)
        for position in range(1, len(sealed)):
            changed = bytearray(sealed)
            changed[position] ^= 1
            with pytest.raises(SpoiledError):
                vault.open(HOME, bytes(changed))

    def test_what_was_cut_does_not_open(self, vault: Keeper) -> None:
        sealed = vault.seal(HOME, SECRET)
        for length in range(1, len(sealed)):
            with pytest.raises(SpoiledError):
                vault.open(HOME, sealed[:length])

    def test_what_was_stored_in_the_clear_before_is_handed_back(self, vault: Keeper) -> None:
        for stored in (b"", b"\x92\x90\xc0", b'["callback","https://example.com"]'):
            assert vault.open(HOME, stored) == stored

    @given(value=st.binary(max_size=2_000), names=st.tuples(*[st.text(max_size=40)] * 4))
    def test_any_value_in_any_place(self, value: bytes, names: tuple[str, str, str, str]) -> None:
        vault, place = Keeper(CountedRing(), ManualClock(), Recording()), Place(*names)

        assert vault.open(place, vault.seal(place, value)) == value


class TestHolders:
    @pytest.mark.parametrize(
        ("team", "holder"),
        [
            ("0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165-70867728950e"),
            ("asyncflow-4e07408562bedb8b60ce05c1decfe3ad", "asyncflow"),
            ("astraflow-t0123456789abcdef", "astraflow-t0123456789abcdef"),
            ("astraflow-t0123456789abcdef-7c9e6679-7425", "astraflow-t0123456789abcdef"),
            ("asimov-open", "asimov-open"),
        ],
    )
    def test_one_customer_has_one_data_key(self, team: str, holder: str) -> None:
        assert replace(HOME, team=team).holder == holder


class TestRotation:
    def test_old_values_stay_readable_when_a_new_key_seals(
        self, vault: Keeper, ring: CountedRing, clock: ManualClock
    ) -> None:
        old = vault.seal(HOME, SECRET)
        clock.sleep(GENERATION_MS)
        new = vault.seal(HOME, SECRET)

        assert old[:3] != new[:3], "each says which key opens it"
        assert len(ring.asked) == 2
        fresh = Keeper(ring, clock, Recording())
        assert fresh.open(HOME, old) == fresh.open(HOME, new) == SECRET

    def test_years_later_too(self, vault: Keeper, clock: ManualClock) -> None:
        old = vault.seal(HOME, SECRET)
        clock.sleep(120 * GENERATION_MS)

        assert vault.open(HOME, old) == SECRET


class TestKeysInMemory:
    def test_a_key_serves_for_an_hour(self, vault: Keeper, ring: CountedRing, clock: ManualClock) -> None:
        for _ in range(100):
            vault.open(HOME, vault.seal(HOME, SECRET))
        assert ring.asked.total() == 1

        clock.sleep(FRESH_MS)
        vault.seal(HOME, SECRET)
        assert ring.asked.total() == 2

    def test_a_key_serves_so_often(self, vault: Keeper, ring: CountedRing) -> None:
        for _ in range(MOST_USES):
            vault.seal(HOME, b"")
        assert ring.asked.total() == 1

        vault.seal(HOME, b"")
        assert ring.asked.total() == 2

    def test_threads_that_need_a_key_at_once_ask_for_it_once(self, vault: Keeper, ring: CountedRing) -> None:
        with ThreadPoolExecutor(10) as threads:
            list(threads.map(lambda _: vault.seal(HOME, SECRET), range(100)))

        assert ring.asked.total() == 1

    def test_while_the_ring_is_down_a_held_key_goes_on_for_another_hour(
        self, vault: Keeper, ring: CountedRing, clock: ManualClock
    ) -> None:
        sealed = vault.seal(HOME, SECRET)
        ring.down = True

        clock.sleep(LONGEST_MS - 1)
        assert vault.open(HOME, sealed) == SECRET
        clock.sleep(1)
        with pytest.raises(LockedError):
            vault.open(HOME, sealed)
        with pytest.raises(LockedError):
            vault.seal(HOME, SECRET)

        ring.down = False
        assert vault.open(HOME, sealed) == SECRET

    def test_a_ring_that_is_down_from_the_start_locks_the_vault(self, vault: Keeper, ring: CountedRing) -> None:
        ring.down = True

        with pytest.raises(LockedError):
            vault.seal(HOME, SECRET)


class TestKeyFile:
    def test_the_file_is_made_once_for_its_owner_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "data.key"

        first = kept_in(path).key("team", 1, make=True)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert kept_in(path).key("team", 1, make=True) == first
        assert kept_in(tmp_path / "other.key").key("team", 1, make=True) != first

    def test_a_file_that_is_no_key_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "data.key"
        path.write_bytes(os.urandom(31))

        with pytest.raises(SpoiledError, match=r"data\.key"):
            kept_in(path)
