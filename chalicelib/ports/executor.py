"""What one attempt does."""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.exchange import Answer, NoAnswer
from chalicelib.domain.outcome import Outcome
from chalicelib.domain.task import Task


class Executor(Protocol):
    """One kind of work."""

    def attempt(self, task: Task, *, at_most_ms: int) -> Outcome:
        """Make one attempt, for at most so long. `task` carries its payload. Never raises."""


class Announcer(Protocol):
    """The completion webhook."""

    def announce(self, task: Task, *, at_most_ms: int) -> Answer | NoAnswer:
        """Tell the task's owner how it ended, once. `task` carries its result. Never raises."""
