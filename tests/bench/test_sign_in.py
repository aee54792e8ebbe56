"""The clock does not tell who has an account: `make bench-sign-in` times more tries, at the real cost."""

from __future__ import annotations

from chalicelib.domain.passwords import Cost
from infra.bench.sign_in import measured


def test_unknown_users_cost_what_known_ones_do() -> None:
    # Enough for the hashing to be all that counts, and little enough for many tries.
    assert measured(60, Cost(11, 8, 1)).apart < 0.2
