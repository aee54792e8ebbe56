"""The ledger of a group: its rate window, its numbering and what its report tells, in one small item.

Every admitted request replaces the ledger over the version it was computed from. That one conditional write makes the
window exact, gives each request and each message its number, and counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from chalicelib.domain.ratelimit import Admission, Rate, admit, look, pack, unpack
from chalicelib.domain.simulator import faults
from chalicelib.domain.simulator.faults import Fault, Rule
from chalicelib.domain.simulator.profiles import Assignment, Profile

#: A group may call itself anything that people can read, in at most so many characters.
LONGEST_GROUP = 100
#: A message that comes again within this time of its lost response counts as sent again.
REMEMBERED_MS = 3_600_000
#: Lost responses that a ledger remembers.
_MOST_LOST = 20


class Kind(StrEnum):
    """What a request is for."""

    SUBMIT = "submit"
    POLL = "poll"
    LIST = "list"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a group, as far as the ledger must know it.

    `message` and `key` are digests of a message that can be accepted and of its `Idempotency-Key`; a submit that cannot
    be accepted has none. `scripted`: its destination goes by turns. `forced` is the status it asks for.
    """

    kind: Kind
    message: bytes | None = None
    key: bytes = b""
    scripted: bool = False
    forced: int | None = None


class Lost(msgspec.Struct, frozen=True, array_like=True):
    """A message that was accepted while its response was lost."""

    message: bytes
    key: bytes
    at: int


class Ledger(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a group. `window` is the packed log of the requests that count towards the limit, `not_before`
    the instant until which the last 503 asked the group to wait."""

    group: str
    window: bytes = b""
    first_at: int = 0
    last_at: int = 0
    requests: int = 0
    accepted: int = 0
    polls: int = 0
    throttled: int = 0
    early_retries: int = 0
    faults: int = 0
    lost_responses: int = 0
    duplicates: int = 0
    recovered: int = 0
    turns: int = 0
    not_before: int = 0
    lost: tuple[Lost, ...] = ()
    assigned: Assignment | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is decided about one request: whether it is admitted, its number, the fault it meets and the time added to
    its answer. `message` is the number of the message it brings, `turn` the turn of a scripted one."""

    admission: Admission
    number: int = 0
    fault: Fault | None = None
    latency_ms: int = 0
    message: int = 0
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Refusals:
    """Requests that were refused since the ledger was last written, and how many of them came too early."""

    count: int = 0
    early: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What one request is judged by. A rate limit of 0 lifts the limit."""

    rate: Rate
    counts_reads: bool
    profile: Profile
    seed: str


def well_named(group: str) -> bool:
    """Whether a text can be a group's name."""
    return 0 < len(group) <= LONGEST_GROUP and group.isprintable()


def judge(
    ledger: Ledger, visit: Visit, terms: Terms, now: int, *, refusals: Refusals, not_before: int = 0
) -> tuple[Ruling, Ledger]:
    """Judge one request; the ledger to be stored when it is admitted, the same one when it is not.

    `not_before`: until when a 429 that is not in the ledger asked the group to wait.
    """
    admission = _admission(ledger, visit, terms, now)
    if not admission.admitted:
        return Ruling(admission), ledger
    number = ledger.requests + 1
    met, latency_ms = _conditions(ledger, visit, terms, now)
    after = msgspec.structs.replace(
        ledger,
        window=pack(admission.log),
        first_at=ledger.first_at or now,
        last_at=now,
        requests=number,
        polls=ledger.polls + (visit.kind is Kind.POLL),
        throttled=ledger.throttled + refusals.count,
        early_retries=ledger.early_retries + refusals.early + early(ledger, visit, now, not_before),
        faults=ledger.faults + (met is not None),
        not_before=now + met.retry_after_s * 1000 if met is not None and met.retry_after_s else ledger.not_before,
    )
    if visit.message is not None and (met is None or met.rule is Rule.LOST_RESPONSE):
        after = _accepted(after, visit.message, visit, lost=met is not None, now=now)
    return Ruling(admission, number, met, latency_ms, after.accepted, ledger.turns), after


def early(ledger: Ledger, visit: Visit, now: int, not_before: int) -> bool:
    """Whether a request comes before the group was to ask again. To read a report is to ask for nothing."""
    return visit.kind is not Kind.REPORT and now < max(ledger.not_before, not_before)


def _conditions(ledger: Ledger, visit: Visit, terms: Terms, now: int) -> tuple[Fault | None, int]:
    """The fault and the latency that the request meets. A report is about the simulation, not part of it."""
    if visit.kind is Kind.REPORT:
        return None, 0
    place = (terms.profile, terms.seed, ledger.group, ledger.requests + 1)
    met = faults.fault(*place, now=now, submits=visit.message is not None, forced=visit.forced)
    return met, faults.latency_ms(*place)


def _admission(ledger: Ledger, visit: Visit, terms: Terms, now: int) -> Admission:
    log = unpack(ledger.window)
    counted = terms.rate.limit > 0 and (terms.counts_reads or visit.kind is Kind.SUBMIT)
    return admit(log, terms.rate, now) if counted else look(log, terms.rate, now)


def _accepted(ledger: Ledger, message: bytes, visit: Visit, *, lost: bool, now: int) -> Ledger:
    remembered = tuple(each for each in ledger.lost if now - each.at < REMEMBERED_MS)
    keys = {each.key for each in remembered if each.message == message}
    recovered = bool(visit.key) and visit.key in keys
    if lost:
        remembered = (*remembered, Lost(message, visit.key, now))[-_MOST_LOST:]
    return msgspec.structs.replace(
        ledger,
        accepted=ledger.accepted + 1,
        lost_responses=ledger.lost_responses + lost,
        duplicates=ledger.duplicates + (bool(keys) and not recovered),
        recovered=ledger.recovered + recovered,
        turns=ledger.turns + visit.scripted,
        lost=remembered,
    )
