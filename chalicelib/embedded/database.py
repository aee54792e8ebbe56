"""One SQLite connection behind one lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any, Self

from chalicelib.domain.errors import UnavailableError

Values = Sequence[object] | Mapping[str, object]

#: A commit is on disk before it is confirmed (https://sqlite.org/pragma.html#pragma_synchronous): with a write-ahead
#: log under FULL that is one sync per commit, and a stop at any instant leaves what was committed, whole. On macOS a
#: sync reaches the medium only with `fullfsync`; elsewhere that says nothing.
_DURABLE = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA fullfsync = ON")
#: Seconds to wait for another process that reads or copies the file.
_PATIENCE_S = 10.0
#: What a full disk, a failing one or another process does to a statement (https://sqlite.org/rescode.html).
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)


class FormatError(Exception):
    """The file is no database that this code can work with; the message says what it is."""


class Database:
    """What the embedded stores share: each statement commits by itself, unless it is part of a transaction.

    A store that reads and then writes does both in one transaction; one that reads twice holds `lock`. UnavailableError
    from any call: nothing of it was written.
    """

    def __init__(self, path: str = ":memory:") -> None:
        self.lock = RLock()
        on_disk = path != ":memory:"
        if on_disk:
            # SQLite gives the files beside it the mode of this one.
            Path(path).touch(mode=0o600)
        # Any thread may use the connection: the lock lets in one at a time.
        self._connection = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
        if on_disk:
            try:
                self._prepare(path)
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self, path: str) -> None:
        try:
            for pragma in _DURABLE:
                self._connection.execute(pragma)
        except sqlite3.DatabaseError as error:
            raise FormatError(f"{path} cannot be opened: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the database go; one in memory is gone then, one on disk is a single file."""
        with self.lock:
            self._connection.close()

    def define(self, schema: str) -> None:
        """Make tables and indexes that are not there yet. FormatError when one is there and is another: this code would
        read and write amiss."""
        with self.transaction():
            for statement in schema.split(";\n"):
                self.change(statement)
                wanted = " ".join(statement.split())
                if wanted:
                    self._compare(wanted.replace("IF NOT EXISTS ", ""))

    def _compare(self, wanted: str) -> None:
        _, kind, name, *_ = wanted.split(" ")
        ((found,),) = self.rows("SELECT sql FROM sqlite_master WHERE name = ?", (name,))
        if " ".join(found.split()) != wanted:
            raise FormatError(f"the database was made by other code: its {kind.lower()} {name} is another")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is written while this is entered is written as a whole, or not at all when it is left by an exception.
        One within another is part of it."""
        with self.lock:
            if self._connection.in_transaction:
                yield
                return
            self._execute("BEGIN IMMEDIATE")
            try:
                yield
                self._execute("COMMIT")
            finally:
                # After a COMMIT there is none to roll back, unless it failed.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def rows(self, statement: str, values: Values = ()) -> list[Any]:
        """All rows of a query, as tuples."""
        with self.lock:
            return self._execute(statement, values).fetchall()

    def change(self, statement: str, values: Values = ()) -> int:
        """Make a change; how many rows it touched."""
        with self.lock:
            return self._execute(statement, values).rowcount

    def _execute(self, statement: str, values: Values = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.ProgrammingError as error:
            if "closed" not in str(error):
                raise
            # Under a thread that was still at work.
            raise UnavailableError("the database is closed") from None
        except sqlite3.OperationalError as error:
            # The first byte is the primary code, what is above it says more.
            if error.sqlite_errorcode & 0xFF in _PASSING:
                raise UnavailableError(f"the database: {error}") from None
            raise
