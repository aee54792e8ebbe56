"""Which secrets sign a request: fresh enough after a rotation, and cheap where nothing changed."""

from __future__ import annotations

import pytest
from engine_faults import Fault
from engine_stories import Stage

from chalicelib.domain import signing
from chalicelib.domain.exchange import Headers
from chalicelib.domain.task import SigningState, Task
from chalicelib.executors.signatures import FRESH_MS, Signatures

READ = ("identity", "team")


@pytest.fixture
def signatures(stage: Stage) -> Signatures:
    return Signatures(stage.platform.parts.teams, stage.clock, stage.settings.key_pepper)


def signed(stage: Stage, signatures: Signatures, task: Task) -> Headers:
    return signatures.headers(task, message_id=task.id, body=b"{}")


def expected(stage: Stage, task: Task, state: SigningState) -> Headers:
    now = stage.clock.now()
    secrets = signing.secrets_in_force(stage.settings.key_pepper, task.team, state, now)
    return signing.headers(secrets, message_id=task.id, now=now, body=b"{}")


def reads(stage: Stage) -> int:
    return stage.faults.calls[READ]


def test_a_task_that_runs_at_once_costs_no_read(stage: Stage, signatures: Signatures) -> None:
    task = stage.submit()
    before = reads(stage)

    assert signed(stage, signatures, task) == expected(stage, task, SigningState())
    stage.clock.sleep(FRESH_MS - 1)
    signed(stage, signatures, task)

    assert reads(stage) == before


def test_a_task_that_runs_later_is_signed_with_what_is_in_force_then(stage: Stage, signatures: Signatures) -> None:
    task = stage.delayed(3_600)
    turned = stage.platform.teams.rotate_signing_secret(stage.owner.id, 7_200).team
    stage.clock.sleep(3_600_000)

    headers = signed(stage, signatures, task)

    assert headers == expected(stage, task, turned.signing)
    assert dict(headers)["webhook-signature"].count("v1,") == 2


def test_what_was_read_is_used_for_a_minute(stage: Stage, signatures: Signatures) -> None:
    task = stage.delayed(3_600)
    stage.clock.sleep(3_600_000)
    before = reads(stage)
    for _ in range(5):
        signed(stage, signatures, task)
        stage.clock.sleep(FRESH_MS // 5 - 1)
    assert reads(stage) == before + 1

    stage.clock.sleep(5)
    signed(stage, signatures, task)
    assert reads(stage) == before + 2


def test_after_a_minute_a_rotation_has_reached_every_worker(stage: Stage, signatures: Signatures) -> None:
    task = stage.delayed(3_600)
    stage.clock.sleep(3_600_000)
    signed(stage, signatures, task)
    turned = stage.platform.teams.rotate_signing_secret(stage.owner.id, 0).team
    stage.clock.sleep(FRESH_MS)

    assert signed(stage, signatures, task) == expected(stage, task, turned.signing)


def test_when_the_store_does_not_answer_the_last_known_secrets_sign(stage: Stage, signatures: Signatures) -> None:
    task = stage.delayed(3_600)
    stage.clock.sleep(3_600_000)
    stage.faults.fail(*READ, Fault.UNAVAILABLE)

    assert signed(stage, signatures, task) == expected(stage, task, task.signing)


def test_the_secrets_of_one_team_never_sign_for_another(stage: Stage, signatures: Signatures) -> None:
    mine = stage.delayed(3_600)
    theirs = stage.delayed(3_600, team=stage.new_team().id)
    stage.platform.teams.rotate_signing_secret(stage.owner.id, 0)
    stage.clock.sleep(3_600_000)

    assert signed(stage, signatures, mine) == expected(stage, mine, SigningState(2))
    assert signed(stage, signatures, theirs) == expected(stage, theirs, SigningState(1))
