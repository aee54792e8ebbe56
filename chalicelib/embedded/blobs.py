"""Versioned blobs in SQLite."""

from __future__ import annotations

from chalicelib.embedded.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS blobs (
    name TEXT PRIMARY KEY, version INTEGER NOT NULL, expires_s INTEGER NOT NULL, blob BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS blobs_expiry ON blobs (expires_s);
"""


class EmbeddedBlobs:
    """The port `Blobs`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.define(_SCHEMA)

    def get(self, name: str) -> tuple[int, bytes]:
        """The stored version and blob; version 0 and no bytes when none is stored."""
        found = self._database.rows("SELECT version, blob FROM blobs WHERE name = ?", (name,))
        stored: tuple[int, bytes] = found[0] if found else (0, b"")
        return stored

    def swap(self, name: str, blob: bytes, *, over: int, expires_s: int) -> tuple[int, bytes] | None:
        """Store the blob as version `over + 1` if the stored version is `over` (0: none is stored); None when done,
        else the stored version and blob."""
        with self._database.transaction():
            stored = self.get(name)
            if stored[0] != over:
                return stored
            self._database.change("REPLACE INTO blobs VALUES (?, ?, ?, ?)", (name, over + 1, expires_s, blob))
            return None

    def beginning(self, prefix: str) -> list[tuple[str, bytes]]:
        """Names that begin so, with their blobs, in the order of the names."""
        found: list[tuple[str, bytes]] = self._database.rows(
            "SELECT name, blob FROM blobs WHERE substr(name, 1, ?) = ? ORDER BY name", (len(prefix), prefix)
        )
        return found
