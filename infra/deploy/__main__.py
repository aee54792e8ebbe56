"""`python -m infra.deploy up|resources|down|rotate STAGE`: what the targets of make call."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from infra.deploy.down import Wish, destroy
from infra.deploy.plain import prepare
from infra.deploy.problems import NotReadyError, StackError
from infra.deploy.rotate import rotate_operator_key
from infra.deploy.up import Choices, deploy


def say(text: str) -> None:
    """A line for whoever waits."""
    print(text, flush=True)


def ask(question: str) -> str:
    """What is typed; nothing, when nobody is there to type."""
    try:
        typed = input(question)
    except EOFError:
        typed = ""
    if not sys.stdin.isatty():
        say(typed)
    return typed


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 1 when something has to be put right first, or went wrong."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (("up", "bring a stage up, or up to date"), ("resources", "the same without functions and API")):
        command = commands.add_parser(name, help=what)
        command.add_argument("stage")
        command.add_argument("--architecture", choices=("arm64", "x86_64"))
        command.add_argument("--bucket", help="the bucket for packages and templates")
        command.add_argument("--alarm-topic", help="ARN of the SNS topic that alarms tell")
    down = commands.add_parser("down", help="take a stage away")
    down.add_argument("stage")
    down.add_argument("--data", choices=("keep", "delete"), default="keep", help="what becomes of tables and secrets")
    commands.add_parser("rotate", help="put another operator key in the old one's place").add_argument("stage")
    given = parser.parse_args(arguments)
    try:
        match given.command:
            case "up":
                deploy(given.stage, Choices(given.architecture, given.bucket, given.alarm_topic), say)
            case "resources":
                prepare(given.stage, Choices(given.architecture, given.bucket, given.alarm_topic), say)
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
