"""Teams and their keys in SQLite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import msgspec

from chalicelib.domain.identity import Team
from chalicelib.embedded.database import Database
from chalicelib.embedded.expiry import KEPT_AFTER_END_S
from chalicelib.ports.identity import KeyEntry

_SCHEMA = """
CREATE TABLE IF NOT EXISTS teams (id TEXT PRIMARY KEY, version INTEGER NOT NULL, row BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS keys (
    hash TEXT PRIMARY KEY,
    team TEXT NOT NULL,
    key_id TEXT NOT NULL,
    expires_at INTEGER,
    used_at INTEGER,
    expires_s INTEGER
);
CREATE INDEX IF NOT EXISTS keys_expiry ON keys (expires_s) WHERE expires_s IS NOT NULL;
"""

_encode = msgspec.msgpack.Encoder().encode
_decode_team = msgspec.msgpack.Decoder(Team).decode


class EmbeddedIdentity:
    """The store of teams and keys."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.define(_SCHEMA)

    def team(self, team_id: str) -> Team | None:
        """The team with its keys and members."""
        found = self._database.rows("SELECT row FROM teams WHERE id = ?", (team_id,))
        return _decode_team(found[0][0]) if found else None

    def teams(self) -> list[Team]:
        """All teams, for the operator."""
        return [_decode_team(row) for (row,) in self._database.rows("SELECT row FROM teams ORDER BY id")]

    def save(self, team: Team, *, over: int | None) -> bool:
        """Store a team over the version it was read with, or as a new one (None). False when the version is another."""
        row = _encode(team)
        if over is None:
            made = self._database.change("INSERT OR IGNORE INTO teams VALUES (?, ?, ?)", (team.id, team.version, row))
            return made == 1
        changed = self._database.change(
            "UPDATE teams SET version = ?, row = ? WHERE id = ? AND version = ?", (team.version, row, team.id, over)
        )
        return changed == 1

    def key(self, key_hash: str) -> KeyEntry | None:
        """What a key's hash leads to."""
        return self.entries([key_hash]).get(key_hash)

    def entries(self, key_hashes: Sequence[str]) -> Mapping[str, KeyEntry]:
        """What each of these hashes leads to, without those that lead nowhere."""
        found = self._database.rows(
            "SELECT hash, team, key_id, expires_at, used_at FROM keys JOIN json_each(?) ON hash = value",
            (json.dumps(list(key_hashes)),),
        )
        return {key_hash: KeyEntry(*entry) for key_hash, *entry in found}

    def put_key(self, key_hash: str, entry: KeyEntry | None) -> None:
        """Set what a key's hash leads to, but for the use that was noted, which stays; None forgets it."""
        if entry is None:
            self._database.change("DELETE FROM keys WHERE hash = ?", (key_hash,))
        else:
            ends_at = entry.expires_at
            expires_s = None if ends_at is None else ends_at // 1000 + KEPT_AFTER_END_S
            self._database.change(
                "INSERT INTO keys (hash, team, key_id, expires_at, expires_s) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (hash) DO UPDATE SET team = excluded.team, key_id = excluded.key_id, "
                "expires_at = excluded.expires_at, expires_s = excluded.expires_s",
                (key_hash, entry.team, entry.key_id, ends_at, expires_s),
            )

    def use_key(self, key_hash: str, *, at: int, before: int) -> bool:
        """Note that a key was used, over a use until `before` or none. False when it was not noted."""
        changed = self._database.change(
            "UPDATE keys SET used_at = ? WHERE hash = ? AND (used_at IS NULL OR used_at <= ?)", (at, key_hash, before)
        )
        return changed == 1
