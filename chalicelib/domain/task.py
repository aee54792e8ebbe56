"""A task: what is to be done, how far it has come, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

import msgspec

from chalicelib.domain.errors import LockedError, SluiceError, SpoiledError
from chalicelib.domain.exchange import Headers


class Status(StrEnum):
    """Where a task stands. `lifecycle.TRANSITIONS` says what leads from one to the other."""

    #: Accepted, waiting for its first attempt.
    QUEUED = "queued"
    #: An attempt holds the lease.
    RUNNING = "running"
    #: The last attempt failed; the next one waits for its time.
    RETRY = "retry"
    #: The last attempt asked to go on later; no retry is spent.
    CONTINUED = "continued"
    #: The work was done.
    COMPLETED = "completed"
    #: No attempt succeeded and none is left.
    FAILED = "failed"
    #: The budget for waiting was spent.
    TIMEOUT = "timeout"
    #: The owner withdrew it before it ran.
    CANCELLED = "cancelled"


CLAIMABLE = frozenset({Status.QUEUED, Status.RETRY, Status.CONTINUED})
TERMINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.TIMEOUT, Status.CANCELLED})


class Backoff(StrEnum):
    """How the pause before each retry grows."""

    LINEAR = "linear"
    EXPONENTIAL = "exponential"


class Callback(msgspec.Struct, frozen=True, array_like=True, tag="callback"):
    """Work of the kind `callback`: one HTTP request to the owner's server.

    `max_wait_s` is the budget of seconds spent waiting for answers over all attempts, `timeout_s` the limit of one.
    """

    url: str
    method: str
    max_wait_s: float
    timeout_s: float
    backoff: Backoff


class Simulation(msgspec.Struct, frozen=True, array_like=True, tag="simulation"):
    """Work of the kind `simulation`: a message of a learner, which takes the time and comes to the end that were drawn
    when it was accepted. Drawn once and kept here, they are the same for whoever makes the next step.

    `failure` is the sentence that the message fails with; None: it completes.
    """

    group: str
    destination: str
    duration_ms: int
    failure: str | None = None
    priority: str | None = None


class Operation(msgspec.Struct, frozen=True, array_like=True, tag="operation"):
    """Work of the kind `operation`: a pure function of the deployment's own, by the name it is registered under. Its
    input is the payload's body, its result the result's body, both as JSON."""

    kind: str


class Delivery(msgspec.Struct, frozen=True, array_like=True, tag="delivery"):
    """Work of the kind `delivery`: an event of AstraFlow told to one webhook. The payload's body is what is sent.

    It waits until the change `change` has made version `version` of the item; None: the event is a fact already.
    `message` is the id that the receiver knows the event by; None: the task's own.
    """

    tenant: str
    webhook: str
    event: str
    item: str | None = None
    version: int = 0
    change: str | None = None
    message: str | None = None


class Due(msgspec.Struct, frozen=True, array_like=True, tag="due"):
    """Work of the kind `due`: an item of AstraFlow is due, if the date is still the one that the change `change` set
    with version `version`."""

    tenant: str
    item: str
    version: int
    change: str


#: What a task does. Stored as an array that begins with its kind: a new field goes to the end, with a default.
Work = Callback | Simulation | Operation | Delivery | Due
W = TypeVar("W", bound=Work)


class Unreadable(msgspec.Struct, frozen=True, array_like=True, tag="unreadable"):
    """Stands for the work of a row that was not opened: for now, or for ever because it is `spoiled`."""

    spoiled: bool = False

    def error(self) -> SluiceError:
        """Why it cannot be used."""
        return SpoiledError("request") if self.spoiled else LockedError("the key to the task's request is not at hand")


@dataclass(frozen=True, slots=True)
class Payload:
    """The part of a request that may be large and may hold secrets."""

    headers: Headers = ()
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of the last attempt: lower-case header names, the body as text, the duration in milliseconds."""

    status_code: int
    headers: Headers
    body: str
    duration_ms: int


class AttemptOutcome(StrEnum):
    """How one attempt ended."""

    SUCCEEDED = "succeeded"
    #: An answer or a transport failure that counts against the task.
    FAILED = "failed"
    #: Not finished: the work asked to go on later.
    CONTINUED = "continued"
    #: The worker vanished with the lease: whether the call was made is not known.
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One line of a task's history."""

    number: int
    scheduled_at: int
    started_at: int
    finished_at: int | None
    outcome: AttemptOutcome
    status_code: int | None = None
    error: str | None = None
    next_at: int | None = None


@dataclass(frozen=True, slots=True)
class SigningState:
    """Which of a team's signing secrets are in force: the generation, and until when the one before it is too."""

    generation: int = 1
    previous_until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task as its row holds it.

    `attempt` counts claims so far, `continued` those that only asked to go on later. `hops` is how many tasks in a row
    led to the request that made this one. `create_token` names the call that made the row, `claim_token` the claim that
    holds or last held the lease. `webhook`: a completion webhook is still to be sent. `payload` and `result` are None
    where the row was read without them. `expires_at` is in epoch seconds and set with the terminal write only.
    `replay_of`: the task whose request this one repeats.
    """

    id: str
    team: str
    status: Status
    work: Work | Unreadable
    max_attempts: int
    due_at: int
    created_at: int
    create_token: str
    payload: Payload | None = None
    fingerprint: str | None = None
    delay_until: int | None = None
    on_complete_url: str | None = None
    signing: SigningState = field(default_factory=SigningState)
    hops: int = 0
    attempt: int = 0
    continued: int = 0
    claim_token: str | None = None
    claimed_at: int | None = None
    lease_until: int | None = None
    started_at: int | None = None
    completed_at: int | None = None
    waited_ms: int = 0
    history: tuple[AttemptRecord, ...] = ()
    result: Result | None = None
    error: str | None = None
    webhook: bool = False
    expires_at: int | None = None
    replay_of: str | None = None

    def work_as(self, kind: type[W]) -> W:
        """The work, where its kind is known. TypeError when it is another; SpoiledError or LockedError when it could
        not be opened."""
        work = self.known_work
        if not isinstance(work, kind):
            raise TypeError(f"task {self.id} is no {kind.__name__}")
        return work

    @property
    def known_work(self) -> Work:
        """The work. SpoiledError or LockedError when it could not be opened."""
        if isinstance(self.work, Unreadable):
            raise self.work.error()
        return self.work

    @property
    def locked(self) -> bool:
        """Whether what is to be done, and who is told of the end, is not known for now."""
        return self.work == Unreadable()

    @property
    def backoff(self) -> Backoff:
        """How its pauses before retries grow: as the owner asked, where the kind of work leaves a choice."""
        return self.work.backoff if isinstance(self.work, Callback) else Backoff.EXPONENTIAL

    @property
    def finished(self) -> bool:
        return self.status in TERMINAL

    @property
    def last_attempt(self) -> bool:
        """Whether the attempt under way is the last one there is."""
        return self.attempt >= self.max_attempts

    @property
    def retries_made(self) -> int:
        """Attempts after the first, without those that only went on with an earlier one."""
        return max(0, self.attempt - 1 - self.continued)

    @property
    def max_retries(self) -> int:
        """The retries that were asked for: going on with an attempt raised `max_attempts` without spending one."""
        return self.max_attempts - 1 - self.continued
