"""One SQLite connection behind one lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from types import TracebackType
from typing import Any, Self

Values = Sequence[object] | Mapping[str, object]


class Database:
    """What the embedded stores share: each statement commits by itself.

    A store that reads and then writes holds `lock` around both. That makes the pair atomic, for the connection is the
    only one: a file belongs to one process at a time.
    """

    def __init__(self, path: str = ":memory:") -> None:
        self.lock = RLock()
        # Any thread may use the connection: the lock lets in one at a time.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the database go; one in memory is gone then."""
        with self.lock:
            self._connection.close()

    def define(self, schema: str) -> None:
        """Make tables and indexes that are not there yet."""
        with self.lock:
            self._connection.executescript(schema)

    def teach(self, name: str, rule: Callable[..., str | int | None], arguments: int) -> None:
        """Let statements call a pure function by this name."""
        with self.lock:
            self._connection.create_function(name, arguments, rule, deterministic=True)

    def rows(self, statement: str, values: Values = ()) -> list[Any]:
        """All rows of a query, as tuples."""
        with self.lock:
            return self._connection.execute(statement, values).fetchall()

    def change(self, statement: str, values: Values = ()) -> int:
        """Make a change; how many rows it touched."""
        with self.lock:
            return self._connection.execute(statement, values).rowcount
