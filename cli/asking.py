"""Asking whether something that cannot be undone is meant, and showing how far long work has come."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sized
from typing import Protocol, TypeVar

import typer
from rich.console import Console
from rich.progress import track

from cli.exits import Exit, stop

T_co = TypeVar("T_co", covariant=True)

#: The option of every command that asks.
YES = typer.Option(False, "--yes", "-y", help="Do not ask.")


class Countable(Sized, Iterable[T_co], Protocol[T_co]):
    """What is worked through, and how much of it there is."""


def confirm(question: str, *, yes: bool) -> None:
    """Go on if that is meant. Without a terminal there is nobody to ask: then only `--yes` goes on."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise stop(Exit.USAGE, f"{question} There is no terminal to ask at: say --yes if that is meant.")
    if not typer.confirm(question, err=True):
        raise stop(Exit.USAGE, "Nothing was done.")


def progress(work: Countable[T_co], what: str) -> Iterator[T_co]:
    """The work, one by one, with a bar on standard error where that is a terminal and there is more than one."""
    console = Console(stderr=True)
    yield from track(work, what, console=console, disable=len(work) < 2 or not console.is_terminal, transient=True)
