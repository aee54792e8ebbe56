"""What one attempt came to, as an executor reports it."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.task import Result


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The work is done."""

    waited_ms: int = 0
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt failed; another may succeed, unless it is `final`. `error` is a sentence for the task's owner.

    The next attempt waits for `at_least_ms`, or longer where the task's own schedule says so.
    """

    error: str
    waited_ms: int = 0
    result: Result | None = None
    final: bool = False
    at_least_ms: int = 0


@dataclass(frozen=True, slots=True)
class BudgetSpent:
    """The task's budget for waiting is used up: no further attempt."""

    error: str
    waited_ms: int = 0
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class Continue:
    """Not finished: go on after so many milliseconds. Spends no retry."""

    after_ms: int


Outcome = Succeeded | Failed | BudgetSpent | Continue
