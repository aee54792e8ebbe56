"""Where teams and their keys live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.identity import Team


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """What a key's hash leads to. `expires_at` (epoch milliseconds): the key no longer works from then on; `used_at`:
    the last use of it that was noted."""

    team: str
    key_id: str
    expires_at: int | None = None
    used_at: int | None = None


class TeamStore(Protocol):
    """Teams, and the index from a key's hash to its team. Reads are strongly consistent."""

    def team(self, team_id: str) -> Team | None:
        """The team with its keys and members."""

    def teams(self) -> list[Team]:
        """All teams, for the operator."""

    def save(self, team: Team, *, over: int | None) -> bool:
        """Store a team over the version it was read with, or as a new one (None). False when the version is another."""

    def key(self, key_hash: str) -> KeyEntry | None:
        """What a key's hash leads to."""

    def entries(self, key_hashes: Sequence[str]) -> Mapping[str, KeyEntry]:
        """What each of these hashes leads to, without those that lead nowhere."""

    def put_key(self, key_hash: str, entry: KeyEntry | None) -> None:
        """Set what a key's hash leads to, but for the use that was noted, which stays; None forgets it."""

    def use_key(self, key_hash: str, *, at: int, before: int) -> bool:
        """Note that a key was used, over a use until `before` or none, if its hash leads anywhere. False when it was
        not noted. It is asked for once and given up soon: UnavailableError for every refusal."""
