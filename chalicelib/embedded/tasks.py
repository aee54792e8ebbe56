"""Task rows in SQLite. Every write is the domain's own function between a read and a write under one lock."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from chalicelib.domain import lifecycle, wakeup
from chalicelib.domain.errors import SpoiledError, UnavailableError
from chalicelib.domain.listing import PAGE_BODY_BYTES, Page, Position, Query, View
from chalicelib.domain.task import CLAIMABLE, Payload, Result, Status, Task, Unreadable
from chalicelib.embedded.database import Database
from chalicelib.ports.tasks import Applied, Fence, Refused, Stretch
from chalicelib.ports.vault import Vault
from chalicelib.vault.tasks import TaskVault

#: The fields that a commit replaces, besides the result; the others are as the row was created.
CHANGING = (
    "status",
    "attempt",
    "continued",
    "max_attempts",
    "due_at",
    "claim_token",
    "lease_until",
    "claimed_at",
    "started_at",
    "completed_at",
    "waited_ms",
    "history",
    "error",
    "webhook",
    "expires_at",
)

#: `row` is the task without its sealed parts, which have columns of their own; the columns before it repeat what
#: statements ask for.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (
    id TEXT PRIMARY KEY,
    team TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    expires_at INTEGER,
    row BLOB NOT NULL,
    request BLOB NOT NULL,
    payload BLOB NOT NULL,
    result BLOB
);
CREATE INDEX IF NOT EXISTS tasks_listing ON tasks (team, created_at, id, status, due_at, expires_at);
CREATE INDEX IF NOT EXISTS tasks_running ON tasks (id) WHERE status = 'running';
CREATE INDEX IF NOT EXISTS tasks_expiry ON tasks (expires_at) WHERE expires_at IS NOT NULL;
"""

_INSERT = "INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)"
_UPDATE = "UPDATE tasks SET status = ?, due_at = ?, expires_at = ?, row = ? WHERE id = ?"
_COMMIT = "UPDATE tasks SET status = ?, due_at = ?, expires_at = ?, row = ?, result = ? WHERE id = ?"
#: `view_of` of the domain, in terms of the columns.
_VIEW = f"""
CASE WHEN status = '{Status.QUEUED}' AND due_at > :now THEN '{View.DELAYED}'
    WHEN status IN ({", ".join(f"'{status}'" for status in sorted(CLAIMABLE))}) THEN '{View.PENDING}'
    WHEN status = '{Status.RUNNING}' THEN '{View.PROCESSING}' ELSE status END
"""
#: Answered by the index `tasks_listing` alone: a row is read only when it is shown.
_LISTED = f"""
FROM tasks WHERE team = :team AND created_at > :created_after AND created_at < :created_before
    AND (expires_at IS NULL OR expires_at > :now / 1000) AND (:view IS NULL OR {_VIEW} = :view)
"""
_COUNT = f"SELECT COUNT(*) {_LISTED}"
_PART = "LIMIT :limit OFFSET :offset"
_NEWEST = f"SELECT id {_LISTED} AND (created_at, id) < (:at, :id) ORDER BY created_at DESC, id DESC {_PART}"
_OLDEST = f"SELECT id {_LISTED} AND (created_at, id) > (:at, :id) ORDER BY created_at, id {_PART}"
#: Before and after every instant.
_EVER, _NEVER = -1, 2**62

#: Rows that are looked through at a time for those that are overdue.
_STRETCH = 1_000

_encode = msgspec.msgpack.Encoder().encode
_decode_row = msgspec.msgpack.Decoder(Task).decode


class EmbeddedTasks:
    """The store and the reader of task rows."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = TaskVault(vault)
        database.define(_SCHEMA)

    def create(self, task: Task) -> Applied | Refused:
        """Store a new row. Refused when the id is taken. Rows that expired before its creation are deleted."""
        with self._database.transaction():
            self._database.change("DELETE FROM tasks WHERE expires_at <= ?", (task.created_at // 1000,))
            taken = self._row(task.id)
            if taken is not None:
                return Refused(taken)
            columns = (task.id, task.team, task.created_at, task.status.value, task.due_at, task.expires_at)
            sealed = (self._vault.request(task), self._vault.payload(task))
            self._database.change(_INSERT, (*columns, _packed(task), *sealed))
            return Applied(replace(task, payload=None))

    def claim(self, task_id: str, *, attempt: int, token: str, now: int) -> Applied | Refused:
        """Claim attempt number `attempt` on the condition of `wakeup.startable`; the row as `lifecycle.claim` says."""
        with self._database.transaction():
            row = self._row(task_id, now)
            if row is None or not wakeup.startable(row, attempt, now):
                return Refused(row)
            return self._put(lifecycle.claim(row, token=token, now=now))

    def commit(self, task: Task, fence: Fence) -> Applied | Refused:
        """Replace the changing fields of a row that still stands as the fence says."""
        with self._database.transaction():
            row = self._row(task.id)
            if row is None or Fence.of(row) != fence:
                return Refused(row)
            changed = replace(row, **{name: getattr(task, name) for name in CHANGING})
            result = None if task.result is None else self._vault.result(changed, task.result)
            columns = (changed.status.value, changed.due_at, changed.expires_at)
            self._database.change(_COMMIT, (*columns, _packed(changed), result, task.id))
            return Applied(replace(changed, result=task.result))

    def cancel(self, task_id: str, *, team: str, now: int, expires_at: int) -> Applied | Refused:
        """Withdraw a waiting task of this team: status, end and expiry as `lifecycle.cancel` says."""
        with self._database.transaction():
            row = self._row(task_id, now)
            if row is None or row.team != team or row.status not in CLAIMABLE:
                return Refused(row)
            return self._put(lifecycle.cancel(row, now=now, retention_s=expires_at - now // 1000))

    def announced(self, task_id: str) -> None:
        """Clear the row's mark that a completion webhook is still to be sent."""
        with self._database.transaction():
            row = self._row(task_id)
            if row is not None and row.webhook:
                self._put(replace(row, webhook=False))

    def end_leases(self, now: int) -> int:
        """Let the attempts that are under way be taken over at once; how many. For who knows that no worker is left."""
        with self._database.transaction():
            running = self._database.rows("SELECT row FROM tasks WHERE status = 'running'")
            for row in (_decode_row(packed) for (packed,) in running):
                self._put(replace(row, lease_until=now - lifecycle.SKEW_MS))
        return len(running)

    def get(self, task_id: str, *, now: int, payload: bool = False, result: bool = True) -> Task | None:
        """The row with its result, unless that is not wanted, and with its payload on request."""
        with self._database.lock:
            row = self._row(task_id, now)
            if row is not None and result:
                row = replace(row, result=self._result(row))
            return replace(row, payload=self.payload(row)) if payload and row is not None else row

    def payload(self, task: Task) -> Payload:
        """The payload of a row that came without it. UnavailableError when the row has gone."""
        found = self._database.rows("SELECT payload FROM tasks WHERE id = ?", (task.id,))
        if not found:
            raise UnavailableError("the task's payload has gone with its row")
        return self._vault.payload_of(task, found[0][0])

    def page(self, query: Query, position: Position, limit: int, *, payloads: bool = False) -> Page:
        """One page of a listing with results, and with payloads on request."""
        asked = _asked(query)
        with self._database.lock:
            ((total,),) = self._database.rows(_COUNT, asked)
            statement, start = (_NEWEST, (_NEVER, "")) if query.newest_first else (_OLDEST, (_EVER, ""))
            at, last = position.after or start
            # One more than is shown says whether there are more.
            place = {"at": at, "id": last, "limit": limit + 1, "offset": position.offset}
            found = self._database.rows(statement, {**asked, **place})
            ids = [task_id for (task_id,) in found]
            tasks, cut = self._rows_within_budget(ids[:limit], payloads=payloads)
        return Page(tasks, total, more=cut or len(ids) > limit)

    def count(self, query: Query) -> int:
        """How many tasks a listing holds."""
        ((total,),) = self._database.rows(_COUNT, _asked(query))
        return int(total)

    def overdue(self, *, now: int, after: str | None) -> Stretch:
        """Look through the next rows, in the order of their ids."""
        found = self._database.rows(
            "SELECT id, row FROM tasks WHERE id > ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY id LIMIT ?",
            (after or "", now // 1000, _STRETCH),
        )
        rows = (_decode_row(row) for _, row in found)
        overdue = tuple(row for row in rows if wakeup.overdue(row, now))
        return Stretch(overdue, found[-1][0] if len(found) == _STRETCH else None)

    def _rows_within_budget(self, task_ids: list[str], *, payloads: bool) -> tuple[tuple[Task, ...], bool]:
        """The first of these rows that can be shown, as far as a page's budget of bytes goes, and whether it ended
        before the rows did."""
        tasks: list[Task] = []
        left = PAGE_BODY_BYTES
        for task_id in task_ids:
            row = self._shown(task_id, payload=payloads)
            if row is None:
                continue
            if row.result is not None:
                left -= len(row.result.body.encode())
            if tasks and left < 0:
                return tuple(tasks), True
            tasks.append(row)
        return tuple(tasks), False

    def _shown(self, task_id: str, *, payload: bool) -> Task | None:
        """The row as a page shows it, unless something of it is spoiled."""
        row = self._row(task_id)
        try:
            if row is None or row.work == Unreadable(spoiled=True):
                return None
            return replace(row, result=self._result(row), payload=self.payload(row) if payload else None)
        except SpoiledError:
            return None

    def _row(self, task_id: str, now: int | None = None) -> Task | None:
        """The row; None when there is none, or when it has expired at `now`."""
        found = self._database.rows("SELECT row, request FROM tasks WHERE id = ?", (task_id,))
        if not found:
            return None
        row = _decode_row(found[0][0])
        if now is not None and row.expires_at is not None and row.expires_at <= now // 1000:
            return None
        return self._vault.requested(row, found[0][1])

    def _result(self, row: Task) -> Result | None:
        stored = self._database.rows("SELECT result FROM tasks WHERE id = ?", (row.id,))[0][0]
        return None if stored is None else self._vault.result_of(row, stored)

    def _put(self, row: Task) -> Applied:
        self._database.change(_UPDATE, (row.status.value, row.due_at, row.expires_at, _packed(row), row.id))
        return Applied(row)


def _packed(task: Task) -> bytes:
    """The task without its sealed parts."""
    return _encode(replace(task, work=Unreadable(), on_complete_url=None, payload=None, result=None))


def _asked(query: Query) -> dict[str, object]:
    return {
        "team": query.team,
        "now": query.now,
        "view": None if query.view is None else query.view.value,
        "created_after": _EVER if query.created_after is None else query.created_after,
        "created_before": _NEVER if query.created_before is None else query.created_before,
    }
