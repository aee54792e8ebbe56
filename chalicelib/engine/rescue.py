"""The reader of the dead-letter queue: nothing that landed there is left behind.

An unfinished task gets a fresh wake-up call once, marked as re-armed; when that one ends here too, the task is failed
and its owner told. Messages of finished or unknown tasks are dropped and counted. What no rule settles is kept for a
person: what nobody can read, and what was given up (see `dead_letters`).
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain import lifecycle, messages, wakeup
from chalicelib.domain.dead_letters import Reason, dead_letter
from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.lifecycle import SKEW_MS, UNDELIVERABLE, lease_over
from chalicelib.domain.messages import Message
from chalicelib.domain.task import Status, Task
from chalicelib.domain.wakeup import Hold
from chalicelib.engine.attempt import LOCKED_HOLD_MS, SHORT_HOLD_MS, Done, Verdict
from chalicelib.engine.batons import Batons
from chalicelib.engine.patience import insist
from chalicelib.ports.ambient import Clock, Recorder
from chalicelib.ports.dead_letters import DeadLetterStore
from chalicelib.ports.tasks import Applied, Fence, TaskReader, TaskStore

#: How long newer code has to come and read what it has sent: a deployment that was taken back may be made again.
NEWER_PATIENCE_MS = 24 * 3_600_000
_UNREAD_HOLD_MS = 60_000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rescue:
    """The use case behind the dead-letter queue."""

    tasks: TaskStore
    reader: TaskReader
    letters: DeadLetterStore
    batons: Batons
    clock: Clock
    recorder: Recorder
    retention_s: int

    def __call__(self, message: Message, *, sent_at: int, receives: int) -> Verdict:
        """Settle one message, and say whether it may go."""
        try:
            return self._rescue(message, sent_at, receives)
        except UnavailableError:
            return Hold(wakeup.growing_hold_ms(receives))

    def unread(self, body: str, reason: Reason, *, sent_at: int) -> Verdict:
        """Keep a message that this code cannot read; one of newer code only once that had its time to come."""
        if reason is Reason.NEWER and self.clock.now() - sent_at < NEWER_PATIENCE_MS:
            return Hold(_UNREAD_HOLD_MS)
        try:
            self._keep(reason, sent_at, body)
        except UnavailableError:
            return Hold(_UNREAD_HOLD_MS)
        self.recorder.record("dead letter", action="kept", reason=reason.value)
        return Done()

    def _rescue(self, message: Message, sent_at: int, receives: int) -> Verdict:
        now = self.clock.now()
        row = self.reader.get(message.task, now=now, result=False)
        if row is None:
            if now - sent_at < wakeup.GRACE_MS:
                return Hold(wakeup.growing_hold_ms(receives))
            return self._close(message, "dropped", "no such task")
        if row.finished:
            return self._finished(row, message)
        if row.status is Status.RUNNING and not lease_over(row, now):
            return Hold((row.lease_until or now) + SKEW_MS - now)
        if isinstance(message, messages.Attempt) and message.rearmed and message.n == row.attempt + 1:
            return self._give_up(row, message, now)
        self.batons.wake(row, row.attempt + 1, row.due_at, rearmed=True)
        return self._close(message, "re-armed", row.status.value)

    def _finished(self, row: Task, message: Message) -> Verdict:
        if isinstance(message, messages.Attempt) and message.rearmed and row.error == UNDELIVERABLE:
            # Given up before, and then stopped: whether the letter was kept by then nobody knows.
            self._keep_given_up(row)
        if not row.webhook:
            return self._close(message, "dropped", "task finished")
        if isinstance(message, messages.Webhook) and message.rearmed:
            self._keep(Reason.WEBHOOK, row.completed_at or 0, messages.encode(message), row)
            insist(lambda: self.tasks.announced(row.id), self.clock)
            return self._close(message, "dropped", "webhook given up")
        self.batons.announce(row, rearmed=isinstance(message, messages.Webhook))
        return self._close(message, "re-armed", "webhook")

    def _give_up(self, row: Task, message: Message, now: int) -> Verdict:
        if row.locked:
            return Hold(LOCKED_HOLD_MS)
        step = lifecycle.give_up(row, now=now, retention_s=self.retention_s)
        written = insist(lambda: self.tasks.commit(step.task, Fence.of(row)), self.clock)
        if not isinstance(written, Applied):
            # The row moved on: read the rules again with what it says now.
            return Hold(SHORT_HOLD_MS)
        insist(lambda: self.batons.perform(step.task, step.effects), self.clock)
        self._keep_given_up(step.task)
        return self._close(message, "given up", row.status.value)

    def _keep_given_up(self, row: Task) -> None:
        last = messages.Attempt(row.id, row.attempt + 1, row.due_at, rearmed=True)
        self._keep(Reason.GIVEN_UP, row.completed_at or 0, messages.encode(last), row)

    def _keep(self, reason: Reason, at: int, body: str, row: Task | None = None) -> None:
        """Keep a letter for as long as finished tasks are kept: past that, nothing of its task is left."""
        about = {} if row is None else {"task": row.id, "team": row.team}
        letter = dead_letter(reason, at, body, **about)
        expires_s = lifecycle.expiry(self.clock.now(), self.retention_s)
        insist(lambda: self.letters.keep(letter, expires_s=expires_s), self.clock)

    def _close(self, message: Message, action: str, reason: str) -> Verdict:
        self.recorder.record("dead letter", task=message.task, action=action, reason=reason)
        return Done()
