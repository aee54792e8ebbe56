"""Teams: their plan, members, keys and signing secrets, and who a key speaks for.

A team is one item, replaced only over the version it was read with: a plan's limit holds however many ask at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from chalicelib.domain import ids, keys, signing
from chalicelib.domain.errors import ConflictError, NotFoundError, PlanLimitError, UnavailableError
from chalicelib.domain.identity import ApiKey, Member, Principal, Team
from chalicelib.domain.task import SigningState
from chalicelib.engine.last_use import LastUse
from chalicelib.ports.ambient import Clock, Randomness
from chalicelib.ports.identity import KeyEntry, TeamStore

#: How long a rotated key or secret may live on beside its successor, in seconds: a day.
LONGEST_OVERLAP_S = 86_400
_ROUNDS = 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Minted:
    """A key that was just made: the only time that it is known in full."""

    key: ApiKey
    secret: str


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that works, and the last use of it that was noted (epoch milliseconds): None before the first."""

    key: ApiKey
    used_at: int | None


@dataclass(frozen=True, slots=True)
class Teams:
    """Everything about teams. Raises NotFoundError, ConflictError, PlanLimitError."""

    store: TeamStore
    clock: Clock
    randomness: Randomness
    pepper: bytes
    last_use: LastUse

    def authenticate(self, key: str) -> Principal | None:
        """Who a key speaks for; None when it is junk, unknown, revoked or past its end. Junk costs no read.

        The key's hash only leads to the team; whether the key works, the team's own item says, so that revoking is one
        write. The use is noted where the hash leads to, which no such write can bring back.
        """
        if not keys.plausible(key):
            return None
        key_hash = keys.hashed(key, self.pepper)
        entry = self.store.key(key_hash)
        team = None if entry is None else self.store.team(entry.team)
        if entry is None or team is None or entry.key_id not in self._live(team):
            return None
        self.last_use.noted(entry.used_at, partial(self.store.use_key, key_hash))
        return Principal(team, entry.key_id)

    def create(self, name: str, plan: str, *, team_id: str | None = None) -> tuple[Team, Minted]:
        """A new team with its first key. UnavailableError when the id is taken."""
        now = self.clock.now()
        team = Team(team_id or self._id(), name, plan, now, signing_since=now)
        minted = self._mint("default")
        team = replace(team, keys={minted.key.id: minted.key}, change=self._id())
        self.store.put_key(minted.key.key_hash, KeyEntry(team.id, minted.key.id))
        if not self._saved(team, over=None):
            raise UnavailableError("the team could not be stored")
        return team, minted

    def get(self, team_id: str) -> Team:
        """The team of this id."""
        team = self.store.team(team_id)
        if team is None:
            raise NotFoundError
        return team

    def all(self) -> list[Team]:
        """All teams, oldest first."""
        return sorted(self.store.teams(), key=lambda team: (team.created_at, team.id))

    def set_plan(self, team_id: str, plan: str) -> Team:
        """Put a team on another plan. What it has beyond that plan's limits it keeps."""
        return self._change(team_id, lambda team: replace(team, plan_name=plan))

    def create_key(self, team_id: str, name: str) -> Minted:
        """One more key, within the plan."""
        minted = self._mint(name)
        # The hash leads to the team before the team knows the key: a stop in between leaves a key that nobody was told.
        self.store.put_key(minted.key.key_hash, KeyEntry(team_id, minted.key.id))

        def add(team: Team) -> Team:
            limit = team.plan.keys
            if limit is not None and sum(key.expires_at is None for key in team.keys.values()) >= limit:
                raise PlanLimitError(f"the {team.plan_name} plan allows {limit} API key")
            return replace(team, keys={**team.keys, minted.key.id: minted.key})

        try:
            self._change(team_id, add)
        except (PlanLimitError, NotFoundError):
            self.store.put_key(minted.key.key_hash, None)
            raise
        return minted

    def revoke_key(self, team_id: str, key_id: str) -> ApiKey:
        """The key fails the next request."""
        revoked: list[ApiKey] = []

        def revoke(team: Team) -> Team:
            if key_id not in team.keys:
                raise NotFoundError
            revoked[:] = [team.keys[key_id]]
            return replace(team, keys=_without(team.keys, key_id))

        self._change(team_id, revoke)
        with suppress(UnavailableError):
            # The key is dead already: what still leads from its hash to the team finds no such key there.
            self.store.put_key(revoked[0].key_hash, None)
        return revoked[0]

    def rotate_key(self, team_id: str, key_id: str, overlap_s: int) -> tuple[Minted, ApiKey]:
        """A successor for a key, which lives on for `overlap_s` seconds and no longer counts against the plan."""
        # Looked at first: nothing is written for a key that is not there.
        _turning(self.get(team_id), key_id)
        minted = self._mint("")
        self.store.put_key(minted.key.key_hash, KeyEntry(team_id, minted.key.id))
        ends_at = self.clock.now() + overlap_s * 1000

        def turn(team: Team) -> Team:
            key = _turning(team, key_id)
            successor = replace(minted.key, name=key.name)
            return replace(
                team, keys={**self._live(team), key_id: replace(key, expires_at=ends_at), successor.id: successor}
            )

        try:
            team = self._change(team_id, turn)
        except (ConflictError, NotFoundError):
            self.store.put_key(minted.key.key_hash, None)
            raise
        ending = team.keys[key_id]
        self.store.put_key(ending.key_hash, KeyEntry(team_id, key_id, ends_at))
        return Minted(team.keys[minted.key.id], minted.secret), ending

    def keys(self, team_id: str) -> list[KnownKey]:
        """The team's working keys, oldest first."""
        live = sorted(self._live(self.get(team_id)).values(), key=lambda key: (key.created_at, key.id))
        entries = self.store.entries([key.key_hash for key in live])
        used = {key_hash: entry.used_at for key_hash, entry in entries.items()}
        return [KnownKey(key, used.get(key.key_hash)) for key in live]

    def add_member(self, team_id: str, email: str) -> Member:
        """One more member, within the plan. ConflictError when the address is a member's already."""
        member = Member(self._id(), email, self.clock.now())

        def add(team: Team) -> Team:
            if any(other.email.casefold() == email.casefold() for other in team.members.values()):
                raise ConflictError
            limit = team.plan.members
            if limit is not None and len(team.members) >= limit:
                raise PlanLimitError(f"the {team.plan_name} plan allows {limit} team members")
            return replace(team, members={**team.members, member.id: member})

        self._change(team_id, add)
        return member

    def remove_member(self, team_id: str, member_id: str) -> None:
        """The member leaves the team."""

        def remove(team: Team) -> Team:
            if member_id not in team.members:
                raise NotFoundError
            return replace(team, members=_without(team.members, member_id))

        self._change(team_id, remove)

    def members(self, team_id: str) -> list[Member]:
        """The team's members, oldest first."""
        return sorted(self.get(team_id).members.values(), key=lambda member: (member.created_at, member.id))

    def signing_secret(self, team: Team) -> str:
        """The secret that signs what goes out for the team."""
        return signing.secret(self.pepper, team.id, team.signing.generation)

    def rotate_signing_secret(self, team_id: str, overlap_s: int) -> Team:
        """A new signing secret; everything is signed with both for `overlap_s` seconds."""
        now = self.clock.now()

        def turn(team: Team) -> Team:
            state = SigningState(team.signing.generation + 1, now + overlap_s * 1000 if overlap_s else None)
            return replace(team, signing=state, signing_since=now)

        return self._change(team_id, turn)

    def _change(self, team_id: str, change: Callable[[Team], Team]) -> Team:
        for _ in range(_ROUNDS):
            team = self.get(team_id)
            changed = replace(change(team), version=team.version + 1, change=self._id())
            if self._saved(changed, over=team.version):
                return changed
        raise UnavailableError("the team changes too often to be saved")

    def _saved(self, team: Team, *, over: int | None) -> bool:
        """Whether the team is stored: a refusal by this very change means that only its first answer was lost."""
        if self.store.save(team, over=over):
            return True
        stored = self.store.team(team.id)
        return stored is not None and stored.change == team.change

    def _live(self, team: Team) -> dict[str, ApiKey]:
        now = self.clock.now()
        return {id_: key for id_, key in team.keys.items() if key.expires_at is None or key.expires_at > now}

    def _mint(self, name: str) -> Minted:
        secret = keys.mint(self.randomness.bytes(32))
        key = ApiKey(self._id(), name, keys.shown_prefix(secret), keys.hashed(secret, self.pepper), self.clock.now())
        return Minted(key, secret)

    def _id(self) -> str:
        return ids.uuid4_from(self.randomness.bytes(16))


def _without(mapping: Mapping[str, T], key: str) -> dict[str, T]:
    return {name: value for name, value in mapping.items() if name != key}


def _turning(team: Team, key_id: str) -> ApiKey:
    """The key of a team that a successor may replace."""
    key = team.keys.get(key_id)
    if key is None:
        raise NotFoundError
    if key.expires_at is not None:
        raise ConflictError
    return key
