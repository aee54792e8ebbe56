"""One limit over everything an exchange does."""

from __future__ import annotations

from time import monotonic


class Deadline:
    """A fixed moment, `timeout_s` seconds from its making, on a clock that is never set back."""

    def __init__(self, timeout_s: float) -> None:
        self._end_s = monotonic() + timeout_s

    def remaining_s(self) -> float:
        """Seconds left, always above 0. Raises TimeoutError when none are."""
        remaining_s = self._end_s - monotonic()
        if remaining_s <= 0:
            raise TimeoutError
        return remaining_s
