"""What a person decides about dead letters: to send them on, or to throw them away.

Everything here may be done twice. A redrive makes what it sends durable before it forgets the letter, and whatever it
sends is judged by the row like any other message: it never starts a second run beside one that is under way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain import dead_letters, messages
from chalicelib.domain.dead_letters import DeadLetter, Reason
from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.domain.lifecycle import lease_over
from chalicelib.domain.task import Status, Task
from chalicelib.engine.attempt import Done
from chalicelib.engine.batons import Batons
from chalicelib.engine.patience import insist
from chalicelib.engine.replay import Replay
from chalicelib.engine.rescue import Rescue
from chalicelib.ports.ambient import Clock, Recorder
from chalicelib.ports.dead_letters import DeadLetterStore
from chalicelib.ports.tasks import Applied, Fence, TaskReader, TaskStore


class Action(StrEnum):
    """What a redrive came to."""

    #: The message can be read now, and its task was sent on or needed nothing.
    SETTLED = "settled"
    #: The failed task's request was made anew, as a task of its own.
    REPLAYED = "replayed"
    #: The completion webhook was sent on its way again.
    ANNOUNCED = "announced"


@dataclass(frozen=True, slots=True)
class Redriven:
    """A letter that is gone, what became of it, and the task that carries it on."""

    letter: DeadLetter
    action: Action
    task: str | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DeadLetters:
    """The operator's use cases. Raises NotFoundError, UnavailableError, and ConflictError with the reason."""

    letters: DeadLetterStore
    tasks: TaskStore
    reader: TaskReader
    batons: Batons
    rescue: Rescue
    replay: Replay
    clock: Clock
    recorder: Recorder

    def page(self, after: str, limit: int) -> list[DeadLetter]:
        """Up to so many letters whose ids come after this one, oldest first."""
        return self.letters.page(after, limit, now=self.clock.now())

    def get(self, letter_id: str) -> DeadLetter:
        """One letter."""
        plausible = dead_letters.well_formed(letter_id)
        letter = self.letters.get(letter_id, now=self.clock.now()) if plausible else None
        if letter is None:
            raise NotFoundError
        return letter

    def discard(self, letter_id: str) -> DeadLetter:
        """Forget a letter; its task, if it has one, stays as it is."""
        letter = self.get(letter_id)
        return self._forget(letter, "discarded")

    def redrive(self, letter_id: str) -> Redriven:
        """Send on what a letter stands for, and forget it."""
        letter = self.get(letter_id)
        match letter.reason:
            case Reason.UNREADABLE | Reason.NEWER:
                redriven = self._read_again(letter)
            case Reason.GIVEN_UP:
                submitted = self.replay(letter.task or "", key=letter.id)
                redriven = Redriven(letter, Action.REPLAYED, submitted.task.id)
            case Reason.WEBHOOK:
                redriven = self._announce_again(letter)
        self._forget(letter, redriven.action.value)
        return redriven

    def rearm(self, task_id: str) -> Task:
        """Give an unfinished task one more wake-up call, for one that seems to have lost its own; the task as it
        stands. The call changes nothing where another one is there."""
        row = self.reader.get(task_id, now=self.clock.now())
        if row is None:
            raise NotFoundError
        if row.finished:
            raise ConflictError("The task is finished: it can be replayed")
        if row.status is Status.RUNNING and not lease_over(row, self.clock.now()):
            raise ConflictError("An attempt is under way")
        insist(lambda: self.batons.wake(row, row.attempt + 1, row.due_at), self.clock)
        self.recorder.record("re-armed", task=row.id, team=row.team, attempt=row.attempt + 1)
        return row

    def _read_again(self, letter: DeadLetter) -> Redriven:
        try:
            message = messages.decode_dead(letter.body)
        except messages.UnknownVersionError:
            raise ConflictError("Newer code has sent this message: deploy it, then redrive") from None
        except messages.UnreadableError:
            raise ConflictError("This is no message of ours: it can only be discarded") from None
        if self.rescue(message, sent_at=letter.at, receives=1) != Done():
            raise ConflictError("An attempt of its task is under way, or a part does not answer: redrive it later")
        return Redriven(letter, Action.SETTLED, message.task)

    def _announce_again(self, letter: DeadLetter) -> Redriven:
        row = self.reader.get(letter.task or "", now=self.clock.now())
        if row is None:
            raise ConflictError("The task is not kept any more: its letter can only be discarded")
        if not row.webhook:
            # The mark before the message: the webhook's worker drops a message of a task without one.
            marked = insist(lambda: self.tasks.commit(replace(row, webhook=True), Fence.of(row)), self.clock)
            if not isinstance(marked, Applied):
                raise ConflictError("The task changes at this moment: redrive it later")
        insist(lambda: self.batons.announce(row), self.clock)
        return Redriven(letter, Action.ANNOUNCED, row.id)

    def _forget(self, letter: DeadLetter, action: str) -> DeadLetter:
        insist(lambda: self.letters.remove(letter.id), self.clock)
        self.recorder.record(
            "dead letter", task=letter.task, letter=letter.id, action=action, reason=letter.reason.value
        )
        return letter
