"""How a command ends: its exit code, and the sentence that says why."""

from __future__ import annotations

from enum import IntEnum

import typer


class Exit(IntEnum):
    """Exit codes, for scripts."""

    OK = 0
    #: The API refused or failed, or cannot be reached.
    API_ERROR = 1
    #: The command was not used as its help says, or there was nobody to ask.
    USAGE = 2
    #: No operator key, or not this deployment's.
    AUTH = 3
    NOT_FOUND = 4
    THROTTLED = 5
    #: The API, or a task that was waited for, took too long.
    TIMED_OUT = 6
    #: The task that was waited for did not complete.
    TASK_FAILED = 7


#: What each is called in the documentation.
MEANINGS = {
    Exit.OK: "done",
    Exit.API_ERROR: "the API refused or failed, or cannot be reached",
    Exit.USAGE: "not used as `--help` says, or nobody was there to confirm",
    Exit.AUTH: "no operator key, or not this deployment's",
    Exit.NOT_FOUND: "there is no such thing",
    Exit.THROTTLED: "too many requests",
    Exit.TIMED_OUT: "the API, or a task that was waited for, took too long",
    Exit.TASK_FAILED: "the task that was waited for did not complete",
}


def stop(code: Exit, message: str) -> typer.Exit:
    """Say on standard error why the command ends; the exit to raise."""
    typer.echo(message, err=True)
    return typer.Exit(code)
