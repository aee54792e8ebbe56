"""What must hold at every instant, and what must hold at the end.

The witness stands outside the product: it sees every row after every write, every call that reaches somebody's server,
every message that is let go, and what the API told its callers. What should not be is a line in `violations`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simulation.scheduler import Scheduler
from world import World

from chalicelib.domain.lifecycle import TRANSITIONS
from chalicelib.domain.task import AttemptOutcome, Status, Task

_STEPS = frozenset((before, after) for (before, _), after in TRANSITIONS.items())
#: Statuses after which the completion webhook is due: a cancel has none.
_TOLD = frozenset({Status.COMPLETED, Status.FAILED, Status.TIMEOUT})
#: What every call to somebody's server may take until it reaches it.
_UNDER_WAY_MS = 1_000


@dataclass(slots=True)
class Call:
    """A callback that reached its server. `ends_at`: until when the server is busy with it, whatever happens to us."""

    ends_at: int
    status: int | None


@dataclass(slots=True)
class Story:
    """One task as its owner and the servers know it."""

    index: int
    most_calls: int
    not_before: int
    task_id: str | None = None
    acknowledged: bool = False
    cancelled_at: int | None = None
    calls: dict[int, Call] = field(default_factory=dict)
    told: int = 0


class Witness:
    """Sees everything, and keeps a digest of it: the same seed gives the same digest."""

    def __init__(self, scheduler: Scheduler, *, skew_ms: int, faultless: bool, keep_trace: bool) -> None:
        self.stories: list[Story] = []
        self.violations: list[str] = []
        self.trace: list[str] = []
        self.faultless = faultless
        #: By the task's index, as the URL it calls shows it: an id may have a second life.
        self.rows: dict[int, Task] = {}
        self.ended_at: dict[int, int] = {}
        self.world: World | None = None
        self._scheduler = scheduler
        self._skew_ms = skew_ms
        self._keep_trace = keep_trace
        self._digest = hashlib.blake2b(digest_size=16)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    def log(self, *words: object) -> None:
        """One line of the run's trace."""
        fiber = self._scheduler.current
        line = " ".join([str(self._scheduler.now), fiber.process.name if fiber else "-", *map(str, words)])
        self._digest.update(line.encode() + b"\n")
        if self._keep_trace:
            self.trace.append(line)

    def violated(self, rule: str, *details: object) -> None:
        """Something happened that must not."""
        self.violations.append(" ".join([rule + ":", *map(str, details)]))
        self.log("VIOLATION", self.violations[-1])

    def applied(self, port: str, call: str, args: Sequence[Any], fault: str, *, answer: object = None) -> None:
        """A port call was made, or kept from being made."""
        subject = args[0] if args and isinstance(args[0], str) else getattr(args[0], "id", "") if args else ""
        self.log(port, call, subject, type(answer).__name__, fault)
        if port == "tasks" and call in ("create", "claim", "commit", "cancel", "announced"):
            self._wrote(subject)
        if port == "schedules" and call == "delete":
            self.released(subject[:36])

    def released(self, task_id: str) -> None:
        """A message or schedule of this task is gone: whatever is still to be done must have another."""
        row = self._row(task_id)
        if row is not None and (not row.finished or row.webhook) and not self._covered(task_id):
            self.violated("row without a baton", task_id, row.status, f"webhook={row.webhook}")

    def acknowledged(self, story: Story, task_id: str) -> None:
        """The API answered 201."""
        if story.task_id not in (None, task_id):
            self.violated("one key, two tasks", story.task_id, task_id)
        story.task_id = task_id
        story.acknowledged = True
        if story.index not in self.rows:
            self.violated("acknowledged task without a row", task_id)

    def cancelled(self, story: Story) -> None:
        """The API answered that the task is cancelled."""
        assert story.task_id is not None
        story.cancelled_at = self._scheduler.now
        row = self.rows.get(story.index)
        if row is None or (row.status is not Status.CANCELLED and not self._expired(row)):
            self.violated("acknowledged cancel without effect", story.task_id, row and row.status)

    def forgotten(self, story: Story) -> bool:
        """Whether the task has ended so long ago that nothing may be known of it any more."""
        row = self.rows.get(story.index)
        return row is not None and self._expired(row)

    def called(self, index: int, task_id: str, attempt: int, call: Call) -> None:
        """A callback reaches its server."""
        story, now = self.stories[index], self._scheduler.now
        row = self._row(task_id)
        story.task_id = story.task_id or task_id
        self.log("call", task_id, attempt, call.status)
        if story.cancelled_at is not None or (row is not None and row.status is Status.CANCELLED):
            self.violated("call after an acknowledged cancel", task_id)
        elif row is None or row.status is not Status.RUNNING or row.attempt != attempt or _index(row) != index:
            self.violated("call without its claim", task_id, attempt, row and (row.status.value, row.attempt))
        elif row.lease_until is None or now >= row.lease_until + self._skew_ms + _UNDER_WAY_MS:
            self.violated("call under a lease that is over", task_id, attempt)
        if (row is not None and now + self._skew_ms < row.due_at) or now + self._skew_ms < story.not_before:
            self.violated("call before its time", task_id, attempt)
        if any(earlier.ends_at > now for earlier in story.calls.values()):
            self.violated("calls overlap", task_id, attempt)
        if attempt in story.calls:
            self.violated("one attempt called twice", task_id, attempt)
        if len(story.calls) >= story.most_calls:
            self.violated("more calls than attempts", task_id, attempt)
        story.calls[attempt] = call

    def told(self, index: int, body: bytes) -> None:
        """A completion webhook reaches its server."""
        story = self.stories[index]
        view = json.loads(body)["task"]
        row = self._row(view["id"])
        self.log("webhook", view["id"], view["status"])
        story.told += 1
        if row is None or row.status not in _TOLD:
            self.violated("webhook before the end", view["id"], row and row.status)
        elif view["status"] != row.status.value or _index(row) != index:
            self.violated("webhook with another end", view["id"], view["status"], row.status)

    def finish(self) -> None:
        """All is healed and at rest: nothing may be left, and every story has its end."""
        world = self._world
        for queue in (world.tasks_queue, world.webhooks_queue, world.dead_letters):
            if queue.next_visible_at() is not None:
                self.violated("a message is left", queue.name)
        if world.schedules.next_at() is not None:
            self.violated("a schedule is left")
        for fields in world.recording.named("record failed"):
            self.violated("a handler failed", fields)
        for story in self.stories:
            self._finish(story)

    def _finish(self, story: Story) -> None:
        row = self.rows.get(story.index)
        if row is None:
            if story.acknowledged:
                self.violated("acknowledged task lost", story.task_id)
            return
        if self._row(row.id) != row and not self._expired(row):
            self.violated("row lost, or changed unseen", row.id)
        if not row.finished:
            self.violated("task never settled", row.id, row.status)
        numbers = [entry.number for entry in row.history]
        if numbers != list(range(1, len(numbers) + 1)) or len(numbers) > row.attempt:
            self.violated("attempts are not contiguous", row.id, numbers)
        if row.webhook:
            self.violated("webhook never sent", row.id)
        # An attempt that finds the budget for waiting spent ends the task without a call.
        made = row.attempt - (row.status is Status.TIMEOUT and row.attempt not in story.calls)
        if self.faultless and sorted(story.calls) != list(range(1, made + 1)):
            self.violated("an attempt without exactly one call", row.id, row.attempt, sorted(story.calls))

    def _wrote(self, task_id: str) -> None:
        row = self._row(task_id)
        if row is None or row == self.rows.get(_index(row)):
            return
        index = _index(row)
        before = self.rows.get(index)
        self.rows[index] = row
        if row.finished:
            self.ended_at.setdefault(index, self._scheduler.now)
        if before is None:
            self._check_new(row)
        else:
            self._check_step(before, row)
        self.released(task_id)

    def _check_new(self, row: Task) -> None:
        if row.status is not Status.QUEUED or row.attempt:
            self.violated("row not new", row.id)
        if not all(self._expired(each) for each in self.rows.values() if each.id == row.id and each is not row):
            self.violated("row replaced before its time", row.id)

    def _expired(self, row: Task) -> bool:
        return row.expires_at is not None and row.expires_at * 1000 <= self._scheduler.now + self._skew_ms

    def _check_step(self, before: Task, row: Task) -> None:
        if before.finished:
            if row != replace(before, webhook=False):
                self.violated("terminal state changed", row.id, before.status, row.status)
            elif not self._was_told(row):
                self.violated("webhook mark cleared before it was sent", row.id)
            return
        claimed = row.status is Status.RUNNING
        if (before.status, row.status) not in _STEPS or row.attempt != before.attempt + claimed:
            self.violated("no such step", row.id, before.status, before.attempt, row.status, row.attempt)
        if row.attempt > row.max_attempts or row.history[: len(before.history)] != before.history:
            self.violated("attempts beyond the limit or history rewritten", row.id)
        if row.status is Status.COMPLETED:
            self._check_completed(row)

    def _check_completed(self, row: Task) -> None:
        call = self.stories[_index(row)].calls.get(row.attempt)
        entry = row.history[-1]
        if call is None or entry.outcome is not AttemptOutcome.SUCCEEDED or entry.status_code != call.status:
            self.violated("completed without its call", row.id, row.attempt)

    def _was_told(self, row: Task) -> bool:
        given_up = any(
            fields.get("task") == row.id and fields.get("reason") == "webhook given up"
            for fields in self._world.recording.named("dead letter")
        )
        fiber = self._scheduler.current
        rescuing = fiber is not None and fiber.process.name.startswith("dead-letters")
        return bool(self.stories[_index(row)].told) or given_up or rescuing

    def _covered(self, task_id: str) -> bool:
        database = self._world.database
        return bool(
            database.rows("SELECT 1 FROM messages WHERE instr(body, ?) LIMIT 1", (task_id,))
            or database.rows("SELECT 1 FROM schedules WHERE instr(name, ?) LIMIT 1", (task_id,))
        )

    def _row(self, task_id: str) -> Task | None:
        return self._world.tasks.get(task_id, now=0)

    @property
    def _world(self) -> World:
        assert self.world is not None
        return self.world


def _index(row: Task) -> int:
    return int(row.work.url.rpartition("/")[2])
