"""An operator with `sluice task`: what every team's tasks do, once more, and at last."""

from __future__ import annotations

from typing import Any

import pytest
from cli_terminal import Operator, eventually

from cli.exits import Exit

LATER = "2040-01-01T00:00:00Z"


def finished(operator: Operator, **members: Any) -> str:
    task = operator.submit(**members)
    eventually(lambda: operator.json("task", "show", task)["task"]["completedAt"])
    return task


def test_a_task_is_inspected_with_its_attempts_and_without_its_secrets(operator: Operator) -> None:
    task = finished(
        operator,
        callbackUrl=f"{operator.url}/nowhere?token=hunter2",
        method="POST",
        headers={"Authorization": "hunter2", "X-Order": "7"},
        body='{"password":"hunter2","order":7}',
    )
    told = operator.json("task", "show", task)["task"]
    assert (told["surface"], told["kind"], told["status"]) == ("asyncqueue", "callback", "completed")
    assert [attempt["statusCode"] for attempt in told["attempts"]] == [404]
    assert told["request"] == {
        "headers": {"Authorization": "********", "X-Order": "********"},
        "body": '{"password":"********","order":7}',
    }
    code, out, err = operator.run("task", "show", task)
    assert (code, err) == (0, "")
    assert "hunter2" not in out
    assert f"Task {task} is completed, attempt 1 of 4\n" in out
    assert "token=********" in out


def test_an_owners_tasks_are_listed_page_by_page(operator: Operator) -> None:
    team = operator.json("task", "show", operator.submit(delayUntil=LATER))["task"]["team"]
    for _ in range(3):
        operator.submit(delayUntil=LATER)
    page = operator.json("task", "list", "--team", team, "--status", "delayed", "--limit", "2")
    assert (len(page["tasks"]), page["next"] is None) == (2, False)
    everything = operator.json("task", "list", "--team", team, "--status", "delayed", "--all")
    assert (len(everything["tasks"]), everything["next"]) == (4, None)
    assert everything["tasks"][:2] == page["tasks"]
    code, out, _ = operator.run("task", "list", "--team", team, "--limit", "1")
    assert (code, out.splitlines()[-1]) == (0, "There are more: --all, or a higher --limit.")


def test_a_finished_task_is_replayed_as_a_new_one(operator: Operator) -> None:
    task = finished(operator)
    replayed = operator.json("task", "replay", task, "--wait", "15")["task"]
    assert (replayed["replayOf"], replayed["status"]) == (task, "completed")
    assert replayed["id"] != task
    code, out, _ = operator.run("task", "replay", task)
    assert (code, out.split()[2:4]) == (0, ["repeats", f"{task}."])


def test_a_task_that_waits_is_not_replayed_but_re_armed(operator: Operator) -> None:
    task = operator.submit(delayUntil=LATER)
    code, out, err = operator.run("task", "replay", task)
    assert (code, out) == (Exit.API_ERROR, "")
    assert err == "409: The task is not finished: there is nothing to replay yet\n"
    assert operator.json("task", "rearm", task)["task"]["status"] == "delayed"


def test_waiting_ends_with_an_exit_code_of_its_own(operator: Operator) -> None:
    code, _, err = operator.run("task", "show", operator.submit(delayUntil=LATER), "--wait", "1")
    assert (code, err.rpartition(" is ")[2]) == (Exit.TIMED_OUT, "delayed after 1 s.\n")
    # Nobody listens at this port.
    broken = finished(operator, callbackUrl="http://127.0.0.1:9/", maxRetries=0)
    code, _, err = operator.run("task", "show", broken, "--wait", "5")
    assert (code, err) == (Exit.TASK_FAILED, f"Task {broken} is failed.\n")


@pytest.mark.parametrize("command", ["show", "replay", "rearm"])
def test_a_task_that_is_not_there_is_not_found(operator: Operator, command: str) -> None:
    code, out, err = operator.run("task", command, "11111111-2222-4333-8444-555555555555")
    assert (code, out, err) == (Exit.NOT_FOUND, "", "404: Task not found\n")
