"""A task's row as a DynamoDB item: which attribute holds which field, and which of them change.

What is sealed is not here: `parts` says where it lies. Attribute names are short because each write is billed
by the item's bytes, names included, and an everyday task is to stay within one unit of 1,024.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import keys, packing
from chalicelib.aws.attributes import Item, Value, flag, flag_of, number, number_of, text, text_of
from chalicelib.domain.listing import shelf_of
from chalicelib.domain.task import SigningState, Status, Task, Unreadable

_REQUIRED = object()


@dataclass(frozen=True, slots=True)
class _Kind:
    """How values of one kind are written and read."""

    write: Callable[[Any], Value]
    read: Callable[[Value], Any]


@dataclass(frozen=True, slots=True)
class _Column:
    """One field of a task and its attribute. `absent` is the value that an item without the attribute stands for;
    `changes` marks what may differ after the row was made."""

    field: str
    attribute: str
    kind: _Kind
    changes: bool = False
    absent: object = _REQUIRED


_TEXT = _Kind(text, text_of)
_NUMBER = _Kind(number, number_of)
_FLAG = _Kind(flag, flag_of)
_STATUS = _Kind(lambda status: text(status.value), lambda value: Status(text_of(value)))
_SIGNING = _Kind(lambda state: text(packing.pack_signing(state)), lambda value: packing.unpack_signing(text_of(value)))
_HISTORY = _Kind(lambda lines: text(packing.pack_history(lines)), lambda value: packing.unpack_history(text_of(value)))

_COLUMNS = (
    _Column("team", "team", _TEXT),
    _Column("status", "status", _STATUS, changes=True),
    _Column("max_attempts", "max", _NUMBER, changes=True),
    _Column("due_at", "dueAt", _NUMBER, changes=True),
    _Column("created_at", "createdAt", _NUMBER),
    _Column("create_token", "createToken", _TEXT),
    _Column("fingerprint", "fingerprint", _TEXT, absent=None),
    _Column("delay_until", "delayUntil", _NUMBER, absent=None),
    _Column("signing", "signing", _SIGNING, absent=SigningState()),
    _Column("hops", "hops", _NUMBER, absent=0),
    _Column("attempt", "attempt", _NUMBER, changes=True),
    _Column("continued", "continued", _NUMBER, changes=True, absent=0),
    _Column("claim_token", "claimToken", _TEXT, changes=True, absent=None),
    _Column("claimed_at", "claimedAt", _NUMBER, changes=True, absent=None),
    _Column("lease_until", "leaseUntil", _NUMBER, changes=True, absent=None),
    _Column("started_at", "startedAt", _NUMBER, changes=True, absent=None),
    _Column("completed_at", "completedAt", _NUMBER, changes=True, absent=None),
    _Column("waited_ms", "waitedMs", _NUMBER, changes=True, absent=0),
    _Column("history", "history", _HISTORY, changes=True, absent=()),
    _Column("error", "error", _TEXT, changes=True, absent=None),
    _Column("webhook", "webhook", _FLAG, changes=True, absent=False),
    _Column("expires_at", "expiresAt", _NUMBER, changes=True, absent=None),
    _Column("replay_of", "replayOf", _TEXT, absent=None),
)

#: The attributes that a commit replaces, without those of the result.
CHANGING = frozenset({"shelf", *(column.attribute for column in _COLUMNS if column.changes)})


def row_of(task: Task) -> Item:
    """The row of a task, without what is sealed: its keys, its place in the index, and its fields."""
    row = keys.task(task.id)
    row["shelf"] = text(keys.shelf(task.team, shelf_of(task.status)))
    row["listed"] = text(keys.listed(task.created_at, task.id))
    for column in _COLUMNS:
        value = getattr(task, column.field)
        if value != column.absent:
            row[column.attribute] = column.kind.write(value)
    return row


def task_of(row: Item) -> Task:
    """The task in a row, with nothing of what is sealed."""
    fields: dict[str, Any] = {"id": text_of(row["pk"]), "work": Unreadable()}
    for column in _COLUMNS:
        if column.attribute in row:
            fields[column.field] = column.kind.read(row[column.attribute])
        elif column.absent is not _REQUIRED:
            fields[column.field] = column.absent
    return Task(**fields)


def expired(task: Task, now: int) -> bool:
    """Whether a row counts as absent at `now`: DynamoDB deletes it when it comes round to it, often hours later."""
    return task.expires_at is not None and task.expires_at <= now // 1000
