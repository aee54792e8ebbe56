"""Time, chance, parallelism and the record of what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    def now(self) -> int:
        """Epoch milliseconds."""

    def sleep(self, ms: int) -> None:
        """Let so many milliseconds pass."""


class Randomness(Protocol):
    def bytes(self, count: int) -> bytes:
        """So many random bytes, fit for secrets."""


class Parallel(Protocol):
    def run(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Run all jobs, side by side where that is possible, and return their results in order."""


class Recorder(Protocol):
    """The record of what happened: one canonical line each. Nothing secret is ever handed to it."""

    def record(self, event: str, **fields: object) -> None:
        """One event with its fields: plain texts, numbers and None."""
