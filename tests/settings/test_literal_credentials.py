"""What the manuals print opens nothing outside of the local stage, whichever API it is shown."""

from __future__ import annotations

import pytest
from world import World

from chalicelib.domain.literals import LITERALS

ROUTES = (
    "/v1/tasks",
    "/asyncflow",
    "/api/v1/tasks",
    "/api/tasks/11111111-2222-4333-8444-555555555555",
    "/operator/teams",
)


@pytest.mark.parametrize("literal", sorted(LITERALS))
def test_a_literal_opens_no_api_of_a_deployment(literal: str) -> None:
    shown = ({"Authorization": f"Bearer {literal}"}, {"X-API-Key": literal})
    with World(asyncflow_api_key=None, asimov_open=False) as world:
        assert not world.settings.local
        for route in ROUTES:
            for headers in shown:
                reply = world.request("GET", route, headers={"X-STUDENT-GROUP": "group-1", **headers})
                assert reply.status == 401, f"{route}: {reply.status}"
