"""An item: AstraFlow's own task, which a tenant's people keep, and the changes that made it what it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class ItemStatus(StrEnum):
    """How far an item has come. Its owners set it; nothing here leads from one to the other."""

    PENDING = "pending"
    ACTIVE = "active"
    COMPLETED = "completed"


class Priority(StrEnum):
    """How urgent an item is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an item: the version it made, the token of the request that made it, and when."""

    version: int
    token: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item as its row holds it. `version` counts its changes from 1.

    `changes` are its last changes, oldest first. `fingerprint` stands for the request that made it, where that one had
    an idempotency key. `due_token` is the token of the change that set its due date.
    `deleted_at`: all that is left is a tombstone, which may go at `expires_at` (epoch seconds).
    """

    id: str
    tenant: str
    name: str
    created_at: int
    updated_at: int
    description: str = ""
    status: ItemStatus = ItemStatus.PENDING
    due_at: int | None = None
    priority: Priority | None = None
    version: int = 1
    changes: tuple[Change, ...] = ()
    due_token: str | None = None
    fingerprint: str | None = None
    deleted_at: int | None = None
    expires_at: int | None = None


class Standing(StrEnum):
    """What an item's row says of a change that somebody was about to make."""

    #: It was made.
    MADE = "made"
    #: The row has not come that far: it may be under way, or was never made.
    AHEAD = "ahead"
    #: Another change took its place: this one was never made.
    OVERTAKEN = "overtaken"


#: Changes are remembered for so long, the newest of them always, and no more than fit into a small row. A message that
#: asks for one comes in time after three workers in a row have crashed with it: each hides it for 15 minutes.
REMEMBERED_MS = 60 * 60_000
REMEMBERED = 5
MOST_REMEMBERED = 100
#: A tombstone outlives every message that may still ask for the changes before it: a queue keeps one for 14 days, and
#: the reader of the dead letters sends it once more.
TOMBSTONE_S = 30 * 86_400


def changed(item: Item, *, token: str, now: int) -> Item:
    """The item as its next change leaves it, once the fields are as they are to be."""
    change = Change(item.version + 1, token, now)
    return replace(item, version=change.version, updated_at=now, changes=_remembered((*item.changes, change), now))


def tombstone(item: Item, *, token: str, now: int) -> Item:
    """What stays of a deleted item: who it was and its last changes, nothing of its content."""
    emptied = replace(item, name="", description="", due_at=None, due_token=None, priority=None)
    return replace(changed(emptied, token=token, now=now), deleted_at=now, expires_at=-(-now // 1000) + TOMBSTONE_S)


def standing(item: Item | None, version: int, token: str) -> Standing:
    """Whether the change `token` made this version of an item.

    A change that is too long ago to be remembered counts as made: better an event that tells of what another change
    undid than one that is lost.
    """
    if item is None or item.version < version:
        return Standing.AHEAD
    tokens = {change.version: change.token for change in item.changes}
    return Standing.MADE if tokens.get(version, token) == token else Standing.OVERTAKEN


def _remembered(changes: tuple[Change, ...], now: int) -> tuple[Change, ...]:
    first = next((at for at, change in enumerate(changes) if now - change.at < REMEMBERED_MS), len(changes))
    return changes[min(first, max(0, len(changes) - REMEMBERED)) :][-MOST_REMEMBERED:]
