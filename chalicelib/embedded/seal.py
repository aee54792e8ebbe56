"""Which key the rows of a database are sealed with.

A database remembers the mark of its key. Under another one every waiting task would be found spoiled and fail for good,
so nothing is opened before the two were compared.
"""

from __future__ import annotations

from pathlib import Path

from chalicelib.domain.errors import SpoiledError
from chalicelib.embedded.database import Database
from chalicelib.vault.keyfile import KeyFile, kept_in

_SCHEMA = "CREATE TABLE IF NOT EXISTS sealed_with (mark BLOB NOT NULL)"


class LostKeyError(Exception):
    """The key file is not the one that sealed the database; the message says what to do."""


def key_of(database: Database, path: Path) -> KeyFile:
    """The key file of a database. One is made for a database that has none yet, never in place of one that is gone."""
    database.define(_SCHEMA)
    known = {bytes(mark) for (mark,) in database.rows("SELECT mark FROM sealed_with")}
    if known and not path.exists():
        raise LostKeyError(f"{path} is missing, and the database is sealed with it: put it back from your backup")
    try:
        mark = kept_in(path).mark
    except SpoiledError:
        raise LostKeyError(f"{path} is damaged, it is no key of 32 bytes: put it back from your backup") from None
    if not known:
        database.change("INSERT INTO sealed_with VALUES (?)", (mark,))
    elif mark not in known:
        raise LostKeyError(f"{path} is another key than the database is sealed with: put that one back")
    return KeyFile(path, mark)
