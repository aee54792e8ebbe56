"""A dead letter: what the queues could not settle by themselves and is kept for a person to decide about."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

#: So much of a message is kept, in characters: every message of ours is far shorter.
LONGEST_BODY = 16_384
_ID = re.compile(r"[0-9]{15}-[0-9a-f]{16}", re.ASCII)


class Reason(StrEnum):
    """Why a letter is kept."""

    #: The text is no message of ours.
    UNREADABLE = "unreadable"
    #: The message was written by newer code, and no such code came to read it in time.
    NEWER = "newer"
    #: The task was failed: its messages came back twice.
    GIVEN_UP = "given-up"
    #: The task's completion webhook was not attempted: its messages came back twice.
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One dead letter. `at` (epoch milliseconds): when what it tells of was sent or given up. `task` and `team` are
    None where the message does not tell. `length`: that of the whole message; `body` may be its beginning only."""

    id: str
    reason: Reason
    at: int
    body: str
    length: int
    task: str | None = None
    team: str | None = None


def dead_letter(reason: Reason, at: int, body: str, *, task: str | None = None, team: str | None = None) -> DeadLetter:
    """The letter for a message. Its id begins with the time, so that ids sort by age, and follows from the rest: a
    message that is looked at twice makes one letter."""
    digest = hashlib.sha256(f"{reason.value}\0{body}".encode()).hexdigest()[:16]
    return DeadLetter(
        id=f"{at:015d}-{digest}",
        reason=reason,
        at=at,
        body=body[:LONGEST_BODY],
        length=len(body),
        task=task,
        team=team,
    )


def well_formed(letter_id: str) -> bool:
    """Whether a text can be a letter's id at all."""
    return _ID.fullmatch(letter_id) is not None
