"""A scene at AsyncFlow says who asks, and its messages are waited for with few requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from surfaces.asyncflow.manual import ASYNCFLOW
from surfaces.asyncflow.scene import AsyncFlowScene
from surfaces.harness.matching import Fixture, Source
from surfaces.harness.obliging import JSON, ObligingPlace
from surfaces.harness.place import Reply


@pytest.mark.parametrize(
    ("request_", "credentials"),
    [
        ({}, {"X-API-KEY": "asyncflow-api-key", "X-STUDENT-GROUP": "group-7"}),
        ({"key": "{free_key}"}, {"X-API-KEY": "free-key", "X-STUDENT-GROUP": "group-7"}),
        ({"key": None}, {"X-STUDENT-GROUP": "group-7"}),
        ({"headers": {"X-STUDENT-GROUP": None}}, {"X-API-KEY": "asyncflow-api-key"}),
        ({"headers": {"x-api-key": "mine", "x-student-group": ""}}, {"x-api-key": "mine", "x-student-group": ""}),
    ],
)
def test_a_request_carries_the_key_and_the_group_unless_it_says_otherwise(
    request_: Mapping[str, object], credentials: Mapping[str, str]
) -> None:
    place = ObligingPlace()
    step = {"request": {"line": "GET /asyncflow", **request_}, "expect": {"status": 200}}
    fixture = Fixture("one", Source("asyncflow", "Endpoints", "GET /asyncflow"), (step,))
    ASYNCFLOW.play(place, fixture, {"group": "group-7"})
    ((_, _, headers, _),) = place.asked
    assert headers == {"Accept": "*/*", **credentials}


class StatusByStatus(ObligingPlace):
    """A place where each look finds the next status."""

    def __init__(self, *statuses: str) -> None:
        super().__init__()
        self._statuses = iter(statuses)

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        super().request(method, path, headers, body)
        return Reply(200, JSON, json.dumps({"status": next(self._statuses)}).encode())

    def settle(self, there: Callable[[], bool], timeout_s: float, *, in_call: bool = False) -> None:
        while not there():
            pass


def test_the_first_look_at_a_message_is_at_once_and_the_others_wait_for_a_change() -> None:
    place = StatusByStatus("Queued", "Processing", "Completed")
    AsyncFlowScene(place, {"unique": "7"}).settle_message("ASF-1", "Completed")
    assert [path for _, path, _, _ in place.asked] == ["/asyncflow/ASF-1", *["/asyncflow/ASF-1?wait=20"] * 2]
