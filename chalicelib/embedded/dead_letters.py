"""Dead letters in SQLite."""

from __future__ import annotations

import msgspec

from chalicelib.domain.dead_letters import DeadLetter
from chalicelib.embedded.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS dead_letters (id TEXT PRIMARY KEY, expires_s INTEGER NOT NULL, letter BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS dead_letters_expiry ON dead_letters (expires_s);
"""
_PAGE = "SELECT letter FROM dead_letters WHERE id > ? AND expires_s > ? ORDER BY id LIMIT ?"
_letter = msgspec.json.Decoder(DeadLetter)


class EmbeddedDeadLetters:
    """The port `DeadLetterStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.define(_SCHEMA)

    def keep(self, letter: DeadLetter, *, expires_s: int) -> None:
        """Store a letter; one of the same id is the same letter."""
        self._database.change(
            "REPLACE INTO dead_letters VALUES (?, ?, ?)", (letter.id, expires_s, msgspec.json.encode(letter))
        )

    def get(self, letter_id: str, *, now: int) -> DeadLetter | None:
        """One letter."""
        found = self._database.rows(
            "SELECT letter FROM dead_letters WHERE id = ? AND expires_s > ?", (letter_id, now // 1000)
        )
        return _letter.decode(found[0][0]) if found else None

    def page(self, after: str, limit: int, *, now: int) -> list[DeadLetter]:
        """Up to so many letters whose ids come after this text, oldest first."""
        return [_letter.decode(row[0]) for row in self._database.rows(_PAGE, (after, now // 1000, limit))]

    def remove(self, letter_id: str) -> None:
        """Forget a letter; one that does not exist is forgotten already."""
        self._database.change("DELETE FROM dead_letters WHERE id = ?", (letter_id,))
