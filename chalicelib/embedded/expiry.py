"""Rows that have had their time: what DynamoDB's TTL does to the tables of a deployment."""

from __future__ import annotations

from chalicelib.embedded.database import Database

#: Seconds that a token or a key is kept after its end, so that no clock finds it gone too early.
KEPT_AFTER_END_S = 86_400
#: One statement for each table whose rows expire. Few rows at a time: nobody waits longer than for these.
_EXPIRED = (
    "DELETE FROM tasks WHERE rowid IN (SELECT rowid FROM tasks WHERE expires_at <= ? LIMIT 500)",
    "DELETE FROM dead_letters WHERE rowid IN (SELECT rowid FROM dead_letters WHERE expires_s <= ? LIMIT 500)",
    "DELETE FROM tokens WHERE rowid IN (SELECT rowid FROM tokens WHERE expires_s <= ? LIMIT 500)",
    "DELETE FROM killed WHERE rowid IN (SELECT rowid FROM killed WHERE expires_s <= ? LIMIT 500)",
    "DELETE FROM keys WHERE rowid IN (SELECT rowid FROM keys WHERE expires_s <= ? LIMIT 500)",
    "DELETE FROM blobs WHERE rowid IN (SELECT rowid FROM blobs WHERE expires_s <= ? LIMIT 500)",
    "DELETE FROM items WHERE rowid IN (SELECT rowid FROM items WHERE expires_s <= ? LIMIT 500)",
)


def expire(database: Database, now: int) -> int:
    """Delete what has expired at `now` (epoch milliseconds); how many rows."""
    deleted = 0
    for statement in _EXPIRED:
        while gone := database.change(statement, (now // 1000,)):
            deleted += gone
    return deleted
