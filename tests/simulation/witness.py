"""What must hold at every instant, and what must hold at the end.

The witness stands outside the product: it sees every row after every write, every call that reaches somebody's server,
every message that is let go, and what the API told its callers. What should not be is a line in `violations`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simulation.messages import broken_by_beginning, broken_by_step
from simulation.scheduler import Scheduler
from simulation.visits import Visits
from world import World

from chalicelib.domain.dead_letters import Reason
from chalicelib.domain.lifecycle import TRANSITIONS, UNDELIVERABLE
from chalicelib.domain.task import AttemptOutcome, Callback, Simulation, Status, Task
from chalicelib.views import asyncflow as views

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
    """One task as its owner and the servers know it: a message has no calls."""

    index: int
    most_calls: int = 0
    not_before: int = 0
    task_id: str | None = None
    acknowledged: bool = False
    cancelled_at: int | None = None
    calls: dict[int, Call] = field(default_factory=dict)
    told: int = 0


class Witness:
    """Sees everything, and keeps a digest of it: the same seed gives the same digest."""

    def __init__(
        self, scheduler: Scheduler, *, skew_ms: int, faultless: bool, gives_up: bool, keep_trace: bool
    ) -> None:
        self.stories: list[Story] = []
        self.violations: list[str] = []
        self.trace: list[str] = []
        self.faultless = faultless
        #: Whether a message may come back so often that it is given up.
        self._gives_up = gives_up
        #: By the task's index, as the URL it calls or the priority of a message shows it: an id may have a second life.
        self.rows: dict[int, Task] = {}
        self.ended_at: dict[int, int] = {}
        self.world: World | None = None
        #: Whose message or schedule has vanished.
        self._bereft: set[str] = set()
        #: Whether nothing goes wrong any more.
        self.healed = False
        self.visits = Visits(lambda: scheduler.now, 2 * skew_ms, self.violated, certain=faultless)
        #: Which message a tracking id was first made for, where no key made it.
        self._numbered: dict[str, int] = {}
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
        if port == "tasks" and call == "create":
            self._check_number(args[0])
        if port == "tasks" and call in ("create", "claim", "commit", "cancel", "announced"):
            self._wrote(subject)
        if port == "schedules" and call == "delete":
            self.released(subject[:36])

    def released(self, task_id: str) -> None:
        """A message or schedule of this task is gone: whatever is still to be done must have another."""
        row = self._row(task_id)
        if task_id in self._bereft:
            return
        if row is not None and (not row.finished or row.webhook) and not self._covered(task_id):
            self.violated("row without a baton", task_id, row.status, f"webhook={row.webhook}")

    def vanished(self, task_id: str) -> None:
        """A message or schedule of this task is gone by no fault of the engine: for a while it may be without one."""
        self.log("vanished", task_id)
        self._bereft.add(task_id)

    def settled(self) -> bool:
        """Whether nothing is left to be done that is known of: all has healed, every row is finished and told."""
        return self.healed and all(row.finished and not row.webhook for row in self.rows.values())

    def acknowledged(self, story: Story, task_id: str) -> None:
        """The API answered 201, or 202 for a message."""
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

    def status(self, story: Story) -> str:
        """How a message stands at this instant, in AsyncFlow's words."""
        return views.status(self.rows[story.index])

    def shown(self, story: Story, view: dict[str, Any]) -> None:
        """The API answered a message."""
        row = self.rows[story.index]
        shown = views.message(row)
        ended = view["processedAt"] is not None
        if view["trackingId"] != story.task_id or (ended and view != shown and not self._expired(row)):
            self.violated("message shown otherwise than it is", view, shown)
        if ended != (view["status"] in ("Completed", "Failed")) or (view["errorDetails"] is not None and not ended):
            self.violated("message shown half ended", view)

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
        if row.error == UNDELIVERABLE and not self._expired(row) and not self._kept(row):
            self.violated("given up without a letter", row.id)
        if isinstance(row.work, Simulation):
            if self.faultless and (row.attempt, row.continued) != (2, 1):
                self.violated("message took more than two steps", row.id, row.attempt)
            return
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
        if isinstance(row.work, Simulation):
            self._violated_each(broken_by_beginning(row), row)

    def _check_number(self, task: Task) -> None:
        """No two messages have one number, and so one id; under a key, the key is what they have in common."""
        if not isinstance(task.work, Simulation) or task.fingerprint is not None:
            return
        if self._numbered.setdefault(task.id, _index(task)) != _index(task):
            self.violated("two messages with one id", task.id, self._numbered[task.id], _index(task))

    def _violated_each(self, rules: Iterable[str], row: Task) -> None:
        for rule in rules:
            self.violated(rule, row.id, row.status, row.attempt, row.work)

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
        if row.max_retries != before.max_retries:
            self.violated("going on spent a retry", row.id, row.attempt)
        if isinstance(row.work, Simulation):
            latest = self._scheduler.now + self._skew_ms
            given_up = self._gives_up and self._rescuing() and row.error == UNDELIVERABLE
            self._violated_each(broken_by_step(before, row, latest=latest, given_up=given_up), row)
        elif row.status is Status.COMPLETED:
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
        return bool(self.stories[_index(row)].told) or given_up or self._rescuing()

    def _rescuing(self) -> bool:
        """Whether it is the reader of dead letters that acts."""
        fiber = self._scheduler.current
        return fiber is not None and fiber.process.name.startswith("dead-letters")

    def _kept(self, row: Task) -> bool:
        """Whether a person finds the task among the dead letters, once."""
        letters = self._world.letters.page("", 10_000, now=self._scheduler.now)
        return [letter.task for letter in letters if letter.reason is Reason.GIVEN_UP].count(row.id) == 1

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
    work = row.work
    if isinstance(work, Simulation):
        return int(work.priority or "")
    return int(row.work_as(Callback).url.rpartition("/")[2])
