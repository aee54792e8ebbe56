"""Guessing: how many wrong passwords are looked at, exactly, and whom that keeps out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from world import ManualClock, SeededRandomness

from chalicelib.domain.access import Role, User
from chalicelib.domain.passwords import Cost, cost_of
from chalicelib.embedded.access import EmbeddedAccess
from chalicelib.embedded.blobs import EmbeddedBlobs
from chalicelib.embedded.database import Database
from chalicelib.engine.guesses import Exhausted, Guesses
from chalicelib.engine.users import Users

TENANT = "t0123456789abcdef"
MINUTE = 60_000
WRONG = "wrong"
HOME, CAFE = "192.0.2.1", "198.51.100.7"
CHEAP, DEAR = Cost(2, 1, 1), Cost(3, 1, 1)


@pytest.fixture
def database() -> Iterator[Database]:
    with Database() as database:
        yield database


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def users(database: Database, clock: ManualClock) -> Users:
    users = over(database, clock)
    for email in ("ann@example.com", "bob@example.com"):
        users.create(TENANT, email, "secret", Role.MEMBER)
    return users


def over(database: Database, clock: ManualClock, cost: Cost = CHEAP) -> Users:
    blobs = EmbeddedBlobs(database)
    return Users(EmbeddedAccess(database), blobs, Guesses(blobs, clock), clock, SeededRandomness(), cost)


def guess(users: Users, password: str = WRONG, *, email: str = "ann@example.com", address: str = HOME) -> str:
    """How a try to sign in ends."""
    found = users.sign_in(TENANT, email, password, address)
    if isinstance(found, Exhausted):
        return "kept out"
    return "signed in" if isinstance(found, User) else "refused"


def test_after_five_wrong_passwords_none_is_looked_at_for_fifteen_minutes(users: Users, clock: ManualClock) -> None:
    assert [guess(users) for _ in range(5)] == ["refused"] * 5
    assert guess(users, "secret") == "kept out"
    found = users.sign_in(TENANT, "ann@example.com", "secret", HOME)
    assert found == Exhausted(15 * MINUTE)
    clock.sleep(15 * MINUTE - 1)
    assert guess(users, "secret") == "kept out"
    clock.sleep(1)
    assert guess(users, "secret") == "signed in"


def test_right_passwords_count_for_nothing(users: Users) -> None:
    assert [guess(users, "secret") for _ in range(20)] == ["signed in"] * 20
    assert [guess(users) for _ in range(5)] == ["refused"] * 5
    assert guess(users) == "kept out"


def test_the_window_slides(users: Users, clock: ManualClock) -> None:
    for _ in range(5):
        guess(users)
        clock.sleep(4 * MINUTE)

    # 20 minutes on, those of the first two rounds lie behind.
    assert [guess(users) for _ in range(3)] == ["refused", "refused", "kept out"]


def test_nobody_is_locked_out_from_elsewhere(users: Users) -> None:
    for _ in range(9):
        guess(users, address=HOME)

    assert guess(users, "secret", address=HOME) == "kept out"
    assert guess(users, "secret", address=CAFE) == "signed in"
    assert guess(users, "secret", email="bob@example.com", address=HOME) == "signed in"


def test_a_name_in_other_letters_is_the_same_account(users: Users) -> None:
    for email in ("ann@example.com", "ANN@example.com", "Ann@Example.com", "aNN@example.com", "ann@EXAMPLE.com"):
        assert guess(users, email=email) == "refused"
    assert guess(users) == "kept out"


def test_one_address_has_fifty_guesses_at_all_accounts_together(users: Users) -> None:
    tried = [guess(users, email=f"{number}@example.com") for number in range(51)]

    assert tried == ["refused"] * 50 + ["kept out"]
    assert guess(users, "secret") == "kept out"
    assert guess(users, "secret", address=CAFE) == "signed in"


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "unheard-of", True),
    ],
)
def test_a_network_of_ipv6_is_one_address(users: Users, one: str, other: str, together: bool) -> None:
    for _ in range(5):
        guess(users, address=one)

    assert (guess(users, address=other) == "kept out") is together


def test_five_are_looked_at_however_many_come_at_once(users: Users) -> None:
    with ThreadPoolExecutor(16) as threads:
        tried = list(threads.map(lambda _: guess(users), range(60)))

    assert tried.count("refused") == 5
    assert tried.count("kept out") == 55


def test_unknown_users_are_kept_out_as_known_ones_are(users: Users) -> None:
    assert [guess(users, email="nobody@example.com") for _ in range(6)] == ["refused"] * 5 + ["kept out"]


def test_a_password_is_hashed_anew_at_the_next_sign_in_when_the_cost_has_changed(
    database: Database, users: Users, clock: ManualClock
) -> None:
    before = users.create(TENANT, "old@example.com", "secret", Role.VIEWER).user
    dearer = over(database, clock, DEAR)

    assert guess(dearer, email="old@example.com") == "refused"
    assert cost_of(dearer.get(TENANT, before.id).password) == CHEAP
    assert guess(dearer, "secret", email="old@example.com") == "signed in"
    after = dearer.get(TENANT, before.id)
    assert cost_of(after.password) == DEAR
    assert guess(dearer, "secret", email="old@example.com") == "signed in"
    assert dearer.get(TENANT, before.id) == after
