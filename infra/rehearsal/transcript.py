"""What a rehearsal says: a line per step with the seconds that it took, and what went on inside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Transcript:
    """Writes steps as they end, on standard output."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._number = 0

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    @contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """One step; what is put into the list is told below its line."""
        self._number += 1
        began, notes = time.monotonic(), list[str]()
        try:
            yield notes
        except BaseException:
            print(f"{self._number:2}  {what}: FAILED after {time.monotonic() - began:.1f} s", flush=True)
            self._tell(notes)
            raise
        print(f"{self._number:2}  {what} ({time.monotonic() - began:.1f} s)", flush=True)
        self._tell(notes)

    def _tell(self, notes: list[str]) -> None:
        for note in notes:
            print("\n".join(f"      {line}" for line in note.splitlines()), flush=True)
