"""The ledger of a group: its rate window, its numbering and what its report tells, in one small item.

Every admitted request replaces the ledger over the version it was computed from. That one conditional write makes the
window exact, gives each request and each message its number, and counts.
"""

from __future__ import annotations

from collections.abc import Callable
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
#: Lost responses and keys that a ledger remembers, and bytes of a digest: few enough for one write unit.
_MOST_LOST = 10
_MOST_KEYS = 30
DIGEST_BYTES = 6
#: A request is on its way before it can know that it should have waited: what comes so soon is no early retry.
_UNAWARE_MS = 1_000


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


@dataclass(frozen=True, slots=True)
class Pause:
    """A time to wait that was asked for at `asked_at`: it is over at `until`."""

    asked_at: int = 0
    until: int = 0

    def broken(self, now: int) -> bool:
        """Whether a request at `now` comes too early, and could know it."""
        return self.asked_at + _UNAWARE_MS <= now < self.until

    def prolonged(self, now: int, until: int) -> Pause:
        """The pause after another request to wait: an earlier one that lasts longer stays."""
        return Pause(self.asked_at if now < self.until else now, max(self.until, until))


class Lost(msgspec.Struct, frozen=True, array_like=True):
    """A message that was accepted while its response was lost."""

    message: bytes
    key: bytes
    at: int


class Ledger(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a group. `window` is the packed log of the requests that count towards the limit, `asked_at` and
    `not_before` the pause that a 503 asked for, `keys` the digests of the last keys, each with that of its message."""

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
    asked_at: int = 0
    not_before: int = 0
    lost: tuple[Lost, ...] = ()
    keys: bytes = b""
    assigned: Assignment | None = None

    @property
    def pause(self) -> Pause:
        return Pause(self.asked_at, self.not_before)


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


def judge(ledger: Ledger, visit: Visit, terms: Terms, now: int, *, pause: Pause = Pause()) -> tuple[Ruling, Ledger]:
    """Judge one request; the ledger to be stored when it is admitted, the same one when it is not.

    `pause` is what a 429 asked for: that is not in the ledger.
    """
    admission = _admission(ledger, visit, terms, now)
    if not admission.admitted:
        return Ruling(admission), ledger
    number, use = ledger.requests + 1, _use(ledger, visit)
    met, latency_ms = _conditions(ledger, visit, use, terms, now)
    asked = ledger.pause
    if met is not None and met.retry_after_s:
        asked = asked.prolonged(now, now + met.retry_after_s * 1000)
    after = msgspec.structs.replace(
        ledger,
        window=pack(admission.log),
        first_at=ledger.first_at or now,
        last_at=now,
        requests=number,
        polls=ledger.polls + (visit.kind is Kind.POLL),
        early_retries=ledger.early_retries + early(ledger, visit, now, pause),
        faults=ledger.faults + (met is not None),
        asked_at=asked.asked_at,
        not_before=asked.until,
    )
    if met is None or met.rule is Rule.LOST_RESPONSE:
        after = _brought(after, visit, use, lost=met is not None, now=now)
    return Ruling(admission, number, met, latency_ms, after.accepted, ledger.turns), after


def early(ledger: Ledger, visit: Visit, now: int, pause: Pause) -> bool:
    """Whether a request comes before the group was to ask again. To read a report is to ask for nothing."""
    return visit.kind is not Kind.REPORT and (ledger.pause.broken(now) or pause.broken(now))


def with_refusals(ledger: Ledger, refusals: Refusals) -> Ledger:
    """The ledger once these requests are counted that were refused before."""
    return msgspec.structs.replace(
        ledger,
        throttled=ledger.throttled + refusals.count,
        early_retries=ledger.early_retries + refusals.early,
    )


class _Use(StrEnum):
    """What a visit brings."""

    NOTHING = "nothing"
    NEW = "new"
    #: A message under the key that it came under before.
    REPEATED = "repeated"
    #: A message under the key of another one: it will not be accepted.
    REUSED = "reused"


def _use(ledger: Ledger, visit: Visit) -> _Use:
    if visit.message is None:
        return _Use.NOTHING
    if not visit.key:
        return _Use.NEW
    known = {ledger.keys[at : at + DIGEST_BYTES]: at for at in range(0, len(ledger.keys), 2 * DIGEST_BYTES)}
    at = known.get(visit.key)
    if at is None:
        return _Use.NEW
    return _Use.REPEATED if ledger.keys[at + DIGEST_BYTES : at + 2 * DIGEST_BYTES] == visit.message else _Use.REUSED


def _conditions(ledger: Ledger, visit: Visit, use: _Use, terms: Terms, now: int) -> tuple[Fault | None, int]:
    """The fault and the latency that the request meets. A report is about the simulation, not part of it."""
    if visit.kind is Kind.REPORT:
        return None, 0
    place = (terms.profile, terms.seed, ledger.group, ledger.requests + 1)
    submits = use in (_Use.NEW, _Use.REPEATED)
    return faults.fault(*place, now=now, submits=submits, forced=visit.forced), faults.latency_ms(*place)


def _admission(ledger: Ledger, visit: Visit, terms: Terms, now: int) -> Admission:
    log = unpack(ledger.window)
    counted = terms.rate.limit > 0 and (terms.counts_reads or visit.kind is Kind.SUBMIT)
    return admit(log, terms.rate, now) if counted else look(log, terms.rate, now)


def _brought(ledger: Ledger, visit: Visit, use: _Use, *, lost: bool, now: int) -> Ledger:
    """The ledger once the message of an admitted request is accepted, if it brings one."""
    remembered = tuple(each for each in ledger.lost if now - each.at < REMEMBERED_MS)
    if use is _Use.REPEATED and not lost:
        found = _first(remembered, lambda each: each.key == visit.key)
        return msgspec.structs.replace(
            ledger, lost=_without(remembered, found), recovered=ledger.recovered + (found is not None)
        )
    if use is not _Use.NEW or visit.message is None:
        return ledger
    # Each lost response is made good for once: by its key, or by a message that is now there twice.
    found = _first(remembered, lambda each: each.message == visit.message)
    remembered = _without(remembered, found)
    if lost:
        remembered = (*remembered, Lost(visit.message, visit.key, now))[-_MOST_LOST:]
    keys = ledger.keys + visit.key + visit.message if visit.key else ledger.keys
    return msgspec.structs.replace(
        ledger,
        accepted=ledger.accepted + 1,
        lost_responses=ledger.lost_responses + lost,
        duplicates=ledger.duplicates + (found is not None),
        turns=ledger.turns + visit.scripted,
        lost=remembered,
        keys=keys[-2 * DIGEST_BYTES * _MOST_KEYS :],
    )


def _first(lost: tuple[Lost, ...], wanted: Callable[[Lost], bool]) -> Lost | None:
    return next(filter(wanted, lost), None)


def _without(lost: tuple[Lost, ...], gone: Lost | None) -> tuple[Lost, ...]:
    return tuple(each for each in lost if each is not gone)
