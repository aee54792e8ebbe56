"""The reader of the dead-letter queue: nothing that landed there is left behind.

An unfinished task gets a fresh wake-up call once, marked as re-armed; when that one ends here too, the task is failed
and its owner told. Messages of finished or unknown tasks are dropped and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain import lifecycle, messages, wakeup
from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.lifecycle import SKEW_MS, lease_over
from chalicelib.domain.messages import Message
from chalicelib.domain.task import Status, Task
from chalicelib.domain.wakeup import Hold
from chalicelib.engine.attempt import SHORT_HOLD_MS, Done, Verdict
from chalicelib.engine.batons import Batons
from chalicelib.engine.patience import insist
from chalicelib.ports.ambient import Clock, Recorder
from chalicelib.ports.tasks import Applied, Fence, TaskReader, TaskStore


@dataclass(frozen=True, slots=True)
class Rescue:
    """The use case behind the dead-letter queue."""

    tasks: TaskStore
    reader: TaskReader
    batons: Batons
    clock: Clock
    recorder: Recorder
    retention_s: int

    def __call__(self, message: Message | None, *, sent_at: int, receives: int) -> Verdict:
        """Settle one dead letter (None: unreadable), and say whether it may go."""
        if message is None:
            self.recorder.record("dead letter", action="dropped", reason="unreadable")
            return Done()
        try:
            return self._rescue(message, sent_at, receives)
        except UnavailableError:
            return Hold(wakeup.growing_hold_ms(receives))

    def _rescue(self, message: Message, sent_at: int, receives: int) -> Verdict:
        now = self.clock.now()
        row = self.reader.get(message.task, now=now)
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
        if not row.webhook:
            return self._close(message, "dropped", "task finished")
        if isinstance(message, messages.Webhook) and message.rearmed:
            insist(lambda: self.tasks.announced(row.id), self.clock)
            return self._close(message, "dropped", "webhook given up")
        self.batons.announce(row, rearmed=isinstance(message, messages.Webhook))
        return self._close(message, "re-armed", "webhook")

    def _give_up(self, row: Task, message: Message, now: int) -> Verdict:
        step = lifecycle.give_up(row, now=now, retention_s=self.retention_s)
        written = insist(lambda: self.tasks.commit(step.task, Fence.of(row)), self.clock)
        if not isinstance(written, Applied):
            # The row moved on: read the rules again with what it says now.
            return Hold(SHORT_HOLD_MS)
        insist(lambda: self.batons.perform(step.task, step.effects), self.clock)
        return self._close(message, "given up", row.status.value)

    def _close(self, message: Message, action: str, reason: str) -> Verdict:
        self.recorder.record("dead letter", task=message.task, action=action, reason=reason)
        return Done()
