"""Asking for a finished task's work once more, on the operator's word: a new task with the same request."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from chalicelib.domain import ids
from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.domain.kinds.registry import Kinds
from chalicelib.domain.task import (
    AttemptOutcome,
    Callback,
    Delivery,
    Operation,
    Payload,
    SigningState,
    Simulation,
    Status,
    Task,
    Work,
)
from chalicelib.engine.operations import STORED
from chalicelib.engine.patience import insist
from chalicelib.engine.submit import Order, Submit, Submitted
from chalicelib.ports.ambient import Clock, Randomness
from chalicelib.ports.identity import TeamStore
from chalicelib.ports.tasks import TaskReader

#: What sets the ids of replays apart from those that follow from a team's own keys.
_NAMESPACE = "replay\0"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Replay:
    """A new task that asks for what a finished one asked for, due now and with all its attempts, linked by `replay_of`.
    The finished one stays as it is.

    Raises NotFoundError, UnavailableError, and ConflictError with the reason where a task cannot be replayed.
    """

    reader: TaskReader
    teams: TeamStore
    kinds: Kinds
    submit: Submit
    clock: Clock
    randomness: Randomness

    def __call__(self, task_id: str, *, key: str | None = None) -> Submitted:
        """Replay a task; once only under the same `key`."""
        task = self.reader.get(task_id, now=self.clock.now(), payload=True)
        if task is None:
            raise NotFoundError
        self._refuse(task)
        return self.submit(
            Order(
                team=task.team,
                work=_work(task),
                payload=task.payload or Payload(),
                max_retries=task.max_retries,
                signing=self._signing(task),
                on_complete_url=task.on_complete_url,
                idempotency_key=key,
                task_id=self._id(task, key),
                hops=task.hops,
                replay_of=task.id,
            )
        )

    def _refuse(self, task: Task) -> None:
        if not task.finished:
            raise ConflictError("The task is not finished: there is nothing to replay yet")
        if task.status is Status.CANCELLED:
            raise ConflictError("The task was cancelled: its owner wanted no call")
        match task.work:
            case Simulation():
                raise ConflictError(
                    "A message of AsyncFlow was given its fate when it was sent: its group sends it anew"
                )
            case Operation(kind) if self.kinds.named(kind) is None:
                raise ConflictError(f"There are no operations of the kind {kind} any more")

    def _signing(self, task: Task) -> SigningState:
        """What signs for the team today: a replay is not signed with a secret that was rotated away."""
        if not isinstance(task.work, Callback):
            return task.signing
        team = insist(lambda: self.teams.team(task.team), self.clock)
        return task.signing if team is None else team.signing

    def _id(self, task: Task, key: str | None) -> str:
        new = (
            ids.uuid4_from(self.randomness.bytes(16))
            if key is None
            else ids.derived(_NAMESPACE + task.team, f"{task.id} {key}")
        )
        return STORED + new if isinstance(task.work, Operation) else new


def _work(task: Task) -> Work:
    """The work, but that a delivery goes out under the id its receiver knows the event by, and waits no longer for a
    change that an attempt has seen: only one that had would have sent anything."""
    work = task.known_work
    if not isinstance(work, Delivery):
        return work
    known = msgspec.structs.replace(work, message=work.message or task.id)
    seen = task.result is not None or any(entry.outcome is AttemptOutcome.FAILED for entry in task.history)
    return msgspec.structs.replace(known, item=None, version=0, change=None) if seen else known
