"""Teams: what a plan allows holds however many ask at once, and a revoked key is dead at the next request."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from engine_faults import Fault
from engine_stories import Stage

from chalicelib.domain import keys, signing
from chalicelib.domain.errors import ConflictError, NotFoundError, PlanLimitError, SluiceError, UnavailableError
from chalicelib.domain.identity import Team
from chalicelib.engine.minting import Minted
from chalicelib.engine.teams import LONGEST_OVERLAP_S, Teams

DAY_S = 86_400


@pytest.fixture
def teams(stage: Stage) -> Teams:
    return stage.platform.teams


def speaks_for(teams: Teams, secret: str) -> str | None:
    """The team that a key speaks for."""
    principal = teams.authenticate(secret)
    return None if principal is None else principal.team.id


def at_once(count: int, ask: Callable[[int], object]) -> tuple[int, list[type[SluiceError]]]:
    """Ask in so many threads at once: how often it was granted, and the refusals."""
    together = Barrier(count)

    def one(number: int) -> type[SluiceError] | None:
        together.wait()
        try:
            ask(number)
        except SluiceError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(count) as threads:
        answers = list(threads.map(one, range(count)))
    return answers.count(None), [answer for answer in answers if answer is not None]


# Keys


def test_a_new_team_has_one_key_that_speaks_for_it(teams: Teams) -> None:
    team, minted = teams.create("shop", "free")

    assert speaks_for(teams, minted.secret) == team.id
    assert [known.key.id for known in teams.keys(team.id)] == [minted.key.id]


def test_a_key_is_stored_as_a_hash_alone(stage: Stage, teams: Teams) -> None:
    _, minted = teams.create("shop", "free")

    stored = repr(stage.database.rows("SELECT * FROM teams")) + repr(stage.database.rows("SELECT * FROM keys"))
    assert minted.secret[len(minted.key.prefix) :] not in stored
    assert minted.key.key_hash in stored


@pytest.mark.parametrize(
    "secret", ["", "junk", "aq_live_" + "0" * 36, keys.mint(b"\1" * 32)], ids=["empty", "junk", "checksum", "unknown"]
)
def test_a_key_that_was_never_made_speaks_for_nobody(stage: Stage, teams: Teams, secret: str) -> None:
    assert speaks_for(teams, secret) is None


def test_junk_costs_no_read(stage: Stage, teams: Teams) -> None:
    speaks_for(teams, "aq_live_" + "0" * 36)

    assert stage.faults.calls["identity", "key"] == 0


def test_a_free_team_has_one_key_and_a_pro_team_as_many_as_it_likes(teams: Teams) -> None:
    free, _ = teams.create("shop", "free")
    pro, _ = teams.create("shop", "pro")

    with pytest.raises(PlanLimitError, match="free plan allows 1"):
        teams.create_key(free.id, "second")
    for number in range(5):
        teams.create_key(pro.id, f"key {number}")

    assert len(teams.keys(free.id)) == 1
    assert len(teams.keys(pro.id)) == 6


def test_a_refused_key_leaves_nothing_that_works(stage: Stage, teams: Teams) -> None:
    team, _ = teams.create("shop", "free")
    before = stage.database.rows("SELECT * FROM keys")

    with pytest.raises(PlanLimitError):
        teams.create_key(team.id, "second")

    assert stage.database.rows("SELECT * FROM keys") == before


def test_a_revoked_key_fails_the_next_request(teams: Teams) -> None:
    team, first = teams.create("shop", "pro")
    second = teams.create_key(team.id, "second")

    teams.revoke_key(team.id, first.key.id)

    assert speaks_for(teams, first.secret) is None
    assert speaks_for(teams, second.secret) == team.id
    with pytest.raises(NotFoundError):
        teams.revoke_key(team.id, first.key.id)


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.ANSWER_LOST])
def test_a_key_is_dead_even_when_its_index_entry_could_not_be_removed(stage: Stage, teams: Teams, fault: Fault) -> None:
    team, minted = teams.create("shop", "pro")
    stage.faults.fail("identity", "put_key", fault)

    assert teams.revoke_key(team.id, minted.key.id) == minted.key

    assert speaks_for(teams, minted.secret) is None


def test_a_free_team_that_revoked_its_key_may_have_another(teams: Teams) -> None:
    team, minted = teams.create("shop", "free")
    teams.revoke_key(team.id, minted.key.id)

    assert speaks_for(teams, teams.create_key(team.id, "second").secret) == team.id


def test_a_rotated_key_lives_on_beside_its_successor_for_the_overlap(stage: Stage, teams: Teams) -> None:
    team, old = teams.create("shop", "free")

    new, ending = teams.rotate_key(team.id, old.key.id, 3_600)

    assert ending.expires_at == stage.clock.now() + 3_600_000
    assert new.key.name == old.key.name
    assert speaks_for(teams, old.secret) == speaks_for(teams, new.secret) == team.id
    stage.clock.sleep(3_600_000)
    assert speaks_for(teams, old.secret) is None
    assert speaks_for(teams, new.secret) == team.id
    assert [known.key.id for known in teams.keys(team.id)] == [new.key.id]


def test_a_rotation_without_overlap_ends_the_old_key_at_once(teams: Teams) -> None:
    team, old = teams.create("shop", "free")

    new, _ = teams.rotate_key(team.id, old.key.id, 0)

    assert speaks_for(teams, old.secret) is None
    assert speaks_for(teams, new.secret) == team.id


def test_an_ending_key_does_not_count_against_the_plan_and_is_not_rotated_again(teams: Teams) -> None:
    team, old = teams.create("shop", "free")
    new, _ = teams.rotate_key(team.id, old.key.id, LONGEST_OVERLAP_S)

    with pytest.raises(ConflictError):
        teams.rotate_key(team.id, old.key.id, 60)
    with pytest.raises(PlanLimitError):
        teams.create_key(team.id, "one more")
    newest, _ = teams.rotate_key(team.id, new.key.id, 60)
    assert speaks_for(teams, newest.secret) == team.id


def test_a_free_team_with_only_an_ending_key_may_have_another(teams: Teams) -> None:
    team, old = teams.create("shop", "free")
    new, _ = teams.rotate_key(team.id, old.key.id, LONGEST_OVERLAP_S)
    teams.revoke_key(team.id, new.key.id)

    assert speaks_for(teams, teams.create_key(team.id, "another").secret) == team.id
    assert speaks_for(teams, old.secret) == team.id


def test_an_ending_key_can_be_revoked_before_its_end(teams: Teams) -> None:
    team, old = teams.create("shop", "free")
    teams.rotate_key(team.id, old.key.id, LONGEST_OVERLAP_S)

    teams.revoke_key(team.id, old.key.id)

    assert speaks_for(teams, old.secret) is None


@pytest.mark.parametrize("ask", [Teams.revoke_key, lambda teams, team, key: teams.rotate_key(team, key, 60)])
def test_another_teams_key_is_not_found(teams: Teams, ask: Callable[[Teams, str, str], object]) -> None:
    _, theirs = teams.create("theirs", "pro")
    mine, _ = teams.create("mine", "pro")

    with pytest.raises(NotFoundError):
        ask(teams, mine.id, theirs.key.id)

    assert speaks_for(teams, theirs.secret) is not None


@pytest.mark.parametrize(
    "ask",
    [
        lambda teams: teams.get("nobody"),
        lambda teams: teams.keys("nobody"),
        lambda teams: teams.create_key("nobody", "key"),
        lambda teams: teams.add_member("nobody", "a@example.com"),
        lambda teams: teams.rotate_signing_secret("nobody", 60),
    ],
    ids=["get", "keys", "create key", "add member", "rotate secret"],
)
def test_a_team_that_does_not_exist_is_not_found(stage: Stage, teams: Teams, ask: Callable[[Teams], object]) -> None:
    before = stage.database.rows("SELECT * FROM keys")

    with pytest.raises(NotFoundError):
        ask(teams)

    assert stage.database.rows("SELECT * FROM keys") == before


# Members


def test_members_come_and_go_within_the_plan(stage: Stage, teams: Teams) -> None:
    team, _ = teams.create("shop", "free")
    first = teams.add_member(team.id, "ada@example.com").member
    stage.clock.sleep(1)
    teams.add_member(team.id, "bob@example.com")

    with pytest.raises(PlanLimitError, match="free plan allows 2"):
        teams.add_member(team.id, "eve@example.com")
    teams.remove_member(team.id, first.id)
    stage.clock.sleep(1)
    teams.add_member(team.id, "eve@example.com")

    assert [member.email for member in teams.members(team.id)] == ["bob@example.com", "eve@example.com"]


def test_an_address_is_a_member_once_whatever_its_case(teams: Teams) -> None:
    team, _ = teams.create("shop", "pro")
    teams.add_member(team.id, "Ada@example.com")

    with pytest.raises(ConflictError):
        teams.add_member(team.id, "ada@EXAMPLE.com")


def test_a_member_of_another_team_is_not_found(teams: Teams) -> None:
    theirs, _ = teams.create("theirs", "pro")
    mine, _ = teams.create("mine", "pro")
    member = teams.add_member(theirs.id, "ada@example.com").member

    with pytest.raises(NotFoundError):
        teams.remove_member(mine.id, member.id)

    assert teams.members(theirs.id) == [member]


# Many at once


def test_of_many_members_at_once_only_as_many_as_the_plan_allows_come_in(teams: Teams) -> None:
    team, _ = teams.create("shop", "free")

    granted, refused = at_once(16, lambda number: teams.add_member(team.id, f"member{number}@example.com"))

    assert (granted, set(refused)) == (2, {PlanLimitError})
    assert len(teams.members(team.id)) == 2


def test_of_many_keys_at_once_a_free_team_gets_one(stage: Stage, teams: Teams) -> None:
    team, first = teams.create("shop", "free")
    teams.revoke_key(team.id, first.key.id)

    granted, refused = at_once(16, lambda number: teams.create_key(team.id, f"key {number}"))

    assert (granted, set(refused)) == (1, {PlanLimitError})
    assert len(stage.database.rows("SELECT * FROM keys WHERE team = ?", (team.id,))) == 1


def test_many_keys_at_once_for_a_pro_team_are_all_kept(teams: Teams) -> None:
    team, _ = teams.create("shop", "pro")
    made: list[Minted] = []

    granted, refused = at_once(8, lambda number: made.append(teams.create_key(team.id, f"key {number}")))

    assert (granted, refused) == (8, [])
    assert {speaks_for(teams, minted.secret) for minted in made} == {team.id}


def test_of_many_rotations_of_one_key_at_once_one_succeeds(teams: Teams) -> None:
    team, minted = teams.create("shop", "free")

    granted, refused = at_once(8, lambda _: teams.rotate_key(team.id, minted.key.id, 60))

    assert (granted, set(refused)) == (1, {ConflictError})
    assert len(teams.keys(team.id)) == 2


def test_a_change_that_loses_every_race_is_not_acknowledged(stage: Stage, teams: Teams) -> None:
    team, _ = teams.create("shop", "pro")
    for nth in range(1, 21):
        stage.faults.before("identity", "save", lambda *_, **__: touch(stage, team), nth=nth)

    with pytest.raises(UnavailableError):
        teams.add_member(team.id, "ada@example.com")

    assert teams.members(team.id) == []


def test_a_change_whose_first_answer_was_lost_below_is_recognised_when_it_is_refused(
    stage: Stage, teams: Teams
) -> None:
    team, _ = teams.create("shop", "free")
    stage.faults.before("identity", "save", lambda changed, *, over: stage.identity.save(changed, over=over))

    member = teams.add_member(team.id, "ada@example.com").member

    assert teams.members(team.id) == [member]


def touch(stage: Stage, team: Team) -> None:
    """A change by somebody else."""
    stage.database.change("UPDATE teams SET version = version + 1 WHERE id = ?", (team.id,))


# Signing secrets


def test_a_rotated_signing_secret_overlaps_with_the_one_before(stage: Stage, teams: Teams) -> None:
    team = stage.owner
    before = teams.signing_secret(team)

    turned = teams.rotate_signing_secret(team.id, DAY_S).team

    after = teams.signing_secret(turned)
    now = stage.clock.now()
    assert signing.secrets_in_force(stage.settings.key_pepper, team.id, turned.signing, now) == [after, before]
    assert signing.secrets_in_force(stage.settings.key_pepper, team.id, turned.signing, now + DAY_S * 1000) == [after]
    assert turned.signing_since == now


def test_a_rotation_of_the_secret_without_overlap_leaves_one(stage: Stage, teams: Teams) -> None:
    turned = teams.rotate_signing_secret(stage.owner.id, 0).team

    in_force = signing.secrets_in_force(stage.settings.key_pepper, turned.id, turned.signing, stage.clock.now())
    assert in_force == [teams.signing_secret(turned)]


def test_teams_are_listed_oldest_first(stage: Stage, teams: Teams) -> None:
    stage.clock.sleep(1)
    later, _ = teams.create("later", "free")

    assert [team.id for team in teams.all()] == [stage.owner.id, later.id]
