"""`sluice dead-letter ...` and `sluice queue ...`"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from cli.asking import YES, confirm, progress
from cli.exits import Exit, stop
from cli.table import table
from cli.target import Target, plain, segment

app = typer.Typer(help="What the queues could not settle and keep for you.", no_args_is_help=True)
queues = typer.Typer(help="The queues behind the tasks.", no_args_is_help=True)

_PATH = "/operator/dead-letters"
_IDS = typer.Argument(None, help="Ids of dead letters; `sluice dead-letter list` shows them.", show_default=False)
_ALL = typer.Option(False, "--all", help="All of them; --reason chooses among them.")
_REASON = typer.Option(
    None, "--reason", help="Only those kept for this reason: unreadable, newer, given-up or webhook."
)
_REASONS = ("unreadable", "newer", "given-up", "webhook")


@app.command("list", epilog="Example: sluice dead-letter list --reason given-up")
def list_letters(
    context: typer.Context,
    reason: str = _REASON,
    limit: int = typer.Option(50, "--limit", min=1, help="How many are looked at."),
    everything: bool = typer.Option(False, "--all", help="Look at all there are, from as many pages as that takes."),
) -> None:
    """List dead letters, oldest first."""
    target: Target = context.obj
    answer = _page(target, None if everything else limit, reason)
    rows = [
        (letter["id"], letter["reason"], letter["at"], letter["task"] or "-", letter["team"] or "-")
        for letter in answer["deadLetters"]
    ]
    more = "\nThere are more: --all, or a higher --limit." if answer["next"] else ""
    target.show(
        answer, table(("letter", "reason", "at", "task", "team"), rows) + more if rows else f"No dead letters.{more}"
    )


@app.command(epilog="Example: sluice dead-letter show LETTER_ID")
def show(context: typer.Context, letter: str = typer.Argument(help="The letter's id.")) -> None:
    """Show a dead letter with its message. Secrets are masked."""
    target: Target = context.obj
    answer = target.ask("GET", f"{_PATH}/{segment(letter)}")
    found = answer["deadLetter"]
    width = max(map(len, found))
    target.show(answer, "\n".join(f"{name:<{width}}  {value}" for name, value in found.items() if value is not None))


@app.command(epilog="Example: sluice dead-letter redrive --all --reason given-up --yes")
def redrive(
    context: typer.Context,
    letters: list[str] = _IDS,
    everything: bool = _ALL,
    reason: str = _REASON,
    yes: bool = YES,
) -> None:
    """Send on what dead letters stand for: a task that was given up runs as a new one, a webhook is sent after all."""
    target: Target = context.obj
    chosen = _chosen(target, letters, everything, reason)
    if everything and chosen:
        confirm(f"Redrive {len(chosen)} dead letters?", yes=yes)
    _each(target, chosen, "Redriving", "redriven", lambda letter: target.ask("POST", f"{letter}/redrive"))


@app.command(epilog="Example: sluice dead-letter discard LETTER_ID --yes")
def discard(
    context: typer.Context,
    letters: list[str] = _IDS,
    everything: bool = _ALL,
    reason: str = _REASON,
    yes: bool = YES,
) -> None:
    """Throw dead letters away. Their tasks, if they have any, stay as they are."""
    target: Target = context.obj
    chosen = _chosen(target, letters, everything, reason)
    if chosen:
        confirm(f"Throw {len(chosen)} dead letters away for good?", yes=yes)
    _each(target, chosen, "Discarding", "discarded", lambda letter: target.ask("DELETE", letter))


@queues.command("list", epilog="Example: sluice queue list")
def list_queues(context: typer.Context) -> None:
    """Show how many messages the queues hold, roughly: waiting, with a reader or held back, and not due yet."""
    target: Target = context.obj
    answer = target.ask("GET", "/operator/queues")
    rows = [(queue["name"], queue["waiting"], queue["inFlight"], queue["delayed"]) for queue in answer["queues"]]
    target.show(answer, table(("queue", "waiting", "in flight", "delayed"), rows))


def _page(target: Target, most: int | None, reason: str | None) -> dict[str, Any]:
    if reason is not None and reason not in _REASONS:
        raise stop(Exit.USAGE, f"--reason must be one of {', '.join(_REASONS)}, not {reason!r}.")
    page = target.pages(_PATH, "deadLetters", most)
    if reason is not None:
        page["deadLetters"] = [letter for letter in page["deadLetters"] if letter["reason"] == reason]
    return page


def _chosen(target: Target, letters: list[str] | None, everything: bool, reason: str | None) -> list[str]:
    if bool(letters) == everything:
        raise stop(Exit.USAGE, "Name the dead letters by their ids, or take them --all.")
    if letters:
        return letters
    return [letter["id"] for letter in _page(target, None, reason)["deadLetters"]]


def _each(target: Target, letters: list[str], what: str, done: str, act: Callable[[str], Any]) -> None:
    """Do the same to every letter; one that is refused keeps no other from its turn, and sets the exit code."""
    answers: list[Any] = []
    refused: list[str] = []
    code = Exit.OK
    for letter in progress(letters, what):
        try:
            answers.append(act(f"{_PATH}/{segment(letter)}"))
        except typer.Exit as refusal:
            if refusal.exit_code in (Exit.AUTH, Exit.TIMED_OUT):
                raise
            refused.append(letter)
            code = Exit(refusal.exit_code)
    lines = [
        f"{letter['id']}  {letter['action']}" + (f"  task {letter['task']}" if letter["task"] else "")
        if "action" in letter
        else f"{letter['id']}  {done}"
        for letter in answers
    ]
    target.show({done: answers, "refused": refused}, "\n".join(lines) if letters else "No dead letters.")
    if refused:
        raise stop(code, plain(f"Refused: {', '.join(refused)}"))
