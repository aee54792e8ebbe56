"""Tokens: exchanged once however many ask at once, repeated once for a lost answer, and dead when they should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from world import ManualClock, Recording, SeededRandomness

from chalicelib.domain.access import SCOPES, Client, Role, User, user_id
from chalicelib.domain.errors import UnavailableError
from chalicelib.embedded.access import EmbeddedAccess
from chalicelib.embedded.database import Database
from chalicelib.engine.last_use import LastUse
from chalicelib.engine.tokens import Issued, Tokens

TENANT = "t0123456789abcdef"
HOUR, DAY = 3_600_000, 86_400_000
ALL = frozenset(SCOPES)
CLIENT = Client(f"{TENANT}.0123456789ab", TENANT, "backend", "hash", ALL, 0)
ANN = User(user_id(TENANT, "ann@example.com"), TENANT, "ann@example.com", "stored", Role.ADMIN, 0)


class Wrapped:
    """A store with something in front of one of its methods."""

    def __init__(self, store: EmbeddedAccess, **before: Callable[[], None]) -> None:
        self._store = store
        self._before = before

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        before = self._before.get(name)
        if before is None:
            return method

        def called(*args: Any, **kwargs: Any) -> Any:
            before()
            return method(*args, **kwargs)

        return called


@pytest.fixture
def store() -> Iterator[EmbeddedAccess]:
    with Database() as database:
        store = EmbeddedAccess(database)
        store.put_client(CLIENT)
        store.save_user(ANN, over=None)
        yield store


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def tokens(store: EmbeddedAccess, clock: ManualClock) -> Tokens:
    return over(store, clock)


def over(store: Any, clock: ManualClock, seed: int = 1) -> Tokens:
    return Tokens(store, clock, SeededRandomness(seed), b"pepper", LastUse(clock, Recording()))


def signed_in(tokens: Tokens, scopes: frozenset[str] = ALL) -> tuple[str, str]:
    """The access and the refresh token of a new grant."""
    issued = tokens.issue(CLIENT, ANN, scopes)
    assert issued.refresh is not None
    return issued.access, issued.refresh


def refreshed(tokens: Tokens, refresh_token: str | None, scopes: frozenset[str] = ALL) -> Issued | None:
    """What the refresh token is exchanged for."""
    assert refresh_token is not None
    known = tokens.refreshable(refresh_token, CLIENT)
    return None if known is None else tokens.exchange(known, refresh_token, scopes)


class TestExchange:
    def test_a_refresh_token_becomes_a_new_pair(self, tokens: Tokens, clock: ManualClock) -> None:
        access, refresh = signed_in(tokens)
        clock.sleep(HOUR)
        issued = refreshed(tokens, refresh)

        assert issued is not None
        assert issued.refresh is not None
        assert len({access, refresh, issued.access, issued.refresh}) == 4
        assert tokens.access(access) is None, "an hour is over"
        assert tokens.access(issued.access) is not None
        assert refreshed(tokens, issued.refresh) is not None

    def test_a_lost_answer_can_be_had_once_more(self, tokens: Tokens, clock: ManualClock) -> None:
        _, refresh = signed_in(tokens)
        first = refreshed(tokens, refresh)
        clock.sleep(30_000)
        again = refreshed(tokens, refresh)

        assert first is not None
        assert again == replace(first, expires_ms=HOUR - 30_000)
        assert tokens.access(first.access) is not None

    @pytest.mark.parametrize("seconds", [30.001, 3_600])
    def test_a_late_repeat_ends_the_family(self, tokens: Tokens, clock: ManualClock, seconds: float) -> None:
        _, refresh = signed_in(tokens)
        first = refreshed(tokens, refresh)
        clock.sleep(int(seconds * 1000))

        assert refreshed(tokens, refresh) is None
        assert first is not None
        assert tokens.access(first.access) is None
        assert refreshed(tokens, first.refresh) is None

    def test_a_second_repeat_ends_the_family(self, tokens: Tokens) -> None:
        access, refresh = signed_in(tokens)
        first = refreshed(tokens, refresh)
        assert refreshed(tokens, refresh) == first

        assert refreshed(tokens, refresh) is None
        assert first is not None
        assert [tokens.access(token) for token in (access, first.access)] == [None, None]

    def test_the_reuse_of_an_old_token_ends_what_came_long_after_it(self, tokens: Tokens, clock: ManualClock) -> None:
        _, oldest = signed_in(tokens)
        latest: str | None = oldest
        for _ in range(5):
            clock.sleep(HOUR)
            issued = refreshed(tokens, latest)
            assert issued is not None
            latest = issued.refresh

        assert refreshed(tokens, oldest) is None
        assert refreshed(tokens, latest) is None

    def test_another_grant_of_the_same_user_lives_on(self, tokens: Tokens) -> None:
        _, stolen = signed_in(tokens)
        access, refresh = signed_in(tokens)
        for _ in range(3):
            refreshed(tokens, stolen)

        assert tokens.access(access) is not None
        assert refreshed(tokens, refresh) is not None

    def test_of_two_at_once_both_get_the_same_pair(self, store: EmbeddedAccess, clock: ManualClock) -> None:
        _, refresh = signed_in(over(store, clock))
        meeting = Barrier(2)

        def refresh_now(seed: int) -> Issued | None:
            return refreshed(over(Wrapped(store, use_token=lambda: met(meeting)), clock, seed), refresh)

        with ThreadPoolExecutor(2) as threads:
            first, second = threads.map(refresh_now, (2, 3))

        assert first is not None
        assert first == second
        assert over(store, clock).access(first.access) is not None
        assert refreshed(over(store, clock, 4), first.refresh) is not None

    def test_of_many_at_once_two_get_the_pair_and_the_rest_end_it(
        self, store: EmbeddedAccess, clock: ManualClock
    ) -> None:
        _, refresh = signed_in(over(store, clock))
        meeting = Barrier(8)

        def refresh_now(seed: int) -> Issued | None:
            return refreshed(over(Wrapped(store, use_token=lambda: met(meeting)), clock, seed), refresh)

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(refresh_now, range(2, 10)))

        granted = [answer for answer in answers if answer is not None]
        assert len(granted) == 2
        assert granted[0] == granted[1]
        assert over(store, clock).access(granted[0].access) is None

    def test_a_write_that_was_repeated_unasked_is_no_reuse(self, store: EmbeddedAccess, clock: ManualClock) -> None:
        """An SDK that got no answer to a conditional write sends it again by itself."""

        class Repeating(Wrapped):
            def use_token(self, token_hash: str, *, at: int, by: str) -> Any:
                store.use_token(token_hash, at=at, by=by)
                return store.use_token(token_hash, at=at, by=by)

            def repeat_token(self, token_hash: str, *, by: str) -> Any:
                store.repeat_token(token_hash, by=by)
                return store.repeat_token(token_hash, by=by)

        tokens = over(Repeating(store), clock)
        _, refresh = signed_in(tokens)

        first = refreshed(tokens, refresh)

        assert first is not None
        assert refreshed(tokens, refresh) == first

    @pytest.mark.parametrize("stops_at", [1, 2])
    def test_a_stop_between_the_mark_and_the_successors_loses_nothing(
        self, store: EmbeddedAccess, clock: ManualClock, stops_at: int
    ) -> None:
        _, refresh = signed_in(over(store, clock))
        writes: list[int] = []

        def fail() -> None:
            writes.append(1)
            if len(writes) == stops_at:
                raise UnavailableError

        with pytest.raises(UnavailableError):
            refreshed(over(Wrapped(store, add_token=fail), clock, 2), refresh)
        clock.sleep(20_000)
        issued = refreshed(over(store, clock, 3), refresh)

        assert issued is not None
        assert over(store, clock).access(issued.access) is not None
        assert refreshed(over(store, clock, 4), issued.refresh) is not None

    def test_fewer_scopes_stay_with_the_access_token_alone(self, tokens: Tokens) -> None:
        _, refresh = signed_in(tokens)
        narrow = refreshed(tokens, refresh, frozenset({"tasks:read"}))
        assert narrow is not None
        assert narrow.refresh is not None
        opened = tokens.access(narrow.access)
        known = tokens.refreshable(narrow.refresh, CLIENT)

        assert opened is not None
        assert opened.scopes == {"tasks:read"}
        assert known is not None
        assert known.scopes == ALL

    def test_a_refresh_token_lives_thirty_days(self, tokens: Tokens, clock: ManualClock) -> None:
        _, refresh = signed_in(tokens)
        _, late = signed_in(tokens)
        clock.sleep(30 * DAY - 1)
        assert refreshed(tokens, refresh) is not None
        clock.sleep(1)
        assert refreshed(tokens, late) is None


def met(meeting: Barrier) -> None:
    """Go on when everybody is here."""
    meeting.wait(timeout=10)


class TestAccess:
    def test_a_client_s_own_token_acts_as_an_admin_without_a_user(self, tokens: Tokens) -> None:
        issued = tokens.issue(CLIENT, None, frozenset({"users:admin"}))
        access = tokens.access(issued.access)

        assert issued.refresh is None
        assert access is not None
        assert (access.tenant, access.client, access.user) == (TENANT, CLIENT.id, None)
        assert (access.role, access.scopes) == ("admin", {"users:admin"})

    def test_a_user_who_was_locked_out_is_so_at_once(self, tokens: Tokens, store: EmbeddedAccess) -> None:
        access, refresh = signed_in(tokens)
        store.save_user(replace(ANN, active=False, version=2), over=1)

        assert tokens.access(access) is None
        assert refreshed(tokens, refresh) is None

    def test_a_client_that_was_locked_out_is_so_at_once(self, tokens: Tokens, store: EmbeddedAccess) -> None:
        access, refresh = signed_in(tokens)
        store.put_client(replace(CLIENT, disabled=True))

        assert tokens.access(access) is None
        assert refreshed(tokens, refresh) is None

    def test_what_the_role_may_not_do_now_no_older_token_does(self, tokens: Tokens, store: EmbeddedAccess) -> None:
        access, refresh = signed_in(tokens)
        store.save_user(replace(ANN, role=Role.VIEWER, version=2), over=1)
        opened = tokens.access(access)
        known = tokens.refreshable(refresh, CLIENT)

        assert opened is not None
        assert opened.scopes == {"tasks:read"}
        assert known is not None
        assert known.scopes == {"tasks:read"}

    def test_what_the_client_may_not_do_now_no_older_token_does(self, tokens: Tokens, store: EmbeddedAccess) -> None:
        access, _ = signed_in(tokens)
        store.put_client(replace(CLIENT, scopes=frozenset({"tasks:write"})))
        opened = tokens.access(access)

        assert opened is not None
        assert opened.scopes == {"tasks:write"}

    def test_a_refresh_token_opens_nothing_and_an_access_token_is_not_exchanged(self, tokens: Tokens) -> None:
        access, refresh = signed_in(tokens)

        assert tokens.access(refresh) is None
        assert tokens.refreshable(access, CLIENT) is None

    @pytest.mark.parametrize("junk", ["", "x", "at_", "at_" + "!" * 43, "cs_" + "x" * 43, "at_" + "x" * 44])
    def test_junk_costs_no_read(self, store: EmbeddedAccess, clock: ManualClock, junk: str) -> None:
        def fail() -> None:
            raise AssertionError("the store was asked")

        tokens = over(Wrapped(store, token=fail, standing=fail), clock)

        assert tokens.access(junk) is None
        assert tokens.revoke(junk, CLIENT)

    def test_only_hashes_are_stored(self, store: EmbeddedAccess, clock: ManualClock) -> None:
        kept: list[Any] = []

        class Watched(Wrapped):
            def add_token(self, token: Any) -> None:
                kept.append(token)
                store.add_token(token)

        tokens = over(Watched(store), clock)
        access, refresh = signed_in(tokens)
        issued = refreshed(tokens, refresh)
        assert issued is not None

        for secret in (access, refresh, issued.access, issued.refresh):
            assert str(secret) not in repr(kept)


class TestRevocation:
    def test_a_revoked_access_token_is_dead_at_once_and_alone(self, tokens: Tokens) -> None:
        access, refresh = signed_in(tokens)

        assert tokens.revoke(access, CLIENT)
        assert tokens.access(access) is None
        assert refreshed(tokens, refresh) is not None

    def test_a_revoked_access_token_stays_dead_when_its_exchange_is_repeated(self, tokens: Tokens) -> None:
        _, refresh = signed_in(tokens)
        issued = refreshed(tokens, refresh)
        assert issued is not None

        assert tokens.revoke(issued.access, CLIENT)
        assert refreshed(tokens, refresh) == issued

        assert tokens.access(issued.access) is None

    def test_a_revoked_refresh_token_takes_its_family_along(self, tokens: Tokens) -> None:
        access, refresh = signed_in(tokens)
        issued = refreshed(tokens, refresh)
        assert issued is not None
        assert issued.refresh is not None

        assert tokens.revoke(issued.refresh, CLIENT)
        assert tokens.access(access) is None
        assert tokens.access(issued.access) is None
        assert refreshed(tokens, issued.refresh) is None

    def test_another_client_revokes_nothing(self, tokens: Tokens) -> None:
        access, refresh = signed_in(tokens)
        other = replace(CLIENT, id=f"{TENANT}.ba9876543210")

        assert not tokens.revoke(access, other)
        assert not tokens.revoke(refresh, other)
        assert tokens.access(access) is not None
        assert refreshed(tokens, refresh) is not None
