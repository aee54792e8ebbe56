"""AsyncFlow's groups: what is decided about each request, the profile in force, and the report.

A group has one ledger. An admitted request replaces it with one conditional write and, when nobody else asks in
between, without a read; a refused request writes nothing. What a refusal adds to the report is kept in memory and
goes out with the next write of this instance.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field, replace

import msgspec

from chalicelib.domain.errors import NotFoundError, UnavailableError
from chalicelib.domain.listing import Query, View
from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator import profiles
from chalicelib.domain.simulator.ledger import (
    Ledger,
    Pause,
    Refusals,
    Ruling,
    Terms,
    Visit,
    early,
    judge,
    with_refusals,
)
from chalicelib.domain.simulator.profiles import Assignment, Profile
from chalicelib.domain.timing import ceil_seconds
from chalicelib.ports.ambient import Clock
from chalicelib.ports.blobs import Blobs
from chalicelib.ports.tasks import TaskReader

#: How long an instance goes by the stage's profile before it looks again.
STAGE_FRESH_MS = 10_000
#: Ledgers outlive the messages that are numbered from them, in seconds.
_MARGIN_S = 86_400
#: Ledgers remembered between requests, so that an uncontended one needs no read.
_REMEMBERED = 1_000
_ROUNDS = 100
#: The end of the year 9999: a profile in force says by itself how long it holds.
_NEVER_S = 253_402_300_799
_STAGE = "asyncflow-stage"
_PREFIX = "asyncflow#"

_ledger = msgspec.msgpack.Decoder(Ledger).decode
_assignment = msgspec.msgpack.Decoder(Assignment | None).decode
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the deployment's settings say of AsyncFlow: the limit of a group, whether reads count towards it, the
    profile that holds where none was put in force, the pause of the background service, and the seed of all draws."""

    rate: Rate
    counts_reads: bool
    profile: Profile
    pick_up_ms: int
    seed: str
    #: What draws follow from under a profile that explains nothing: nobody who has seen the seed can foretell them.
    hidden_seed: str

    def seed_for(self, profile: Profile) -> str:
        return self.seed if profile.explained else self.hidden_seed


@dataclass(frozen=True, slots=True)
class InForce:
    """The profile that holds for a stage or a group. `assignment`: as it was put in force there; None: it was not."""

    profile: Profile
    assignment: Assignment | None


@dataclass(frozen=True, slots=True)
class Report:
    """How a group has fared: its ledger, its profile, and its messages that are still kept."""

    ledger: Ledger
    profile: Profile
    submitted: int
    completed: int
    failed: int


@dataclass(slots=True)
class _Known:
    """A ledger with its version as this instance last saw them, and what it has refused since: one entry each, whether
    it came early. Threads share it: the pair is only ever replaced as a whole."""

    stored: tuple[int, Ledger]
    refused: deque[bool] = field(default_factory=deque)
    pause: Pause = field(default_factory=Pause)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Groups:
    """Everything about groups. Raises UnavailableError when the store does not answer: without a number there is no
    draw, so that nobody is let in."""

    blobs: Blobs
    reader: TaskReader
    clock: Clock
    conditions: Conditions
    retention_s: int
    _known: dict[str, _Known] = field(default_factory=dict)
    _stage: list[tuple[int, Assignment | None]] = field(default_factory=list)

    def admit(self, group: str, visit: Visit) -> tuple[Ruling, Profile]:
        """Judge one request of a group, under the profile that comes with the answer."""
        known = self._remembered(group)
        refusals: list[bool] = []
        try:
            return self._judged(known, visit, refusals)
        except UnavailableError:
            known.refused.extend(refusals)
            raise

    def _judged(self, known: _Known, visit: Visit, refusals: list[bool]) -> tuple[Ruling, Profile]:
        """The ruling, once its ledger is stored with the `refusals` taken along; or at once when it is a refusal."""
        for _ in range(_ROUNDS):
            now = self.clock.now()
            version, ledger = known.stored
            profile = self._profile(ledger, now)
            terms = Terms(
                self.conditions.rate, self.conditions.counts_reads, profile, self.conditions.seed_for(profile)
            )
            ruling, after = judge(ledger, visit, terms, now, pause=known.pause)
            if not ruling.admission.admitted:
                known.refused.extend([*refusals, early(ledger, visit, now, known.pause)])
                known.pause = known.pause.prolonged(now, now + ceil_seconds(ruling.admission.reset_ms) * 1000)
                return ruling, profile
            refusals.extend(_drain(known.refused))
            after = with_refusals(after, _counted(refusals))
            current = self._saved(after, version, now)
            known.stored = current or (version + 1, after)
            if current is None:
                return ruling, profile
        raise UnavailableError("the group's ledger changes too often")

    def assign(self, group: str | None, assignment: Assignment | None) -> InForce:
        """Put a profile in force for a group, or for the stage (None); or take back what was."""
        if group is None:
            self._assign_stage(assignment)
        else:
            self._assign_group(group, assignment)
        return self.in_force(group)

    def in_force(self, group: str | None) -> InForce:
        """The profile that holds for a group, or for the stage (None), as it is stored."""
        now = self.clock.now()
        stage = self._read_stage(now)
        if group is None:
            return InForce(self._effective(stage, now), _live(stage, now))
        assigned = _live(self._stored(group)[1].assigned, now)
        return InForce(self._effective(assigned or stage, now), assigned)

    def report(self, group: str) -> Report:
        """How a group has fared. NotFoundError when it has never asked for anything."""
        version, ledger = self._stored(group)
        if version == 0:
            raise NotFoundError
        return self._report(ledger)

    def reports(self) -> list[Report]:
        """How all groups have fared, by name."""
        ledgers = [_ledger(blob) for _, blob in self.blobs.beginning(_PREFIX)]
        asked = [ledger for ledger in ledgers if ledger.requests or ledger.assigned is not None]
        return [self._report(ledger) for ledger in sorted(asked, key=lambda ledger: ledger.group)]

    def _report(self, ledger: Ledger) -> Report:
        now = self.clock.now()
        query = Query(tenant(ledger.group), now)
        known = self._known.get(ledger.group)
        refused = [] if known is None else list(known.refused.copy())
        return Report(
            with_refusals(ledger, _counted(refused)),
            self._profile(ledger, now),
            submitted=self.reader.count(query),
            completed=self.reader.count(replace(query, view=View.COMPLETED)),
            failed=self.reader.count(replace(query, view=View.FAILED)),
        )

    def _profile(self, ledger: Ledger, now: int) -> Profile:
        return self._effective(_live(ledger.assigned, now) or self._fresh_stage(now), now)

    def _effective(self, assignment: Assignment | None, now: int) -> Profile:
        live = _live(assignment, now)
        base = self.conditions.profile
        return base if live is None else profiles.named(live.profile, base, live.changes)

    def _fresh_stage(self, now: int) -> Assignment | None:
        if self._stage and self._stage[0][0] <= now < self._stage[0][0] + STAGE_FRESH_MS:
            return self._stage[0][1]
        return self._read_stage(now)

    def _read_stage(self, now: int) -> Assignment | None:
        version, blob = self.blobs.get(_STAGE)
        stage = _assignment(blob) if version else None
        self._stage[:] = [(now, stage)]
        return stage

    def _assign_stage(self, assignment: Assignment | None) -> None:
        for _ in range(_ROUNDS):
            version, _blob = self.blobs.get(_STAGE)
            if self.blobs.swap(_STAGE, _encode(assignment), over=version, expires_s=_NEVER_S) is None:
                return
        raise UnavailableError("the stage's profile changes too often")

    def _assign_group(self, group: str, assignment: Assignment | None) -> None:
        for _ in range(_ROUNDS):
            version, ledger = self._stored(group)
            if version == 0 and assignment is None:
                return
            after = msgspec.structs.replace(ledger, assigned=assignment)
            if self._saved(after, version, self.clock.now()) is None:
                return
        raise UnavailableError("the group's ledger changes too often")

    def _remembered(self, group: str) -> _Known:
        known = self._known.get(group)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                # A copy of the names: another thread may be remembering a group of its own.
                self._known.pop(next(iter(tuple(self._known))), None)
            known = self._known.setdefault(group, _Known((0, Ledger(group))))
        return known

    def _stored(self, group: str) -> tuple[int, Ledger]:
        version, blob = self.blobs.get(_PREFIX + group)
        return version, _ledger(blob) if version else Ledger(group)

    def _saved(self, ledger: Ledger, over: int, now: int) -> tuple[int, Ledger] | None:
        """Store a ledger over the version it was made from; None when done, else what is stored instead."""
        expires_s = now // 1000 + self.retention_s + _MARGIN_S
        if ledger.assigned is not None:
            # A group may be silent for long and still find the profile that was put in force for it.
            ends_at = ledger.assigned.expires_at
            expires_s = max(expires_s, _NEVER_S if ends_at is None else ends_at // 1000)
        current = self.blobs.swap(_PREFIX + ledger.group, _encode(ledger), over=over, expires_s=expires_s)
        if current is None:
            return None
        version, blob = current
        return version, _ledger(blob) if version else Ledger(ledger.group)


def tenant(group: str) -> str:
    """The name under which a group's messages are stored and queued: a group may call itself anything, a queue's
    message group may not."""
    return f"asyncflow-{hashlib.sha256(group.encode()).hexdigest()[:32]}"


def _live(assignment: Assignment | None, now: int) -> Assignment | None:
    return assignment if assignment is not None and assignment.in_force(now) else None


def _drain(refused: deque[bool]) -> list[bool]:
    """Take what is there: each entry goes to one taker, however many threads there are."""
    taken: list[bool] = []
    while True:
        try:
            taken.append(refused.popleft())
        except IndexError:
            return taken


def _counted(refusals: list[bool]) -> Refusals:
    return Refusals(len(refusals), sum(refusals))
