"""Reading a task, and waiting for it."""

from __future__ import annotations

import pytest
from engine_faults import Fault
from engine_stories import Stage
from world import answer

from chalicelib.domain.errors import ForbiddenError, NotFoundError, UnavailableError
from chalicelib.domain.listing import View, view_of
from chalicelib.domain.task import Payload, Status, Task


def get(stage: Stage, task_id: str) -> Task:
    return stage.platform.tasks.get(stage.owner.id, task_id)


def wait(stage: Stage, task: Task, seconds: float) -> tuple[Task, int]:
    """The task that a wait returns, and the milliseconds it took."""
    began = stage.clock.now()
    waited = stage.platform.tasks.wait(stage.owner.id, task.id, seconds=seconds)
    return waited, stage.clock.now() - began


def test_a_task_is_read_as_it_stands(stage: Stage) -> None:
    task = stage.submit(payload=Payload((("X-Trace", "1"),), "words"))

    assert get(stage, task.id).status is Status.QUEUED
    assert get(stage, task.id).payload is None
    with_payload = stage.platform.tasks.get(stage.owner.id, task.id, payload=True)
    assert with_payload.payload == Payload((("X-Trace", "1"),), "words")


@pytest.mark.parametrize("task_id", ["", "nonsense", "' OR 1=1", "11111111-2222-4333-8444-555555555555"])
def test_an_id_that_leads_nowhere_is_not_found(stage: Stage, task_id: str) -> None:
    with pytest.raises(NotFoundError):
        get(stage, task_id)


def test_an_id_that_cannot_be_one_costs_no_read(stage: Stage) -> None:
    _, key = stage.team()

    assert stage.request("GET", "/v1/tasks/nonsense", key=key).status == 404
    assert stage.request("POST", "/v1/tasks/nonsense/cancel", key=key).status == 404
    assert stage.faults.calls["tasks", "cancel"] == 0
    assert stage.faults.calls["tasks", "get"] == 0


def test_another_teams_task_is_forbidden(stage: Stage) -> None:
    task = stage.submit()
    stranger = stage.new_team()

    with pytest.raises(ForbiddenError):
        stage.platform.tasks.get(stranger.id, task.id)
    with pytest.raises(ForbiddenError):
        stage.platform.tasks.wait(stranger.id, task.id, seconds=20)


def test_a_task_is_kept_for_its_time_and_then_absent_at_once(stage: Stage) -> None:
    task = stage.submit()
    stage.work()

    stage.clock.sleep(stage.settings.retention_s * 1000 - 1_000)
    assert get(stage, task.id).status is Status.COMPLETED
    stage.clock.sleep(1_000)
    with pytest.raises(NotFoundError):
        get(stage, task.id)


def test_a_wait_returns_as_soon_as_the_task_is_finished(stage: Stage) -> None:
    task = stage.submit()
    stage.faults.before("tasks", "get", lambda *_, **__: stage.deliver(), nth=4)

    waited, ms = wait(stage, task, 20)

    assert waited.status is Status.COMPLETED
    assert ms < 1_000


def test_a_wait_returns_when_the_task_begins_to_run(stage: Stage) -> None:
    task = stage.submit()

    def start(*_: object, **__: object) -> None:
        stage.tasks.claim(task.id, attempt=1, token="t", now=stage.clock.now())

    stage.faults.before("tasks", "get", start, nth=3)

    waited, ms = wait(stage, task, 20)

    assert waited.status is Status.RUNNING
    assert ms < 1_000


def test_a_wait_for_a_delayed_task_returns_when_its_time_has_come(stage: Stage) -> None:
    task = stage.delayed(3)

    waited, ms = wait(stage, task, 20)

    assert view_of(waited.status, waited.due_at, stage.clock.now()) is View.PENDING
    assert 3_000 <= ms <= 4_000


@pytest.mark.parametrize("seconds", [0.25, 1, 20, 25])
def test_a_wait_ends_on_time_when_nothing_happens(stage: Stage, seconds: float) -> None:
    task = stage.delayed(3_600)

    waited, ms = wait(stage, task, seconds)

    assert waited.status is Status.QUEUED
    assert ms == seconds * 1000


def test_a_wait_for_a_finished_task_does_not_wait(stage: Stage) -> None:
    task = stage.submit()
    stage.work()

    assert wait(stage, task, 20)[1] == 0
    assert stage.faults.calls["tasks", "get"] == 1


def test_a_back_off_is_still_pending_so_the_wait_goes_on(stage: Stage) -> None:
    stage.servers.answers(answer(500))
    task = stage.submit()
    stage.deliver()
    stage.clock.sleep(10)

    waited, ms = wait(stage, task, 5)

    assert (waited.status, ms) == (Status.RETRY, 5_000)


def test_a_wait_reads_about_once_a_second(stage: Stage) -> None:
    task = stage.delayed(3_600)

    wait(stage, task, 25)

    assert stage.faults.calls["tasks", "get"] < 40


def test_a_store_that_does_not_answer_is_not_mistaken_for_a_missing_task(stage: Stage) -> None:
    task = stage.submit()
    stage.faults.fail("tasks", "get", Fault.UNAVAILABLE)

    with pytest.raises(UnavailableError):
        get(stage, task.id)
