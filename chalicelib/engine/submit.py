"""Accepting a task: baton first, then the row, then the answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from chalicelib.domain import ids
from chalicelib.domain.errors import KeyReusedError, UnavailableError
from chalicelib.domain.task import Payload, SigningState, Status, Task, Work
from chalicelib.engine.batons import Batons
from chalicelib.engine.patience import insist
from chalicelib.ports.ambient import Clock, Randomness
from chalicelib.ports.tasks import Applied, TaskStore


@dataclass(frozen=True, slots=True)
class Order:
    """What a team asks for. `fingerprint` stands for the whole request body, to recognise it when it comes again under
    the same `idempotency_key`.

    `task_id`: the id that the task is to have; with a key it must be the same each time. None: derived from the key, or
    random. `replay_of`: the task that this one repeats.
    """

    team: str
    work: Work
    payload: Payload
    max_retries: int
    signing: SigningState = field(default_factory=SigningState)
    delay_until: int | None = None
    on_complete_url: str | None = None
    hops: int = 0
    idempotency_key: str | None = None
    fingerprint: str | None = None
    task_id: str | None = None
    replay_of: str | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The task as it was when it was accepted. `replayed`: an earlier request with the same key had made it."""

    task: Task
    replayed: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Submit:
    """Accept a task. When the call returns, the task is durable and will be carried to its end.

    Raises KeyReusedError, and UnavailableError when a part did not confirm: then nothing was acknowledged, and what is
    left behind is at most a message without a row, which is dropped by itself.
    """

    tasks: TaskStore
    batons: Batons
    clock: Clock
    randomness: Randomness

    def __call__(self, order: Order) -> Submitted:
        task = self._task(order)
        self.batons.wake(task, 1, task.due_at)
        written = insist(lambda: self.tasks.create(task), self.clock)
        if isinstance(written, Applied):
            return Submitted(task, replayed=False)
        row = written.row
        if row is not None and row.create_token == task.create_token:
            return Submitted(task, replayed=False)
        if row is None or order.idempotency_key is None:
            # A random id that is taken, or a row that vanished between refusal and answer: nothing to acknowledge.
            raise UnavailableError("the task could not be stored")
        if row.team != task.team or row.fingerprint != task.fingerprint:
            raise KeyReusedError
        return Submitted(_as_accepted(row, order.payload), replayed=True)

    def _task(self, order: Order) -> Task:
        now = self.clock.now()
        delayed = order.delay_until is not None and order.delay_until > now
        return Task(
            id=order.task_id or self._id(order),
            team=order.team,
            status=Status.QUEUED,
            work=order.work,
            max_attempts=order.max_retries + 1,
            due_at=order.delay_until if delayed and order.delay_until is not None else now,
            created_at=now,
            create_token=self.randomness.bytes(8).hex(),
            payload=order.payload,
            fingerprint=order.fingerprint,
            delay_until=order.delay_until,
            on_complete_url=order.on_complete_url,
            signing=order.signing,
            hops=order.hops,
            replay_of=order.replay_of,
        )

    def _id(self, order: Order) -> str:
        if order.idempotency_key is None:
            return ids.uuid4_from(self.randomness.bytes(16))
        return ids.derived(order.team, order.idempotency_key)


def _as_accepted(row: Task, payload: Payload) -> Task:
    """The row as its first answer showed it: a repeated create gets the same one, however far the task has come."""
    delayed = row.delay_until is not None and row.delay_until > row.created_at
    return replace(
        row,
        status=Status.QUEUED,
        due_at=row.delay_until if delayed and row.delay_until is not None else row.created_at,
        attempt=0,
        continued=0,
        max_attempts=row.max_attempts - row.continued,
        history=(),
        result=None,
        error=None,
        started_at=None,
        completed_at=None,
        payload=payload,
    )
