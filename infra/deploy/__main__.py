"""`python -m infra.deploy up|down|rotate STAGE`: what `make deploy`, `destroy` and `rotate-operator-key` call."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from infra.deploy.down import Wish, destroy
from infra.deploy.problems import NotReadyError, StackError
from infra.deploy.rotate import rotate_operator_key
from infra.deploy.up import Choices, deploy


def say(text: str) -> None:
    """A line for whoever waits."""
    print(text, flush=True)


def ask(question: str) -> str:
    """What is typed; nothing, when nobody is there to type."""
    try:
        return input(question)
    except EOFError:
        return ""


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 1 when something has to be put right first, or went wrong."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring a stage up, or up to date")
    up.add_argument("stage")
    up.add_argument("--architecture", choices=("arm64", "x86_64"))
    up.add_argument("--bucket", help="the bucket for packages and templates")
    up.add_argument("--alarm-topic", help="ARN of the SNS topic that alarms tell")
    down = commands.add_parser("down", help="take a stage away")
    down.add_argument("stage")
    down.add_argument("--data", choices=("keep", "delete"), default="keep", help="what becomes of tables and secrets")
    commands.add_parser("rotate", help="put another operator key in the old one's place").add_argument("stage")
    given = parser.parse_args(arguments)
    try:
        match given.command:
            case "up":
                deploy(given.stage, Choices(given.architecture, given.bucket, given.alarm_topic), say)
            case "down":
                destroy(given.stage, Wish(data=given.data == "delete"), ask, say)
            case "rotate":
                rotate_operator_key(given.stage, say)
    except (NotReadyError, StackError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
