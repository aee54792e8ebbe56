"""An operator with `sluice team`, `key` and `member`."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from cli_terminal import Operator

from cli.exits import Exit


@pytest.fixture(scope="module")
def payments(operator: Operator) -> Any:
    return operator.json("team", "create", "Payments")


def status(operator: Operator, key: str) -> int:
    return requests.get(f"{operator.url}/v1/keys", headers={"Authorization": f"Bearer {key}"}, timeout=10).status_code


def test_a_team_is_made_listed_shown_and_put_on_another_plan(operator: Operator, payments: Any) -> None:
    team = payments["team"]["id"]
    assert status(operator, payments["apiKey"]["key"]) == 200
    assert team in [listed["id"] for listed in operator.json("team", "list")["teams"]]
    code, out, _ = operator.run("team", "list")
    assert (code, out.splitlines()[0].split()) == (0, ["team", "plan", "created", "name"])
    assert operator.json("team", "plan", team, "pro")["team"]["plan"] == "pro"
    code, out, err = operator.run("team", "show", team)
    assert (code, err) == (0, "")
    assert out.startswith(f"Team {team} (pro): Payments, since ")


def test_a_key_is_made_rotated_and_revoked(operator: Operator) -> None:
    team = operator.json("team", "create", "Keys", "--plan", "pro")["team"]["id"]
    made = operator.json("key", "create", "build server", "--team", team)
    rotated = operator.json("key", "rotate", made["id"], "--team", team, "--overlap", "1h")
    assert [status(operator, each["key"]) for each in (made, rotated)] == [200, 200]
    code, out, _ = operator.run("key", "list", "--team", team)
    assert (code, len(out.splitlines())) == (0, 4)
    assert out.count("never") == 1, "the team's first key was not used; the others were"
    assert made["key"] not in out
    assert operator.json("key", "revoke", rotated["id"], "--team", team, "--yes") == {
        "id": rotated["id"],
        "revoked": True,
    }
    assert status(operator, rotated["key"]) == 401


def test_what_cannot_be_undone_is_asked_for_and_without_a_terminal_refused(operator: Operator, payments: Any) -> None:
    team, key = payments["team"]["id"], payments["apiKey"]["id"]
    code, out, err = operator.run("key", "revoke", key, "--team", team)
    assert (code, out) == (Exit.USAGE, "")
    assert "say --yes if that is meant" in err
    assert status(operator, payments["apiKey"]["key"]) == 200


def test_members_come_and_go(operator: Operator, payments: Any) -> None:
    team = payments["team"]["id"]
    added = operator.json("member", "add", "ann@example.com", "--team", team)
    assert [each["email"] for each in operator.json("member", "list", "--team", team)["members"]] == ["ann@example.com"]
    code, _, err = operator.run("member", "add", "Ann@example.com", "--team", team)
    assert (code, err) == (Exit.API_ERROR, "409: A member with this email already exists\n")
    operator.json("member", "remove", added["id"], "--team", team, "--yes")
    code, out, _ = operator.run("member", "list", "--team", team)
    assert (code, out[:15]) == (0, "No members yet;")


@pytest.mark.parametrize("arguments", [("team", "show", ".."), ("key", "list", "--team", ""), ("task", "show", " ")])
def test_what_is_no_id_is_not_sent(operator: Operator, arguments: tuple[str, ...]) -> None:
    code, out, err = operator.run(*arguments)
    assert (code, out) == (Exit.USAGE, "")
    assert err.endswith("is no id.\n")
