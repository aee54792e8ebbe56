"""What a wake-up call means once its claim was refused: the table of the engine, as one pure function.

The claim is one conditional write; when it is refused the store hands back the row as it stands. The rules below are
read from top to bottom and the first that fits decides. Their order matters: each one assumes that those above it did
not fit.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.lifecycle import SKEW_MS, lease_over
from chalicelib.domain.task import CLAIMABLE, Status, Task

#: A message may overtake the row it is for. One younger than this is never dropped for want of a row; the function
#: that creates rows is stopped well before.
GRACE_MS = 90_000
#: Seconds to hold a message that waits for its row or for a part of the platform that does not answer, by the number of
#: times it was received. They grow, so that the receives a queue allows outlast an outage of some minutes.
GROWING_HOLDS_S = (2, 4, 8, 16, 32, 32)
#: What nothing was done for so long after its time has lost its message: held and hidden ones come back much sooner.
OVERDUE_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Drop:
    """The message has nothing left to do. `announce`: the completion webhook must be sent for first."""

    announce: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Come back after so many milliseconds."""

    ms: int


@dataclass(frozen=True, slots=True)
class GoOn:
    """The claim is mine after all: only its answer was lost."""


@dataclass(frozen=True, slots=True)
class TakeOver:
    """The lease is over and an attempt is left: claim it under the fence of the row as read."""


@dataclass(frozen=True, slots=True)
class LoseLast:
    """The lease is over and no attempt is left: the task has failed."""


@dataclass(frozen=True, slots=True)
class Resend:
    """This message stands in for the one of the row's next attempt: send that, then drop this."""


Decision = Drop | Hold | GoOn | TakeOver | LoseLast | Resend


def decide(row: Task | None, *, n: int, due: int, token: str, now: int, age_ms: int, receives: int) -> Decision:
    """What to do with the message of attempt `n`, made for `due`, whose claim under `token` was refused by `row`.

    `age_ms` is the message's age by the queue's own sent time, `receives` how often it was received (1 at first).
    """
    young = age_ms < GRACE_MS
    if row is None:
        return Hold(growing_hold_ms(receives)) if young else Drop()
    if row.finished:
        return Drop(announce=row.webhook)
    if row.status is Status.RUNNING:
        return _running(row, token, now)
    if n <= row.attempt:
        return Resend()
    if row.due_at > now:
        return Hold(row.due_at - now) if young or due == row.due_at else Drop()
    # What is left of an earlier life of the id; else the row became startable after the claim had been refused.
    return Drop() if n > row.attempt + 1 else Hold(0)


def overdue(row: Task, now: int) -> bool:
    """Whether a row shows that nobody is coming: its time, or its lease, has been over for an hour, or its end has and
    the completion webhook was not sent."""
    over = now - OVERDUE_MS
    if row.finished:
        return row.webhook and row.completed_at is not None and row.completed_at <= over
    if row.status is Status.RUNNING:
        return row.lease_until is not None and row.lease_until <= over
    return row.due_at <= over


def growing_hold_ms(receives: int) -> int:
    """How long to hold a message that has to wait for something that has no known time."""
    return GROWING_HOLDS_S[min(receives, len(GROWING_HOLDS_S)) - 1] * 1000


def startable(row: Task, n: int, now: int) -> bool:
    """The condition of a claim of attempt `n`: the row waits for just this attempt, and it is due."""
    return row.status in CLAIMABLE and row.attempt == n - 1 and row.due_at <= now


def _running(row: Task, token: str, now: int) -> Decision:
    if row.claim_token == token:
        return GoOn()
    if not lease_over(row, now):
        return Hold((row.lease_until or now) + SKEW_MS - now)
    return LoseLast() if row.last_attempt else TakeOver()
