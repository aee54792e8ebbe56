"""A queue in SQLite that keeps the rules of SQS, down to what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.embedded.database import Database
from chalicelib.ports.ambient import Clock
from chalicelib.ports.queue import Depth

#: API reference of SQS: SendMessage (DelaySeconds, MessageBody, MessageGroupId), ChangeMessageVisibility and
#: ReceiveMessage (MaxNumberOfMessages).
LONGEST_DELAY_S = 900
LONGEST_HOLD_S = 43_200
LARGEST_BODY_BYTES = 1024 * 1024
LARGEST_BATCH = 10
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_GROUP = re.compile(r"[!-~]{1,128}")

#: AUTOINCREMENT: an id never comes back, so a receipt of a deleted message fits no other one.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    body TEXT NOT NULL,
    tenant TEXT,
    sent_at INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    receives INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS messages_visible ON messages (queue, visible_at, id);
"""

_SEND = "INSERT INTO messages (queue, body, tenant, sent_at, visible_at) VALUES (?, ?, ?, ?, ?)"
_VISIBLE = """
SELECT id, body, tenant, sent_at, receives FROM messages
WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, id LIMIT ?
"""

_DEPTH = """
SELECT
    COUNT(*) FILTER (WHERE visible_at <= :now),
    COUNT(*) FILTER (WHERE visible_at > :now AND receives > 0),
    COUNT(*) FILTER (WHERE visible_at > :now AND receives = 0)
FROM messages WHERE queue = :queue
"""


@dataclass(frozen=True, slots=True)
class Received:
    """A message as one receive hands it out. `receives` counts this one too, over all queues that held the message;
    `sent_at` is in epoch milliseconds; `group` is None when it was sent without."""

    message_id: str
    receipt: str
    body: str
    sent_at: int
    receives: int
    group: str | None


class EmbeddedQueue:
    """One queue. A message that was received and not deleted within `visibility_s` seconds comes back; one that was
    received `max_receives` times goes to `dead_letters`, a queue of the same database, instead."""

    def __init__(
        self,
        database: Database,
        name: str,
        clock: Clock,
        *,
        visibility_s: int = 900,
        dead_letters: EmbeddedQueue | None = None,
        max_receives: int = 20,
    ) -> None:
        self.name = name
        #: Called after a change that may have made the next message come earlier.
        self.listeners: list[Callable[[], None]] = []
        self._database = database
        self._clock = clock
        self._visibility_ms = visibility_s * 1000
        self._dead_letters = dead_letters
        self._max_receives = max_receives
        database.define(_SCHEMA)

    def send(self, body: str, *, delay_s: int, group: str | None) -> None:
        """Make a message durable that is delivered after `delay_s` seconds. ValueError for what SQS refuses."""
        if not 0 <= delay_s <= LONGEST_DELAY_S:
            raise ValueError(f"delay_s must be 0 to {LONGEST_DELAY_S}, not {delay_s}")
        if group is not None and not _GROUP.fullmatch(group):
            raise ValueError("group must be 1 to 128 letters, digits and punctuation characters of ASCII")
        if _ILLEGAL.search(body):
            raise ValueError("body must not contain characters that XML forbids")
        if not 1 <= len(body.encode()) <= LARGEST_BODY_BYTES:
            raise ValueError(f"body must be 1 to {LARGEST_BODY_BYTES} bytes of UTF-8")
        now = self._clock.now()
        self._database.change(_SEND, (self.name, body, group, now, now + delay_s * 1000))
        self._tell()

    def reach(self) -> None:
        """Return: the queue is part of this process."""

    def depth(self) -> Depth:
        """How many messages there are."""
        ((waiting, in_flight, delayed),) = self._database.rows(_DEPTH, {"queue": self.name, "now": self._clock.now()})
        return Depth(waiting, in_flight, delayed)

    def receive(self, max_messages: int) -> list[Received]:
        """Take up to so many messages (1 to 10) that are due, the longest due first."""
        if not 1 <= max_messages <= LARGEST_BATCH:
            raise ValueError(f"max_messages must be 1 to {LARGEST_BATCH}, not {max_messages}")
        now = self._clock.now()
        taken: list[Received] = []
        buried = False
        with self._database.transaction():
            while missing := max_messages - len(taken):
                visible = self._database.rows(_VISIBLE, (self.name, now, missing))
                if not visible:
                    break
                for row_id, body, group, sent_at, receives in visible:
                    if self._dead_letters is not None and receives >= self._max_receives:
                        self._database.change(
                            "UPDATE messages SET queue = ?, visible_at = ? WHERE id = ?",
                            (self._dead_letters.name, now, row_id),
                        )
                        buried = True
                        continue
                    self._database.change(
                        "UPDATE messages SET receives = receives + 1, visible_at = ? WHERE id = ?",
                        (now + self._visibility_ms, row_id),
                    )
                    receipt = f"{row_id}.{receives + 1}"
                    taken.append(Received(f"{self.name}-{row_id}", receipt, body, sent_at, receives + 1, group))
        if buried and self._dead_letters is not None:
            self._dead_letters._tell()
        return taken

    def hold(self, receipt: str, seconds: int) -> None:
        """Let a received message come back after so many seconds. A receipt that is not its last one does nothing."""
        if not 0 <= seconds <= LONGEST_HOLD_S:
            raise ValueError(f"seconds must be 0 to {LONGEST_HOLD_S}, not {seconds}")
        row_id, receives = _parts(receipt)
        self._database.change(
            "UPDATE messages SET visible_at = ? WHERE id = ? AND receives = ? AND queue = ?",
            (self._clock.now() + seconds * 1000, row_id, receives, self.name),
        )
        self._tell()

    def hand_back(self) -> int:
        """Let everything that was received and not deleted come back now; how many. For who knows that no consumer is
        left. What is not due yet is held anew."""
        now = self._clock.now()
        return self._database.change(
            "UPDATE messages SET visible_at = ? WHERE queue = ? AND receives > 0 AND visible_at > ?",
            (now, self.name, now),
        )

    def delete(self, receipt: str) -> None:
        """Forget a received message. A receipt that is not its last one does nothing: SQS may delete it or not."""
        row_id, receives = _parts(receipt)
        self._database.change(
            "DELETE FROM messages WHERE id = ? AND receives = ? AND queue = ?", (row_id, receives, self.name)
        )

    def next_visible_at(self) -> int | None:
        """When the next message may be received, in epoch milliseconds; None when the queue is empty."""
        earliest: int | None = self._database.rows(
            "SELECT MIN(visible_at) FROM messages WHERE queue = ?", (self.name,)
        )[0][0]
        return earliest

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()


def _parts(receipt: str) -> tuple[int, int]:
    """Row id and receive count of a receipt."""
    row_id, _, receives = receipt.partition(".")
    return int(row_id), int(receives)
