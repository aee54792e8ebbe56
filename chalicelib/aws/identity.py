"""Teams and their keys on one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from chalicelib.aws import keys
from chalicelib.aws.attributes import Item, number, number_of, text, text_of
from chalicelib.aws.clients import Clients
from chalicelib.aws.table import Table, Written
from chalicelib.aws.uses import Uses, used_at
from chalicelib.domain.identity import Team
from chalicelib.ports.identity import KeyEntry

#: Seconds that a key's entry is kept after its end, so that no clock finds it gone too early.
KEPT_AFTER_END_S = 86_400

_UNMADE = "attribute_not_exists(#pk)"
_UNCHANGED = "#version = :over"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Team).decode


class AwsIdentity:
    """The port `TeamStore`. Each method but `teams` and `entries` is one call on one item."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._table = Table(clients, table)
        self._uses = Uses(clients, table)

    def team(self, team_id: str) -> Team | None:
        """The team with its keys and members."""
        item = self._table.get(keys.team(team_id))
        return None if item is None else _team(item)

    def teams(self) -> list[Team]:
        """All teams, by a scan of the whole table: for the operator's eyes alone, never on a request's path."""
        return [_team(item) for item in self._table.scan("#sk = :team", {":team": text(keys.TEAM_SORT)})]

    def save(self, team: Team, *, over: int | None) -> bool:
        """Store a team over the version it was read with, or as a new one (None). False when the version is another."""
        item = {**keys.team(team.id), "version": number(team.version), "team": text(_encode(team).decode())}
        if over is None:
            return isinstance(self._table.put(item, _UNMADE), Written)
        return isinstance(self._table.put(item, _UNCHANGED, {":over": number(over)}), Written)

    def key(self, key_hash: str) -> KeyEntry | None:
        """What a key's hash leads to, also after its end: the entry says when that is."""
        item = self._table.get(keys.api_key(key_hash))
        return None if item is None else _entry(item)

    def entries(self, key_hashes: Sequence[str]) -> Mapping[str, KeyEntry]:
        """What each of these hashes leads to, without those that lead nowhere: one call for each hundred."""
        hashes = {text_of(keys.api_key(key_hash)["pk"]): key_hash for key_hash in key_hashes}
        found = self._table.batch_get([keys.api_key(key_hash) for key_hash in hashes.values()])
        return {hashes[text_of(item["pk"])]: _entry(item) for item in found}

    def put_key(self, key_hash: str, entry: KeyEntry | None) -> None:
        """Set what a key's hash leads to, but for the use that was noted, which stays; None forgets it."""
        key = keys.api_key(key_hash)
        if entry is None:
            self._table.delete(key)
            return
        values = {":team": text(entry.team), ":keyId": text(entry.key_id)}
        change = "SET #team = :team, #keyId = :keyId"
        if entry.expires_at is None:
            change += " REMOVE #endsAt, #expiresAt"
        else:
            change += ", #endsAt = :endsAt, #expiresAt = :expiresAt"
            values[":endsAt"] = number(entry.expires_at)
            values[":expiresAt"] = number(entry.expires_at // 1000 + KEPT_AFTER_END_S)
        self._table.update(key, change, values=values)

    def use_key(self, key_hash: str, *, at: int, before: int) -> bool:
        """Note that a key was used, over a use until `before` or none. False when it was not noted."""
        return self._uses.note(keys.api_key(key_hash), at=at, before=before)


def _entry(item: Item) -> KeyEntry:
    ends_at = number_of(item["endsAt"]) if "endsAt" in item else None
    return KeyEntry(text_of(item["team"]), text_of(item["keyId"]), ends_at, used_at(item))


def _team(item: Item) -> Team:
    return _decode(text_of(item["team"]))
