"""Carrying a task one attempt further, from one wake-up call.

The order is the proof: claim, call, commit, send what follows, and only then let the message go. Whatever stops in
between, the message comes back and finds in the row what is left to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib.domain import lifecycle, messages, wakeup
from chalicelib.domain.errors import LockedError, SpoiledError, UnavailableError
from chalicelib.domain.lifecycle import SKEW_MS, Step
from chalicelib.domain.outcome import Continue, Failed, Outcome
from chalicelib.domain.task import Task
from chalicelib.domain.wakeup import Drop, GoOn, Hold, LoseLast, Resend, TakeOver
from chalicelib.engine import late
from chalicelib.engine.batons import Batons
from chalicelib.engine.patience import insist
from chalicelib.ports.ambient import Clock, Randomness, Recorder
from chalicelib.ports.executor import Executor, Witness
from chalicelib.ports.tasks import Applied, Fence, Refused, TaskReader, TaskStore

#: In-place waits for a row that its message has overtaken.
ABSENT_PAUSES_MS = (50, 150, 400)
#: How long a message is handed back that this run cannot go on with.
SHORT_HOLD_MS = 2_000
#: A message this close to its time waits in place; one further away is handed back.
IN_PLACE_MS = 1_000
#: What an attempt leaves unused of its lease and of the function's time, to write down how it ended.
MARGIN_MS = 5_000
#: Pauses between tries to write an outcome before it is sent as a message instead.
COMMIT_PAUSES_MS = (50, 200, 800, 2_000, 4_000)
#: How often a refused claim may lead to another write in one run; then the message is handed back.
ROUNDS = 3
#: How long the end of a task waits that would not know whom to tell: until the key to its request can be had.
LOCKED_HOLD_MS = 300_000
#: What the owner of a task reads whose stored parts are not what was stored.
SPOILED = "Task could not be read: what is stored of it was changed"


@dataclass(frozen=True, slots=True)
class WakeUp:
    """One received message: when the queue got it, how often it was received, and when this run will be stopped
    (epoch milliseconds)."""

    message: messages.Attempt | messages.Outcome
    sent_at: int
    receives: int
    stop_at: int


@dataclass(frozen=True, slots=True)
class Done:
    """The message may go."""


Verdict = Done | Hold


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Attempts:
    """The use case behind the tasks queue. Never raises UnavailableError: a part that does not confirm means Hold."""

    tasks: TaskStore
    reader: TaskReader
    batons: Batons
    executors: Mapping[type, Executor]
    witness: Witness
    clock: Clock
    randomness: Randomness
    recorder: Recorder
    retention_s: int

    def __call__(self, call: WakeUp) -> Verdict:
        """Do what this wake-up call asks for, and say whether its message may go."""
        try:
            if isinstance(call.message, messages.Outcome):
                return self._late(call, call.message)
            return self._start(call, call.message)
        except UnavailableError:
            self.recorder.record("held", task=call.message.task, attempt=call.message.n, reason="unavailable")
            return Hold(wakeup.growing_hold_ms(call.receives))

    def _start(self, call: WakeUp, message: messages.Attempt) -> Verdict:
        early_ms = message.due - self.clock.now()
        if early_ms > IN_PLACE_MS:
            return Hold(early_ms // 1000 * 1000)
        if early_ms > 0:
            self.clock.sleep(early_ms)
        if call.stop_at - self.clock.now() <= MARGIN_MS:
            return Hold(SHORT_HOLD_MS)
        token = self._token()
        asked_at = self.clock.now()
        claimed = self._claim(message, token)
        for pause_ms in ABSENT_PAUSES_MS:
            if isinstance(claimed, Applied) or claimed.row is not None or asked_at - call.sent_at >= wakeup.GRACE_MS:
                break
            self.clock.sleep(pause_ms)
            asked_at = self.clock.now()
            claimed = self._claim(message, token)
        if isinstance(claimed, Applied):
            return self._attempt(claimed.task, call)
        return self._refused(claimed.row, token, call, asked_at)

    def _claim(self, message: messages.Attempt, token: str) -> Applied | Refused:
        return insist(
            lambda: self.tasks.claim(message.task, attempt=message.n, token=token, now=self.clock.now()), self.clock
        )

    def _refused(self, row: Task | None, token: str, call: WakeUp, asked_at: int) -> Verdict:
        """Do what the table says for a claim that was asked for at `asked_at` and refused.

        The message's age counts up to that instant: one that was young when its row was not there yet is never dropped,
        however late the answer came.
        """
        for _ in range(ROUNDS):
            now = self.clock.now()
            decision = wakeup.decide(
                row,
                n=call.message.n,
                due=call.message.due,
                token=token,
                now=now,
                age_ms=asked_at - call.sent_at,
                receives=call.receives,
            )
            if isinstance(decision, Hold):
                return decision
            if row is None or isinstance(decision, Drop):
                if row is not None and isinstance(decision, Drop):
                    self._ended(row, announce=decision.announce)
                return Done()
            match decision:
                case GoOn():
                    return self._attempt(row, call)
                case Resend():
                    self.batons.wake(row, row.attempt + 1, row.due_at)
                    return Done()
                case TakeOver():
                    taken = self._commit(lifecycle.take_over(row, token=token, now=now), row)
                    if isinstance(taken, Applied):
                        return self._attempt(taken.task, call)
                    row = taken.row
                case LoseLast():
                    if row.locked:
                        return Hold(LOCKED_HOLD_MS)
                    step = lifecycle.lose_last(row, now=now, retention_s=self.retention_s)
                    lost = self._commit(step.task, row)
                    if isinstance(lost, Applied):
                        self.witness.lost(step.task)
                        return self._after(step)
                    row = lost.row
        return Hold(SHORT_HOLD_MS)

    def _ended(self, row: Task, *, announce: bool) -> None:
        """Make up for what a run left undone that ended the task and then stopped."""
        if row.error == lifecycle.LOST:
            self.witness.lost(row)
        if announce:
            self.batons.announce(row)

    def _attempt(self, task: Task, call: WakeUp) -> Verdict:
        """Make the attempt whose lease `task` holds, and write down how it ended."""
        try:
            executor = self.executors[type(task.known_work)]
            if task.payload is None:
                task = replace(task, payload=insist(lambda: self.reader.payload(task), self.clock))
            # The executor looks at the clock once more, last of all: a lease that has ended meanwhile is not used.
            outcome = executor.attempt(task, until=min(_lease(task), call.stop_at) - MARGIN_MS)
        except LockedError:
            self.recorder.record("held", task=task.id, attempt=task.attempt, reason="locked")
            outcome = Continue(wakeup.growing_hold_ms(task.continued + 1))
        except SpoiledError:
            outcome = Failed(SPOILED, final=True)
        if outcome is None:
            return Hold(max(_lease(task) + SKEW_MS - self.clock.now(), SHORT_HOLD_MS))
        return self._settle(task, outcome, call)

    def _settle(self, task: Task, outcome: Outcome, call: WakeUp) -> Verdict:
        ended = self.clock.now()
        step = lifecycle.settle(task, outcome, now=ended, retention_s=self.retention_s)
        try:
            written = insist(
                lambda: self.tasks.commit(step.task, Fence.of(task)),
                self.clock,
                pauses_ms=COMMIT_PAUSES_MS,
                until=min(_lease(task), call.stop_at) - MARGIN_MS // 2,
            )
        except UnavailableError:
            self.batons.carry(late.carried(task, outcome, ended), task.team)
            self._record(step.task, "carried")
            return Done()
        if isinstance(written, Applied) or _is_own(written.row, step.task):
            self._record(step.task, "stored")
            return self._after(step)
        self._record(step.task, "fenced off")
        return self._refused(written.row, self._token(), call, ended)

    def _late(self, call: WakeUp, message: messages.Outcome) -> Verdict:
        """Write down an outcome that came as a message, under the fence of the claim that made it."""
        asked_at = self.clock.now()
        row = self.reader.get(message.task, now=asked_at, result=False)
        if row is not None and row.locked:
            return Hold(LOCKED_HOLD_MS)
        if row is not None and Fence.of(row) == late.fence(message):
            step = lifecycle.settle(row, late.outcome(message), now=message.ended, retention_s=self.retention_s)
            written = self._commit(step.task, row)
            if isinstance(written, Applied) or _is_own(written.row, step.task):
                return self._after(step)
            row = written.row
        return self._refused(row, self._token(), call, asked_at)

    def _commit(self, after: Task, before: Task) -> Applied | Refused:
        return insist(lambda: self.tasks.commit(after, Fence.of(before)), self.clock)

    def _after(self, step: Step) -> Verdict:
        """What follows a step. The old message stays until that is durable: it stands in for the next one."""
        insist(lambda: self.batons.perform(step.task, step.effects), self.clock)
        return Done()

    def _token(self) -> str:
        return self.randomness.bytes(8).hex()

    def _record(self, task: Task, written: str) -> None:
        """The canonical line of one attempt. `written`: stored in the row, carried as a message, or fenced off."""
        entry = task.history[-1]
        self.recorder.record(
            "attempt",
            task=task.id,
            team=task.team,
            attempt=entry.number,
            outcome=entry.outcome.value,
            status=task.status.value,
            status_code=entry.status_code,
            error=entry.error,
            ms=None if entry.finished_at is None else entry.finished_at - entry.started_at,
            late_ms=entry.started_at - entry.scheduled_at,
            next_at=entry.next_at,
            written=written,
        )


def _lease(task: Task) -> int:
    return task.lease_until if task.lease_until is not None else 0


def _is_own(row: Task | None, written: Task) -> bool:
    """Whether the row that refused a commit shows that very commit: only its answer had been lost."""
    return (
        row is not None
        and row.status is written.status
        and row.attempt == written.attempt
        and row.claim_token == written.claim_token
        and len(row.history) == len(written.history)
    )
