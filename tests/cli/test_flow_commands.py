"""An instructor with `sluice flow`, before a running stack."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from typer.testing import CliRunner

from cli.__main__ import app
from infra.local.stack import LocalStack


class Instructor:
    """Somebody who knows the operator's key, and a group of students that asks for things."""

    def __init__(self, stack: LocalStack) -> None:
        self.url = stack.base_url
        self.operator_key = stack.document["operator"]["key"]
        self.api_key = stack.document["asyncflow"]["api_key"]

    def run(self, *arguments: str, key: str | None = None) -> tuple[int, str, str]:
        place = ("--url", self.url, "--operator-key", key or self.operator_key)
        done = CliRunner().invoke(app, [*place, *arguments])
        return done.exit_code, done.stdout, done.stderr

    def json(self, *arguments: str) -> Any:
        code, out, err = self.run("--json", *arguments)
        assert (code, err) == (0, "")
        return json.loads(out)

    def students_ask(self, group: str, **headers: str) -> requests.Response:
        identity = {"X-API-KEY": self.api_key, "X-STUDENT-GROUP": group}
        message = {"destination": "always-complete", "content": "x"}
        return requests.post(f"{self.url}/asyncflow", json=message, headers={**identity, **headers}, timeout=10)


@pytest.fixture(scope="module")
def instructor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instructor]:
    folder: Path = tmp_path_factory.mktemp("stack")
    with LocalStack(folder=folder) as stack:
        yield Instructor(stack)


def test_the_profiles_are_a_table(instructor: Instructor) -> None:
    code, out, err = instructor.run("flow", "profiles")
    header, *rows = out.splitlines()
    assert (code, err) == (0, "")
    assert header.startswith("profile ")
    named = [profile["name"] for profile in instructor.json("flow", "profiles")["profiles"]]
    assert [row.split()[0] for row in rows] == named
    assert "realistic" in named
    drill = next(row for row in rows if row.startswith("outage-drill "))
    assert "2-30 s" in drill
    assert "45 s in 300 s" in drill
    exam = next(row for row in rows if row.startswith("exam "))
    assert exam.split()[-2:] == ["no", "no"]


def test_a_profile_of_a_group_is_set_shown_and_taken_back(instructor: Instructor) -> None:
    code, out, _ = instructor.run("flow", "show", "--group", "red")
    assert (code, out.splitlines()[0]) == (0, "Group red: realistic (as the stage)")
    set_to = instructor.json(
        *("flow", "set", "flaky", "--group", "red", "--for", "15m"),
        *("--change", "failureRate=0.5", "--change", "explained=false"),
    )
    assert set_to["profile"]["failureRate"] == 0.5
    assert set_to["profile"]["explained"] is False
    code, out, _ = instructor.run("flow", "show", "--group", "red")
    assert out.splitlines()[0] == f"Group red: flaky until {set_to['expiresAt']}"
    assert "  failureRate           0.5\n" in out
    assert "  explained             false\n" in out
    assert f"Seed: {set_to['seed']}\n" in out
    assert instructor.json("flow", "show", "--group", "blue")["profile"]["name"] == "realistic"
    code, out, _ = instructor.run("flow", "reset", "--group", "red")
    assert (code, out.splitlines()[0]) == (0, "Group red: realistic (as the stage)")


@pytest.mark.parametrize(("lasting", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7_200), ("30d", 2_592_000)])
def test_a_profile_ends_after_the_time_that_was_said(instructor: Instructor, lasting: str, seconds: int) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    expires_at = datetime.fromisoformat(
        instructor.json("flow", "set", "slow", "--group", "grey", "--for", lasting)["expiresAt"]
    )
    assert timedelta(seconds=seconds) <= expires_at - before <= timedelta(seconds=seconds + 30)


def test_the_stage_s_profile_holds_for_every_group(instructor: Instructor) -> None:
    code, out, _ = instructor.run("flow", "set", "outage-drill")
    first, *rest = out.splitlines()
    assert (code, first) == (0, "Stage: outage-drill")
    assert sum(line.startswith("Outage: ") for line in rest) == 5
    code, out, _ = instructor.run("flow", "show", "--group", "green")
    assert out.splitlines()[0] == "Group green: outage-drill (as the stage)"
    code, out, _ = instructor.run("flow", "reset")
    assert (code, out.splitlines()[0]) == (0, "Stage: realistic (the default)")


@pytest.mark.parametrize("group", ["Group 7/b", "50%", "née Ö", "a?b#c", "x" * 100])
def test_any_name_that_a_group_may_have_reaches_it(instructor: Instructor, group: str) -> None:
    assert instructor.json("flow", "set", "calm", "--group", group)["group"] == group
    assert instructor.json("flow", "show", "--group", group)["profile"]["name"] == "calm"
    assert instructor.json("flow", "show")["profile"]["name"] == "realistic"


def test_the_report_compares_the_groups(instructor: Instructor) -> None:
    instructor.json("flow", "set", "calm", "--group", "yellow")
    assert instructor.students_ask("yellow").status_code == 202
    assert instructor.students_ask("yellow", Prefer="code=503").status_code == 503
    code, out, err = instructor.run("flow", "report")
    header, *rows = out.splitlines()
    assert (code, err) == (0, "")
    assert header.split()[:3] == ["group", "profile", "submitted"]
    (row,) = (row for row in rows if row.startswith("yellow "))
    assert row.split()[:3] == ["yellow", "calm", "1"]
    (told,) = (group for group in instructor.json("flow", "report")["groups"] if group["group"] == "yellow")
    assert (told["requests"], told["simulatedFaults"]) == (2, 1)
    code, out, err = instructor.run("flow", "report", "--csv")
    lines = {line["group"]: line for line in csv.DictReader(io.StringIO(out))}
    assert lines["yellow"]["simulatedFaults"] == "1"
    assert set(lines["yellow"]) == set(told)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("set", "sunny"), 1, "400: profile must be one of: calm, realistic, flaky"),
        (("set", "calm", "--for", "soon"), 2, "--for must be a number with s, m, h or d, such as 90s, 15m, 2h or 1d, "),
        (("set", "calm", "--for", "31d"), 1, "400: expiresInSeconds must be a whole number between 1 and 2592000"),
        (("set", "calm", "--change", "failureRate"), 2, "--change must be MEMBER=VALUE, such as failureRate=0.5, not "),
        (("set", "calm", "--change", "failureRate=often"), 1, "400: failureRate must be a number between 0 and 1"),
        (("set", "calm", "--change", "failureRate=NaN"), 1, "400: failureRate must be a number between 0 and 1"),
        (("set", "calm", "--change", "failrate=1"), 1, "400: Unknown profile member: failrate (did you mean "),
        (("show", "--group", "x" * 101), 1, "400: group must be 1 to 100 printable characters"),
        (("set", "exam", "--group", ".."), 2, "--group must be the name of a group, not '..'."),
        (("reset", "--group", ""), 2, "--group must be the name of a group, not ''."),
    ],
)
def test_a_mistake_is_named_with_what_is_allowed(
    instructor: Instructor, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done, out, err = instructor.run("flow", *arguments)
    assert (done, out, err[: len(message)]) == (code, "", message)
    assert err.count("\n") == 1
    assert instructor.json("flow", "show")["assigned"] is False


def test_two_forms_of_the_report_at_once_are_refused(instructor: Instructor) -> None:
    code, out, err = instructor.run("--json", "flow", "report", "--csv")
    assert (code, out, err) == (2, "", "--csv and --json are two forms of one report: choose one.\n")


def test_without_the_operator_s_key_nothing_is_told(instructor: Instructor) -> None:
    for command in ("profiles", "show", "report"):
        code, out, err = instructor.run("flow", command, key=instructor.api_key)
        assert (code, out, err) == (3, "", "401: Invalid operator key\n")


@pytest.mark.parametrize("command", ["profiles", "show", "set", "reset", "report"])
def test_every_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(app, ["flow", command, "--help"])
    assert done.exit_code == 0
    assert f"flow {command} [OPTIONS]" in done.stdout
