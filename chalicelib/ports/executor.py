"""What one attempt does."""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.exchange import Answer, NoAnswer
from chalicelib.domain.outcome import Outcome
from chalicelib.domain.task import Task


class Executor(Protocol):
    """One kind of work."""

    def attempt(self, task: Task, *, until: int) -> Outcome | None:
        """Make one attempt that is over at the instant `until`, whatever it has to read first. None when no time was
        left for it: then nothing was done. `task` carries its payload. Raises LockedError and SpoiledError
        before anything was done, and nothing else."""


class Witness(Protocol):
    """Keeps account of how tasks of some kind end."""

    def lost(self, task: Task) -> None:
        """Know that a task failed without an attempt that could tell. Told again of the same one, nothing changes.
        Never raises."""


class Announcer(Protocol):
    """The completion webhook."""

    def announce(self, task: Task, *, at_most_ms: int) -> Answer | NoAnswer:
        """Tell the task's owner how it ended, once. `task` carries its result. Never raises."""
