"""Teams: their plan, members, keys and signing secrets, and who a key speaks for.

A team is one item, replaced only over the version it was read with: a plan's limit holds however many ask at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from chalicelib.domain import ids, keys, rotation, signing
from chalicelib.domain.asked import Asked, asked_for
from chalicelib.domain.errors import ConflictError, KeyReusedError, NotFoundError, PlanLimitError, UnavailableError
from chalicelib.domain.identity import ApiKey, Member, Principal, Team
from chalicelib.engine.last_use import LastUse
from chalicelib.engine.minting import Ending, KnownKey, Mint, Minted
from chalicelib.ports.ambient import Clock, Randomness
from chalicelib.ports.identity import KeyEntry, TeamStore

#: How long a rotated key or secret may live on beside its successor, in seconds: a day.
LONGEST_OVERLAP_S = 86_400
_ROUNDS = 20
#: The name of a team's first key.
_FIRST = "default"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Joined:
    """A new member. `replayed`: an earlier request with the same idempotency key had added it."""

    member: Member
    replayed: bool


@dataclass(frozen=True, slots=True)
class Turned:
    """A team as the rotation of its signing secret left it. `replayed`: an earlier request with the same idempotency
    key had asked for that."""

    team: Team
    replayed: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Teams:
    """Everything about teams. What makes something does so once for one idempotency `key`, and raises KeyReusedError
    when the same key asked for something else. Raises NotFoundError, ConflictError, PlanLimitError."""

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

    def create(
        self, name: str, plan: str, *, team_id: str | None = None, key: str | None = None
    ) -> tuple[Team, Minted]:
        """A new team with its first key. UnavailableError when the id is taken."""
        asked = asked_for("teams", key, name, plan)
        if asked is not None and (known := self.store.team(asked.id)) is not None:
            return self._made(known, name, plan, asked)
        now = self.clock.now()
        team = Team(team_id or (self._id() if asked is None else asked.id), name, plan, now, signing_since=now)
        minted = self._mint.new(_FIRST, None if asked is None else _first(asked))
        team = replace(team, keys={minted.key.id: minted.key}, change=self._id(), origin=minted.key.origin)
        self.store.put_key(minted.key.key_hash, KeyEntry(team.id, minted.key.id))
        if self._saved(team, over=None):
            return team, minted
        if asked is None:
            raise UnavailableError("the team could not be stored")
        # The same request came twice at once, and the other one was first.
        self.store.put_key(minted.key.key_hash, None)
        return self._made(self.get(team.id), name, plan, asked)

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

    def create_key(self, team_id: str, name: str, key: str | None = None) -> Minted:
        """One more key, within the plan."""
        asked = asked_for(f"keys of {team_id}", key, name)
        if asked is not None and (known := self.get(team_id).keys.get(asked.id)) is not None:
            return self._mint.again(known, asked)
        minted = self._mint.new(name, asked)
        # The hash leads to the team before the team knows the key: a stop in between leaves a key that nobody was told.
        self.store.put_key(minted.key.key_hash, KeyEntry(team_id, minted.key.id))

        def add(team: Team) -> Team:
            if minted.key.id in team.keys:
                return team
            limit = team.plan.keys
            if limit is not None and sum(key.expires_at is None for key in team.keys.values()) >= limit:
                raise PlanLimitError(f"the {team.plan_name} plan allows {limit} API key")
            return replace(team, keys={**team.keys, minted.key.id: minted.key})

        try:
            team = self._change(team_id, add)
        except (PlanLimitError, NotFoundError):
            self.store.put_key(minted.key.key_hash, None)
            raise
        return self._kept(team, minted, asked)

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

    def rotate_key(self, team_id: str, key_id: str, overlap_s: int, key: str | None = None) -> tuple[Minted, Ending]:
        """A successor for a key, which lives on for `overlap_s` seconds and no longer counts against the plan."""
        asked = asked_for(f"successors of {key_id} in {team_id}", key, str(overlap_s))
        # Looked at first: nothing is written for a key that is not there.
        before = self.get(team_id)
        if asked is not None and (known := before.keys.get(asked.id)) is not None:
            minted = self._mint.again(known, asked)
            return minted, Ending(key_id, minted.key.created_at + overlap_s * 1000)
        minted = self._mint.new(_turning(before, key_id).name, asked)
        ending = Ending(key_id, minted.key.created_at + overlap_s * 1000)
        self.store.put_key(minted.key.key_hash, KeyEntry(team_id, minted.key.id))

        def turn(team: Team) -> Team:
            if minted.key.id in team.keys:
                return team
            turned = replace(_turning(team, key_id), expires_at=ending.expires_at)
            return replace(team, keys={**self._live(team), key_id: turned, minted.key.id: minted.key})

        try:
            team = self._change(team_id, turn)
        except (ConflictError, NotFoundError):
            self.store.put_key(minted.key.key_hash, None)
            raise
        kept = self._kept(team, minted, asked)
        if kept.replayed:
            return kept, Ending(key_id, kept.key.created_at + overlap_s * 1000)
        self.store.put_key(team.keys[key_id].key_hash, KeyEntry(team_id, key_id, ending.expires_at))
        return kept, ending

    def keys(self, team_id: str) -> list[KnownKey]:
        """The team's working keys, oldest first."""
        live = sorted(self._live(self.get(team_id)).values(), key=lambda key: (key.created_at, key.id))
        entries = self.store.entries([key.key_hash for key in live])
        used = {key_hash: entry.used_at for key_hash, entry in entries.items()}
        return [KnownKey(key, used.get(key.key_hash)) for key in live]

    def add_member(self, team_id: str, email: str, key: str | None = None) -> Joined:
        """One more member, within the plan. ConflictError when the address is a member's already."""
        asked = asked_for(f"members of {team_id}", key, email)
        member = Member(self._id() if asked is None else asked.id, email, self.clock.now())
        known: Member | None = None

        def add(team: Team) -> Team:
            nonlocal known
            known = team.members.get(member.id)
            if known is not None:
                return team
            if any(other.email.casefold() == email.casefold() for other in team.members.values()):
                raise ConflictError
            limit = team.plan.members
            if limit is not None and len(team.members) >= limit:
                raise PlanLimitError(f"the {team.plan_name} plan allows {limit} team members")
            return replace(team, members={**team.members, member.id: member})

        self._change(team_id, add)
        if known is not None and known.email != email:
            raise KeyReusedError
        return Joined(known or member, known is not None)

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

    def rotate_signing_secret(self, team_id: str, overlap_s: int, key: str | None = None) -> Turned:
        """A new signing secret; everything is signed with both for `overlap_s` seconds."""
        asked, now = asked_for(f"rotations of {team_id}", key), self.clock.now()
        before: rotation.Rotation | None = None

        def turn(team: Team) -> Team:
            nonlocal before
            before = None if asked is None else rotation.recalled(team.rotations, asked.id, overlap_s)
            if before is not None:
                return team
            state = rotation.turned(team.signing, overlap_s, now)
            rotations = team.rotations
            if asked is not None:
                rotations = rotation.remembered(rotations, rotation.Rotation(asked.id, overlap_s, now, state))
            return replace(team, signing=state, signing_since=now, rotations=rotations)

        team = self._change(team_id, turn)
        if before is None:
            return Turned(team, replayed=False)
        return Turned(replace(team, signing=before.state, signing_since=before.at), replayed=True)

    def _change(self, team_id: str, change: Callable[[Team], Team]) -> Team:
        for _ in range(_ROUNDS):
            team = self.get(team_id)
            after = change(team)
            if after is team:
                return team
            changed = replace(after, version=team.version + 1, change=self._id())
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

    def _made(self, team: Team, name: str, plan: str, asked: Asked) -> tuple[Team, Minted]:
        """A team and its first key as they were made for this request, whatever became of them."""
        first = ApiKey(_first(asked).id, _FIRST, "", "", team.created_at, origin=team.origin)
        minted = self._mint.again(first, _first(asked))
        return Team(team.id, name, plan, team.created_at, signing_since=team.created_at), minted

    def _kept(self, team: Team, minted: Minted, asked: Asked | None) -> Minted:
        """The key that the team has: the one that was just made, or that of the same request, which was first."""
        kept = team.keys[minted.key.id]
        if asked is None or kept.key_hash == minted.key.key_hash:
            return minted
        self.store.put_key(minted.key.key_hash, None)
        return self._mint.again(kept, asked)

    @property
    def _mint(self) -> Mint:
        return Mint(self.clock, self.randomness, self.pepper)

    def _id(self) -> str:
        return ids.uuid4_from(self.randomness.bytes(16))


def _first(asked: Asked) -> Asked:
    """The request for a team as that for its first key."""
    return replace(asked, id=ids.derived(asked.id, "first key"))


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
