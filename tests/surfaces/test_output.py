"""What strangers wrote cannot break out of where it is shown: a cell, a line, a terminal."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Iterator

import pytest
from world import OPERATOR_KEY, ScriptedDoor, World, answer

from chalicelib.domain.literals import ASYNCFLOW_KEY

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://evil.example")', 'a,b"c']
#: What ends a line, steers a terminal, or turns the direction of what follows.
STEERING = ["a\nb", "a\r\nb", "a\x1b[2Jb", "a\x07b", "a\x00b", "a\u202eb", "a\u2028b", "a\x85b", "a\x9bb"]


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


def test_no_cell_of_the_report_begins_like_a_formula(world: World) -> None:
    for group in FORMULAS:
        sent = {"X-API-KEY": ASYNCFLOW_KEY, "X-STUDENT-GROUP": group}
        assert world.request("GET", "/asyncflow", headers=sent).status in (200, 500, 503, 504)

    reply = world.request("GET", "/operator/asyncflow/report?format=csv", key=OPERATOR_KEY)
    rows = list(csv.DictReader(io.StringIO(reply.body.decode())))

    assert {row["group"].removeprefix("'") for row in rows} == set(FORMULAS)
    assert [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@", "\t", "\r"))] == []
    assert all(row["group"].startswith("'") for row in rows if row["group"].removeprefix("'")[0] in "=+-@")


@pytest.mark.parametrize("text", STEERING)
def test_no_name_holds_what_could_steer_a_terminal(world: World, text: str) -> None:
    _, key = world.team()
    asked = [
        world.request("POST", "/operator/teams", key=OPERATOR_KEY, json={"name": text, "plan": "free"}),
        world.request("POST", "/operator/astraflow/tenants", key=OPERATOR_KEY, json={"name": text}),
        world.request("POST", "/v1/keys", key=key, json={"name": text}),
        world.request("POST", "/v1/members", key=key, json={"email": f"{text}@example.com"}),
    ]

    assert [reply.status for reply in asked] == [400] * 4
    for reply in asked:
        assert text not in reply.json["error"]


def test_no_answer_of_a_server_breaks_a_line_of_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """What a server says ends up in a task's error, which people read in a terminal."""
    _, key = world.team()
    door: ScriptedDoor = world.door
    door.script = lambda request: answer(599, "a\nb\x1b[2J", x_evil="a\u2028b")
    with caplog.at_level(logging.DEBUG):
        world.request("POST", "/v1/tasks", key=key, json={"callbackUrl": "https://a.example/", "maxRetries": 0})
        world.work()
    (task,) = world.request("GET", "/v1/tasks", key=key).json["tasks"]

    assert task["error"].isprintable()
    assert all(record.getMessage().isprintable() for record in caplog.records)
    for _, fields in world.recording.events:
        line = json.dumps(fields, default=str)
        assert "\n" not in line
        assert "\x1b" not in line
