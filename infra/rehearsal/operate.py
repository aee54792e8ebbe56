"""What the operator's command must do against a deployment, as it does against the local stack."""

from __future__ import annotations

from functools import partial
from typing import Any

from infra.rehearsal.commands import Commands
from infra.rehearsal.receiver import Receiver
from infra.rehearsal.smoke import expect


def operate(commands: Commands, url: str, operator_key: str, team: str, receiver: Receiver) -> str:
    """Look after a team's tasks, the queues and the dead letters; `doctor` finds nothing amiss. What was seen."""
    sluice: partial[Any] = partial(commands.sluice, url, operator_key)
    (task,) = sluice("task", "list", "--team", team, "--status", "completed", "--limit", "1")["tasks"]
    shown = sluice("task", "show", task["id"])["task"]
    expect(shown["attempts"][-1]["outcome"] == "succeeded", shown)
    replay = sluice("task", "replay", task["id"], "--wait", "60")["task"]
    expect((replay["status"], replay["replayOf"]) == ("completed", task["id"]), replay)
    path = shown["work"]["url"].removeprefix(receiver.url)
    expect(receiver.calls(path)[replay["id"]] == 1, receiver.calls(path))
    letters = sluice("dead-letter", "list")["deadLetters"]
    expect(letters == [], letters)
    queues = sluice("queue", "list")["queues"]
    checks = sluice("doctor")["checks"]
    return (
        f"a task shown and replayed; no dead letters; {len(queues)} queues; doctor: {len(checks)} checks, none failed"
    )
