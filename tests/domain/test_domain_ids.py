"""Identifiers."""

from __future__ import annotations

import uuid

import pytest
from domain_tasks import modest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import ids

#: SHA-256 of "sluice task", the team and the key, each pair parted by a NUL, with version and variant set by hand.
VECTOR = "543df0a3-628a-826c-b1c0-7661e0fc724f"
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@modest
@given(st.binary(min_size=16, max_size=64))
def test_a_random_id_is_a_version_4_uuid(random: bytes) -> None:
    made = ids.uuid4_from(random)

    assert uuid.UUID(made).version == 4
    assert uuid.UUID(made).variant == uuid.RFC_4122
    assert ids.well_formed(made)


@modest
@given(names, names)
def test_a_derived_id_is_a_version_8_uuid_and_so_never_a_random_one(team: str, key: str) -> None:
    made = uuid.UUID(ids.derived(team, key))

    assert (made.version, made.variant) == (8, uuid.RFC_4122)
    assert ids.well_formed(str(made))


def test_the_same_key_of_the_same_team_gives_the_same_id_on_every_machine() -> None:
    assert ids.derived("team", "order-1") == VECTOR


@modest
@given(st.lists(st.tuples(names, names), unique=True, min_size=2, max_size=8))
def test_other_teams_and_other_keys_have_other_ids(pairs: list[tuple[str, str]]) -> None:
    assert len({ids.derived(team, key) for team, key in pairs}) == len(pairs)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "not-a-uuid",
        "11111111-2222-4333-8444-55555555555",
        "11111111-2222-4333-8444-5555555555555",
        "11111111-2222-4333-8444-555555555555\n",
        "AAAAAAAA-2222-4333-8444-555555555555",
        "11111111222243338444555555555555",
        "{11111111-2222-4333-8444-555555555555}",
        "\u0661\u0661111111-2222-4333-8444-555555555555",
    ],
    ids=ascii,
)
def test_what_cannot_be_an_id_is_seen_without_a_look_up(text: str) -> None:
    assert not ids.well_formed(text)
