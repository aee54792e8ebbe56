"""Where dead letters are kept for a person."""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.dead_letters import DeadLetter


class DeadLetterStore(Protocol):
    """Dead letters by their id, which sorts by age. Reads are strongly consistent; an expired letter is absent."""

    def keep(self, letter: DeadLetter, *, expires_s: int) -> None:
        """Store a letter; one of the same id is the same letter. It is forgotten from the epoch second `expires_s`
        on."""

    def get(self, letter_id: str, *, now: int) -> DeadLetter | None:
        """One letter."""

    def page(self, after: str, limit: int, *, now: int) -> list[DeadLetter]:
        """Up to so many letters whose ids come after this text, oldest first."""

    def remove(self, letter_id: str) -> None:
        """Forget a letter; one that does not exist is forgotten already."""
