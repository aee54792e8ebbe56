"""What an item remembers of its changes, and what that says of a change that somebody was about to make."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.items import (
    MOST_REMEMBERED,
    REMEMBERED,
    REMEMBERED_MS,
    Change,
    Item,
    Standing,
    changed,
    standing,
    tombstone,
)
from chalicelib.domain.retry import DELIVERY_STEPS_S, delivery_pause_ms

NOW = 1_705_314_600_000


def an_item() -> Item:
    return Item(id="i", tenant="t", name="n", created_at=NOW, updated_at=NOW, changes=(Change(1, "made", NOW),))


def after(gaps: list[int]) -> Item:
    """An item that was changed once after each of these pauses."""
    item, now = an_item(), NOW
    for number, gap in enumerate(gaps):
        now += gap
        item = changed(item, token=f"token {number}", now=now)
    return item


@given(st.lists(st.integers(0, REMEMBERED_MS), max_size=30))
def test_the_newest_changes_and_those_of_the_last_minutes_are_remembered(gaps: list[int]) -> None:
    item = after(gaps)
    young = [change for change in item.changes if item.updated_at - change.at < REMEMBERED_MS]

    assert item.version == len(gaps) + 1
    assert [change.version for change in item.changes] == list(
        range(item.version - len(item.changes) + 1, item.version + 1)
    )
    assert len(item.changes) == max(len(young), min(REMEMBERED, item.version))


@given(st.lists(st.integers(0, REMEMBERED_MS), min_size=1, max_size=30), st.data())
def test_a_change_that_was_made_is_never_denied(gaps: list[int], data: st.DataObject) -> None:
    item = after(gaps)
    number = data.draw(st.integers(0, len(gaps) - 1))

    assert standing(item, number + 2, f"token {number}") is Standing.MADE
    assert standing(tombstone(item, token="gone", now=item.updated_at), number + 2, f"token {number}") is Standing.MADE


def test_a_change_that_was_overtaken_is_known_from_one_that_may_come() -> None:
    item = after([1, 1])

    assert standing(item, 3, "rival") is Standing.OVERTAKEN
    assert standing(item, 4, "mine") is Standing.AHEAD
    assert standing(None, 1, "mine") is Standing.AHEAD


@given(st.uuids(), st.integers(1, len(DELIVERY_STEPS_S)))
def test_the_pause_before_a_retry_is_its_step_and_up_to_a_tenth_more(task_id: object, retry: int) -> None:
    pause_ms = delivery_pause_ms(str(task_id), retry)

    assert DELIVERY_STEPS_S[retry - 1] * 1000 <= pause_ms <= DELIVERY_STEPS_S[retry - 1] * 1100
    assert pause_ms == delivery_pause_ms(str(task_id), retry)


def test_an_item_that_changes_all_the_time_stays_small() -> None:
    item = after([1] * 1_000)

    assert len(item.changes) == MOST_REMEMBERED
    assert standing(item, 2, "token 0") is Standing.MADE
    assert standing(item, 1_000, "rival") is Standing.OVERTAKEN
