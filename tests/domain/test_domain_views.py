"""What readers are shown: statuses, shelves, masks and plans."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from domain_tasks import NOW, a_task

from chalicelib.domain.identity import PLANS
from chalicelib.domain.lifecycle import TRANSITIONS
from chalicelib.domain.listing import Query, Shelf, View, shelf_of, shelves_for, view_of
from chalicelib.domain.masking import MASK, masked
from chalicelib.domain.task import TERMINAL, Status


@pytest.mark.parametrize(
    ("status", "due_in", "view"),
    [
        (Status.QUEUED, 0, View.PENDING),
        (Status.QUEUED, 1, View.DELAYED),
        (Status.QUEUED, -1, View.PENDING),
        (Status.RUNNING, 0, View.PROCESSING),
        (Status.RETRY, 5_000, View.PENDING),
        (Status.CONTINUED, 5_000, View.PENDING),
        (Status.COMPLETED, 0, View.COMPLETED),
        (Status.FAILED, 0, View.FAILED),
        (Status.TIMEOUT, 0, View.TIMEOUT),
        (Status.CANCELLED, 5_000, View.CANCELLED),
    ],
)
def test_a_status_is_shown_in_the_words_of_the_manual(status: Status, due_in: int, view: View) -> None:
    assert view_of(status, NOW + due_in, NOW) is view


@pytest.mark.parametrize(("status", "due_in"), [*product(Status, (-1, 0, 1))])
def test_every_task_is_found_where_its_view_is_looked_for(status: Status, due_in: int) -> None:
    assert shelf_of(status) in shelves_for(view_of(status, NOW + due_in, NOW))
    assert shelf_of(status) in shelves_for(None)


def test_a_listing_of_one_view_looks_at_one_shelf() -> None:
    assert {len(shelves_for(view)) for view in View} == {1}
    assert set(shelves_for(None)) == set(Shelf)


def test_a_task_changes_its_shelf_once_at_its_end() -> None:
    moves = [(before, after) for (before, _), after in TRANSITIONS.items() if shelf_of(before) != shelf_of(after)]

    assert moves
    assert {after in TERMINAL and before not in TERMINAL for before, after in moves} == {True}


def test_the_bounds_of_a_listing_are_exclusive_and_other_teams_are_never_in_it() -> None:
    query = Query("team", NOW, created_after=NOW, created_before=NOW + 2)

    matches = [query.matches(a_task(created_at=NOW + ms)) for ms in range(3)]

    assert matches == [False, True, False]
    assert not query.matches(a_task(team="others", created_at=NOW + 1))


def test_a_listing_by_view_judges_a_delay_by_its_own_time() -> None:
    task = a_task(due_at=NOW + 1_000)

    assert Query("team", NOW, View.DELAYED).matches(task)
    assert Query("team", NOW + 1_000, View.PENDING).matches(task)


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "authorization",
        "Proxy-Authorization",
        "Cookie",
        "X-API-Key",
        "x-apikey",
        "X-Auth-Token",
        "X-Access-Token",
        "X-Secret",
        "X-Client-Password",
        "X-Session-Id",
        "X-Hub-Signature-256",
        "X-CSRF-Token",
        "X-JWT",
        "X-Pin",
        "X-OTP",
        # Nobody can tell what a customer's own headers hold.
        "X-Request-Id",
        "X-Trace",
        "User-Agent",
        "X-Shipping",
    ],
)
def test_a_header_that_may_hold_a_secret_is_masked(name: str) -> None:
    assert masked(name, "hunter2") == MASK


@pytest.mark.parametrize("name", ["Content-Type", "accept", "Retry-After"])
def test_a_header_that_says_what_a_body_is_is_shown(name: str) -> None:
    assert masked(name, "value") == "value"


def test_a_bigger_plan_allows_no_less_of_anything() -> None:
    for smaller, bigger in pairwise(PLANS.values()):
        assert smaller.max_wait_s <= bigger.max_wait_s
        assert smaller.requests_per_minute <= bigger.requests_per_minute
        assert bigger.keys is None
        assert bigger.members is None


def test_the_plans_are_those_of_the_manual() -> None:
    assert [(plan.name, plan.max_wait_s, plan.keys, plan.members) for plan in PLANS.values()] == [
        ("free", 30, 1, 2),
        ("pro", 120, None, None),
    ]
