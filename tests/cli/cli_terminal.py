"""Somebody at a terminal, before a running stack."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import requests
from typer.testing import CliRunner

from cli.__main__ import app


@dataclass
class Operator:
    """Somebody who knows the operator's key."""

    url: str
    key: str
    team_key: str
    aws: str

    def run(self, *arguments: str, key: str | None = None, typed: str | None = None) -> tuple[int, str, str]:
        """A command: its exit code, what it printed, and what it said."""
        done = CliRunner().invoke(app, ["--url", self.url, "--operator-key", key or self.key, *arguments], input=typed)
        return done.exit_code, done.stdout, done.stderr

    def json(self, *arguments: str) -> Any:
        """What a command that works out prints with `--json`."""
        code, out, err = self.run(*arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    def submit(self, **members: Any) -> str:
        """The id of a task that the demo team has asked for."""
        order = {"callbackUrl": f"{self.url}/health", "method": "GET", **members}
        headers = {"Authorization": f"Bearer {self.team_key}"}
        reply = requests.post(f"{self.url}/v1/tasks", json=order, headers=headers, timeout=10)
        return str(reply.json()["task"]["id"])

    def bury(self, body: str) -> None:
        """Leave a message among the dead letters, as a queue does that has handed it out too often."""
        sqs = boto3.client(
            "sqs",
            region_name="us-east-1",
            endpoint_url=self.aws,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        url = sqs.get_queue_url(QueueName="sluice-local-dead-letters")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="somebody")

    def letters(self) -> list[Any]:
        return list(self.json("dead-letter", "list", "--all")["deadLetters"])

    def gives_up(self, task: str) -> str:
        """Let a task that waits be given up; the id of its letter."""
        self.bury(json.dumps({"type": "attempt", "task": task, "n": 1, "due": 0, "rearmed": True, "v": 1}))
        found = eventually(lambda: [letter["id"] for letter in self.letters() if letter["task"] == task])
        return str(found[0])


def eventually(look: Callable[[], Any], seconds: float = 15) -> Any:
    """What a look shows once it shows something."""
    until = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < until, "it does not happen"
        time.sleep(0.1)
    return seen
