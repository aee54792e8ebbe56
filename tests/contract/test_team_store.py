"""Teams, stored only over the version they were read with, and the index from a key's hash to its team."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from contract_samples import NOW, a_team, fresh

from chalicelib.domain.identity import Team
from chalicelib.ports.blobs import Blobs
from chalicelib.ports.identity import KeyEntry, TeamStore

HOUR_MS = 3_600_000


class TestTeams:
    def test_a_new_team_reads_back_whole(self, identity: TeamStore) -> None:
        team = a_team()

        assert identity.save(team, over=None)
        assert identity.team(team.id) == team

    def test_a_team_without_keys_and_members_reads_back_whole(self, identity: TeamStore) -> None:
        team = Team(fresh("team"), "", "free", NOW)

        assert identity.save(team, over=None)
        assert identity.team(team.id) == team

    def test_an_unknown_team_is_none(self, identity: TeamStore) -> None:
        assert identity.team(fresh("team")) is None

    def test_a_team_cannot_be_new_twice(self, identity: TeamStore) -> None:
        team = a_team()
        identity.save(team, over=None)

        assert not identity.save(replace(team, name="another"), over=None)
        assert identity.team(team.id) == team

    def test_a_change_is_stored_over_the_version_it_was_made_from(self, identity: TeamStore) -> None:
        team = a_team()
        identity.save(team, over=None)
        changed = replace(team, name="renamed", keys={}, version=2)

        assert identity.save(changed, over=1)
        assert identity.team(team.id) == changed

    def test_a_change_of_a_stale_version_is_not_stored(self, identity: TeamStore) -> None:
        team = a_team()
        identity.save(team, over=None)
        second = replace(team, name="second", version=2)
        identity.save(second, over=1)

        assert not identity.save(replace(team, name="stale", version=2), over=1)
        assert not identity.save(replace(team, name="ahead", version=4), over=3)
        assert identity.team(team.id) == second

    def test_a_change_of_no_team_is_not_stored(self, identity: TeamStore) -> None:
        team = a_team(version=2)

        assert not identity.save(team, over=1)
        assert identity.team(team.id) is None

    def test_of_many_changes_at_once_one_is_stored(self, identity: TeamStore) -> None:
        team = a_team()
        identity.save(team, over=None)
        rivals = [replace(team, name=f"rival {number}", version=2) for number in range(8)]

        with ThreadPoolExecutor(8) as threads:
            stored = list(threads.map(lambda rival: identity.save(rival, over=1), rivals))

        assert stored.count(True) == 1
        assert identity.team(team.id) == rivals[stored.index(True)]

    def test_all_teams_are_listed(self, identity: TeamStore, blobs: Blobs) -> None:
        teams = [a_team() for _ in range(3)]
        for team in teams:
            identity.save(team, over=None)
        identity.put_key(fresh("hash"), KeyEntry(teams[0].id, "key"))
        blobs.swap(fresh("window"), b"log", over=0, expires_s=NOW // 1000 + 60)

        listed = {team.id: team for team in identity.teams()}

        assert [listed[team.id] for team in teams] == teams
        assert len(listed) == len(identity.teams())


class TestKeys:
    def test_a_hash_leads_to_its_team(self, identity: TeamStore) -> None:
        first, second = fresh("hash"), fresh("hash")
        lasting = KeyEntry(fresh("team"), fresh("key"))
        ending = KeyEntry(fresh("team"), fresh("key"), expires_at=NOW + 1)

        identity.put_key(first, lasting)
        identity.put_key(second, ending)

        assert identity.key(first) == lasting
        assert identity.key(second) == ending

    def test_an_unknown_hash_leads_nowhere(self, identity: TeamStore) -> None:
        assert identity.key(fresh("hash")) is None

    def test_an_entry_can_be_set_anew(self, identity: TeamStore) -> None:
        key_hash = fresh("hash")
        entry = KeyEntry(fresh("team"), fresh("key"))
        identity.put_key(key_hash, replace(entry, expires_at=NOW))

        identity.put_key(key_hash, entry)

        assert identity.key(key_hash) == entry

    def test_a_forgotten_hash_leads_nowhere(self, identity: TeamStore) -> None:
        key_hash = fresh("hash")
        identity.put_key(key_hash, KeyEntry(fresh("team"), fresh("key")))

        identity.put_key(key_hash, None)
        identity.put_key(key_hash, None)

        assert identity.key(key_hash) is None

    def test_many_hashes_lead_where_each_of_them_does(self, identity: TeamStore) -> None:
        entries = {fresh("hash"): KeyEntry(fresh("team"), fresh("key")) for _ in range(101)}
        for key_hash, entry in entries.items():
            identity.put_key(key_hash, entry)

        assert identity.entries([*entries, fresh("hash")]) == entries
        assert identity.entries([]) == {}


class TestUses:
    def test_the_first_use_of_a_key_is_noted(self, identity: TeamStore) -> None:
        key_hash, entry = kept(identity)

        assert identity.use_key(key_hash, at=NOW, before=NOW - HOUR_MS)
        assert identity.key(key_hash) == identity.entries([key_hash])[key_hash] == replace(entry, used_at=NOW)

    def test_a_use_is_noted_over_one_that_is_old_enough_alone(self, identity: TeamStore) -> None:
        key_hash, entry = kept(identity)
        identity.use_key(key_hash, at=NOW, before=NOW - HOUR_MS)

        assert not identity.use_key(key_hash, at=NOW + HOUR_MS - 1, before=NOW - 1)
        assert identity.key(key_hash) == replace(entry, used_at=NOW)
        assert identity.use_key(key_hash, at=NOW + HOUR_MS, before=NOW)
        assert identity.key(key_hash) == replace(entry, used_at=NOW + HOUR_MS)

    def test_of_many_uses_at_once_one_is_noted(self, identity: TeamStore) -> None:
        key_hash, entry = kept(identity)
        instants = [NOW + number for number in range(8)]

        with ThreadPoolExecutor(8) as threads:
            noted = list(
                threads.map(lambda instant: identity.use_key(key_hash, at=instant, before=instant - HOUR_MS), instants)
            )

        assert noted.count(True) == 1
        assert identity.key(key_hash) == replace(entry, used_at=instants[noted.index(True)])

    def test_a_use_of_a_key_that_was_forgotten_does_not_bring_it_back(self, identity: TeamStore) -> None:
        key_hash, _ = kept(identity)
        identity.put_key(key_hash, None)

        assert not identity.use_key(key_hash, at=NOW, before=NOW - HOUR_MS)
        assert identity.key(key_hash) is None

    def test_a_key_that_gets_an_end_keeps_its_last_use(self, identity: TeamStore) -> None:
        key_hash, entry = kept(identity)
        identity.use_key(key_hash, at=NOW, before=NOW - HOUR_MS)

        identity.put_key(key_hash, replace(entry, expires_at=NOW + 1))

        assert identity.key(key_hash) == replace(entry, expires_at=NOW + 1, used_at=NOW)


def kept(identity: TeamStore) -> tuple[str, KeyEntry]:
    """A key's hash, and where it leads to."""
    key_hash, entry = fresh("hash"), KeyEntry(fresh("team"), fresh("key"))
    identity.put_key(key_hash, entry)
    return key_hash, entry
