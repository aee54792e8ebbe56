"""A scene at AsyncQueue sends the key that it should, and leaves nothing running."""

from __future__ import annotations

from typing import Any

from surfaces.asyncqueue.manual import ASYNCQUEUE
from surfaces.harness.matching import Fixture, Source
from surfaces.harness.obliging import ObligingPlace
from surfaces.harness.specimen import TASK_ID


def fixture_of(*steps: dict[str, Any]) -> Fixture:
    """A fixture with these steps."""
    return Fixture("one", Source("tasks", "Create Task", "Create a new task"), steps)


def test_a_request_carries_the_manuals_key_unless_another_is_named() -> None:
    """`key: null` sends none, and a header of the fixture's own stays alone, and one that is null is left
    out."""
    place = ObligingPlace()
    for request in (
        {"line": "GET /v1/tasks"},
        {"line": "GET /v1/tasks", "key": "{free_key}"},
        {"line": "GET /v1/tasks", "key": None},
        {"line": "GET /v1/tasks", "headers": {"X-API-Key": "mine"}},
        {"line": "GET /v1/tasks", "headers": {"Accept": None}},
    ):
        ASYNCQUEUE.play(place, fixture_of({"request": request, "expect": {"status": 200}}))
    assert [headers for _, _, headers, _ in place.asked] == [
        {"Accept": "*/*", "Authorization": "Bearer your-api-key"},
        {"Accept": "*/*", "Authorization": "Bearer free-key"},
        {"Accept": "*/*"},
        {"Accept": "*/*", "X-API-Key": "mine"},
        {"Authorization": "Bearer your-api-key"},
    ]


def test_what_a_fixture_created_is_cancelled_with_the_same_key() -> None:
    """Nothing goes on running, whatever went wrong in between."""
    place = ObligingPlace()
    problems = ASYNCQUEUE.play(
        place,
        fixture_of(
            {"request": {"line": "POST /v1/tasks", "key": "{other_key}", "json": {}}, "expect": {"status": 400}},
        ),
    )
    assert problems == ["POST /v1/tasks: status: expected 400, got 201"]
    method, path, headers, _ = place.asked[-1]
    assert (method, path) == ("POST", f"/v1/tasks/{TASK_ID}/cancel")
    assert headers["Authorization"] == "Bearer other-key"
