"""When a key was last used: noted once an hour, by one of many, and never at a request's expense."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from engine_faults import Fault
from engine_stories import Stage
from world import World, settings

from chalicelib import wiring
from chalicelib.engine.last_use import NOTED_EVERY_MS, RESTS_MS
from chalicelib.engine.minting import Minted
from chalicelib.engine.teams import Teams

USE = ("identity", "use_key")


@pytest.fixture
def teams(stage: Stage) -> Teams:
    return stage.platform.teams


def last_used(teams: Teams, team_id: str) -> list[int | None]:
    """When each of a team's keys was last used, oldest key first."""
    return [known.used_at for known in teams.keys(team_id)]


def used(teams: Teams, *minted: Minted) -> bool:
    """Use keys: whether all of them are let in."""
    return all(teams.authenticate(each.secret) is not None for each in minted)


def test_a_key_that_was_never_used_has_no_last_use(teams: Teams) -> None:
    team, _ = teams.create("shop", "pro")

    assert last_used(teams, team.id) == [None]


def test_a_use_is_noted_once_an_hour_to_the_millisecond(stage: Stage, teams: Teams) -> None:
    team, minted = teams.create("shop", "pro")
    first = stage.clock.now()
    used(teams, minted)
    stage.clock.sleep(NOTED_EVERY_MS - 1)
    used(teams, minted)
    assert (last_used(teams, team.id), stage.faults.calls[USE]) == ([first], 1)

    stage.clock.sleep(1)
    used(teams, minted)

    assert (last_used(teams, team.id), stage.faults.calls[USE]) == ([first + NOTED_EVERY_MS], 2)


def test_a_busy_day_takes_one_write_for_each_hour(stage: Stage, teams: Teams) -> None:
    _, minted = teams.create("shop", "pro")

    for _ in range(24 * 60):
        used(teams, minted)
        stage.clock.sleep(60_000)

    assert stage.faults.calls[USE] == 24


def test_each_key_of_a_team_has_its_own_last_use(stage: Stage, teams: Teams) -> None:
    team, old = teams.create("shop", "pro")
    new = teams.create_key(team.id, "new")
    used(teams, old, new)
    stage.clock.sleep(NOTED_EVERY_MS)

    used(teams, new)

    now = stage.clock.now()
    assert last_used(teams, team.id) == [now - NOTED_EVERY_MS, now]


class Listening:
    """A store of teams that remembers what became of the uses that it was told of."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.noted: list[bool] = []

    def __getattr__(self, method: str) -> Any:
        return getattr(self._store, method)

    def use_key(self, key_hash: str, *, at: int, before: int) -> bool:
        self.noted.append(self._store.use_key(key_hash, at=at, before=before))
        return self.noted[-1]


def test_of_forty_requests_at_once_in_two_processes_one_is_noted() -> None:
    with World(wrap=lambda name, port: Listening(port) if name == "identity" else port) as world:
        processes = [world.platform.teams, wiring.assemble(world.platform.parts, settings()).teams]
        team, minted = processes[0].create("shop", "pro")
        together = Barrier(40)

        def ask(number: int) -> bool:
            together.wait()
            return used(processes[number % 2], minted)

        with ThreadPoolExecutor(40) as threads:
            assert all(threads.map(ask, range(40)))

        store: Any = world.platform.parts.teams
        assert store.noted.count(True) == 1
        assert last_used(processes[0], team.id) == [world.clock.now()]


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.ANSWER_LOST])
def test_a_request_goes_on_when_its_use_cannot_be_noted_and_the_next_do_not_try(
    stage: Stage, teams: Teams, fault: Fault
) -> None:
    team, minted = teams.create("shop", "pro")
    other = teams.create_key(team.id, "other")
    stage.faults.fail(*USE, fault, times=100)

    for _ in range(10):
        assert used(teams, minted, other)
        stage.clock.sleep(RESTS_MS // 10 - 1)

    assert stage.faults.calls[USE] == 1, "one request in a minute may have waited"
    assert len(stage.recording.named("use not noted")) == 1


def test_uses_are_noted_again_a_minute_after_trouble(stage: Stage, teams: Teams) -> None:
    team, minted = teams.create("shop", "pro")
    stage.faults.fail(*USE, Fault.UNAVAILABLE)
    used(teams, minted)

    stage.clock.sleep(RESTS_MS)
    used(teams, minted)

    assert last_used(teams, team.id) == [stage.clock.now()]


def test_a_key_that_is_revoked_while_its_use_is_noted_stays_revoked(stage: Stage, teams: Teams) -> None:
    team, minted = teams.create("shop", "pro")
    stage.faults.before(*USE, lambda *_, **__: teams.revoke_key(team.id, minted.key.id))

    assert used(teams, minted), "it was let in before"

    assert not used(teams, minted)
    assert teams.keys(team.id) == []
    assert stage.identity.key(minted.key.key_hash) is None


def test_a_key_that_is_refused_is_not_noted(stage: Stage, teams: Teams) -> None:
    team, minted = teams.create("shop", "pro")
    teams.revoke_key(team.id, minted.key.id)

    assert not used(teams, minted)

    assert stage.faults.calls[USE] == 0


def test_a_key_that_was_rotated_shows_that_it_is_still_used(stage: Stage, teams: Teams) -> None:
    team, old = teams.create("shop", "pro")
    used(teams, old)
    first = stage.clock.now()
    teams.rotate_key(team.id, old.key.id, 2 * 3_600)
    assert last_used(teams, team.id) == [first, None]

    stage.clock.sleep(NOTED_EVERY_MS)
    used(teams, old)

    assert last_used(teams, team.id) == [first + NOTED_EVERY_MS, None]
