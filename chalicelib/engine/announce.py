"""The completion webhook: one attempt, after the task is finished and before its mark is cleared."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain import messages, wakeup
from chalicelib.domain.errors import LockedError, SpoiledError, UnavailableError
from chalicelib.domain.exchange import Answer, NoAnswer
from chalicelib.domain.task import Task, Unreadable
from chalicelib.domain.wakeup import Hold
from chalicelib.engine.attempt import LOCKED_HOLD_MS, MARGIN_MS, SHORT_HOLD_MS, Done, Verdict
from chalicelib.engine.patience import insist
from chalicelib.ports.ambient import Clock, Recorder
from chalicelib.ports.executor import Announcer
from chalicelib.ports.tasks import TaskReader, TaskStore

#: "Webhooks are fire-and-forget with a 10-second timeout" (AsyncQueue manual, "Webhook Behavior").
TIMEOUT_MS = 10_000
#: What a webhook says of an answer that is not what was stored.
RESULT_SPOILED = "Result could not be read: what is stored of it was changed"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Announcements:
    """The use case behind the webhooks queue. The message goes once the mark in the row is cleared, so a webhook whose
    change was acknowledged is attempted at least once."""

    tasks: TaskStore
    reader: TaskReader
    announcer: Announcer
    clock: Clock
    recorder: Recorder

    def __call__(self, message: messages.Webhook, *, receives: int, stop_at: int) -> Verdict:
        """Send the webhook this message asks for, and say whether the message may go."""
        try:
            row = self._row(message.task)
            if row is None or (row.finished and not row.webhook):
                return Done()
            if isinstance(row.work, Unreadable):
                raise row.work.error()
            if not row.finished:
                return Hold(wakeup.growing_hold_ms(receives))
            if stop_at - self.clock.now() < TIMEOUT_MS + MARGIN_MS:
                return Hold(SHORT_HOLD_MS)
            began = self.clock.now()
            answer = self.announcer.announce(row, at_most_ms=TIMEOUT_MS)
            self._record(row.id, row.team, answer, self.clock.now() - began)
            insist(lambda: self.tasks.announced(row.id), self.clock)
        except SpoiledError:
            return self._untold(message.task, receives)
        except LockedError:
            self.recorder.record("held", task=message.task, reason="locked")
            return Hold(LOCKED_HOLD_MS)
        except UnavailableError:
            self.recorder.record("held", task=message.task, reason="unavailable")
            return Hold(wakeup.growing_hold_ms(receives))
        return Done()

    def _row(self, task_id: str) -> Task | None:
        """The task as it is to be told of. An answer that is spoiled is left out: how the task ended, and who waits to
        hear of it, is known all the same."""
        now = self.clock.now()
        try:
            return self.reader.get(task_id, now=now)
        except SpoiledError:
            row = self.reader.get(task_id, now=now, result=False)
        if row is None:
            return None
        return replace(row, error=". ".join(filter(None, (row.error, RESULT_SPOILED))))

    def _untold(self, task_id: str, receives: int) -> Verdict:
        """Whom to tell is not known any more."""
        self.recorder.record("webhook", task=task_id, outcome="failed", error="spoiled")
        try:
            insist(lambda: self.tasks.announced(task_id), self.clock)
        except UnavailableError:
            return Hold(wakeup.growing_hold_ms(receives))
        return Done()

    def _record(self, task_id: str, team: str, answer: Answer | NoAnswer, ms: int) -> None:
        delivered = isinstance(answer, Answer) and 200 <= answer.status < 300
        self.recorder.record(
            "webhook",
            task=task_id,
            team=team,
            outcome="delivered" if delivered else "failed",
            status_code=answer.status if isinstance(answer, Answer) else None,
            error=answer.failure.value if isinstance(answer, NoAnswer) else None,
            ms=ms,
        )
