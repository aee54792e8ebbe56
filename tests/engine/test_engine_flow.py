"""The life of a message: picked up at the next tick, processed for its time, ended as was drawn, whatever is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from engine_faults import Crash, Fault
from engine_stories import Stage
from flow_stories import FAIR, Learner, conditions
from world import BEGINNING

from chalicelib.domain import messages
from chalicelib.domain.lifecycle import LEASE_MS, SKEW_MS
from chalicelib.domain.listing import Query
from chalicelib.domain.outcome import Failed
from chalicelib.domain.simulator.profiles import Assignment, named, realistic
from chalicelib.domain.task import Simulation, Status, Task
from chalicelib.engine import late
from chalicelib.engine.groups import tenant


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage(asyncflow=conditions(limit=0)) as stage:
        yield stage


@pytest.fixture
def learner(stage: Stage) -> Learner:
    return Learner(stage)


def row(stage: Stage, tracking_id: str) -> Task:
    found = stage.tasks.get(tracking_id, now=stage.clock.now())
    assert found is not None
    return found


def work(task: Task) -> Simulation:
    return task.work_as(Simulation)


# --- the times ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after_ms", [0, 1, 1_700, 2_300, 4_400])
def test_a_message_is_queued_until_the_next_tick_and_processed_for_its_time(
    stage: Stage, learner: Learner, after_ms: int
) -> None:
    stage.clock.sleep(after_ms)
    tracking_id = learner.accepted("slow-7")

    stage.work(until=BEGINNING + 4_400)
    assert learner.message(tracking_id)["status"] == "Queued"
    stage.work(until=BEGINNING + 5_600)
    assert learner.message(tracking_id)["status"] == "Processing"
    stage.work(until=BEGINNING + 11_400)
    assert learner.message(tracking_id)["status"] == "Processing"
    stage.work(until=BEGINNING + 12_600)
    ended = learner.message(tracking_id)
    assert (ended["status"], ended["processedAt"]) == ("Completed", "2024-01-15T10:30:12Z")


def test_every_message_takes_2_to_30_seconds_after_its_pick_up(stage: Stage, learner: Learner) -> None:
    tracking_ids = []
    for _ in range(100):
        stage.work(until=stage.clock.now() + 137)
        tracking_ids.append(learner.accepted())
    stage.work()

    for tracking_id in tracking_ids:
        task = row(stage, tracking_id)
        assert task.delay_until is not None
        assert task.completed_at is not None
        assert task.delay_until % 5_000 == 0
        assert 0 < task.delay_until - task.created_at <= 5_000
        # It ends when it was meant to: never early, and late by a queue's whole seconds and its neighbours in a batch,
        # which run one after the other here.
        assert 0 <= task.completed_at - task.delay_until - work(task).duration_ms <= 1_000


def test_a_message_without_any_time_is_done_at_its_pick_up(stage: Stage) -> None:
    with Stage(asyncflow=conditions(realistic(processing_min_s=0, processing_max_s=0, fault_rate=0))) as stage:
        tracking_id = Learner(stage).accepted()
        stage.work()

        assert (row(stage, tracking_id).completed_at or 0) - BEGINNING < 5_600


def test_a_pick_up_that_is_late_still_takes_its_time(stage: Stage, learner: Learner) -> None:
    tracking_id = learner.accepted("slow-30")
    stage.clock.move_to(BEGINNING + 60_000)
    stage.work()

    assert (row(stage, tracking_id).completed_at or 0) - BEGINNING in range(89_000, 90_600)


# --- the end ------------------------------------------------------------------------------------------------------


def test_a_failed_message_says_why_and_when(stage: Stage, learner: Learner) -> None:
    tracking_id = learner.accepted("always-fail")
    stage.work()

    message = learner.message(tracking_id)
    assert message["status"] == "Failed"
    assert message["errorDetails"] == "Destination rejected the message, as it always does"
    assert message["processedAt"] is not None


def test_a_failure_is_the_end_and_no_retry_follows(stage: Stage, learner: Learner) -> None:
    tracking_id = learner.accepted("always-fail")
    stage.work()

    assert row(stage, tracking_id).status is Status.FAILED
    assert [entry.outcome.value for entry in row(stage, tracking_id).history] == ["continued", "failed"]
    assert stage.quiet()


def test_every_message_ends_as_was_drawn_when_it_was_accepted(stage: Stage, learner: Learner) -> None:
    tracking_ids = [learner.accepted() for _ in range(200)]
    drawn = {tracking_id: work(row(stage, tracking_id)).failure for tracking_id in tracking_ids}
    stage.work()

    assert {tracking_id: row(stage, tracking_id).error for tracking_id in tracking_ids} == drawn
    assert 5 <= sum(failure is not None for failure in drawn.values()) <= 40


def test_a_profile_put_in_force_later_changes_no_message_that_was_accepted(stage: Stage, learner: Learner) -> None:
    tracking_ids = [learner.accepted() for _ in range(50)]
    before = [work(row(stage, tracking_id)) for tracking_id in tracking_ids]
    stage.platform.groups.assign(None, named_failing())
    stage.work()

    assert [work(row(stage, tracking_id)) for tracking_id in tracking_ids] == before
    assert {row(stage, tracking_id).status for tracking_id in tracking_ids} == {Status.COMPLETED, Status.FAILED}


def named_failing() -> Assignment:
    return Assignment("realistic", {"failure_rate": 1.0})


# --- steps that are lost or doubled -------------------------------------------------------------------------------

CALLS = [("claim", 1), ("commit", 1), ("claim", 2), ("commit", 2)]


@pytest.mark.parametrize("destination", ["slow-9", "always-fail"])
@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize(("call", "nth"), CALLS)
def test_a_step_that_is_killed_or_unheard_changes_no_outcome(
    stage: Stage, learner: Learner, destination: str, fault: Fault, call: str, nth: int
) -> None:
    tracking_id = learner.accepted(destination)
    drawn = work(row(stage, tracking_id))
    stage.faults.fail("tasks", call, fault, nth=nth)

    for _ in range(5):
        try:
            stage.work()
            break
        except Crash:
            continue

    task = row(stage, tracking_id)
    assert task.status is (Status.FAILED if destination == "always-fail" else Status.COMPLETED)
    assert task.error == drawn.failure
    assert (task.completed_at or 0) - (task.delay_until or 0) >= drawn.duration_ms
    assert task.continued == 1
    assert stage.quiet()


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.ANSWER_LOST])
def test_the_next_step_is_sent_for_even_when_the_first_try_is_lost(
    stage: Stage, learner: Learner, fault: Fault
) -> None:
    tracking_id = learner.accepted("slow-9")
    stage.faults.fail("tasks queue", "send", fault)

    for _ in range(5):
        try:
            stage.work()
            break
        except Crash:
            continue

    assert row(stage, tracking_id).status is Status.COMPLETED


@pytest.mark.parametrize("copies", [2, 5])
def test_steps_that_come_twice_change_nothing(stage: Stage, learner: Learner, copies: int) -> None:
    tracking_id = learner.accepted("slow-9")
    task = row(stage, tracking_id)
    for _ in range(copies):
        stage.repeat(task)
        stage.repeat(task, 2)
    stage.work()

    assert [entry.outcome.value for entry in row(stage, tracking_id).history] == ["continued", "succeeded"]
    assert (row(stage, tracking_id).completed_at or 0) - (task.delay_until or 0) in range(9_000, 9_501)
    assert stage.quiet()


def test_a_message_whose_pick_up_was_killed_is_processing_until_another_worker_takes_over(
    stage: Stage, learner: Learner
) -> None:
    tracking_id = learner.accepted("slow-9")
    stage.faults.fail("tasks", "claim", Fault.CRASH_AFTER)
    with pytest.raises(Crash):
        stage.work()
    killed_at = stage.clock.now()

    assert learner.message(tracking_id)["status"] == "Processing"
    stage.work(until=killed_at + LEASE_MS + SKEW_MS - 1)
    assert learner.message(tracking_id)["status"] == "Processing"
    stage.work()
    assert learner.message(tracking_id)["status"] == "Completed"
    assert [entry.outcome.value for entry in row(stage, tracking_id).history] == ["lost", "continued", "succeeded"]


def test_an_outcome_that_travels_as_a_message_is_still_final(stage: Stage, learner: Learner) -> None:
    tracking_id = learner.accepted("always-fail")
    stage.faults.fail("tasks", "commit", Fault.UNAVAILABLE, nth=2, times=40)
    stage.work()

    task = row(stage, tracking_id)
    assert (task.status, task.retries_made) == (Status.FAILED, 0)


def test_a_final_failure_survives_the_way_through_a_message(stage: Stage) -> None:
    task = stage.submit()
    carried = messages.decode(messages.encode(late.carried(task, Failed("no use", 7, final=True), BEGINNING)))

    assert isinstance(carried, messages.Outcome)
    assert late.outcome(carried) == Failed("no use", 7, final=True)


# --- accepting ----------------------------------------------------------------------------------------------------


def test_the_same_idempotency_key_finds_the_same_message(stage: Stage, learner: Learner) -> None:
    first = learner.submit(Idempotency_Key="order-1")
    stage.work()
    again = learner.submit(Idempotency_Key="order-1")

    assert again.json == first.json
    assert again.headers["idempotent-replayed"] == "true"
    assert stage.platform.tasks.count(stage_query(stage, "group-1")) == 1


def test_two_groups_may_use_the_same_key(stage: Stage, learner: Learner) -> None:
    mine = learner.accepted(Idempotency_Key="order-1")
    theirs = Learner(stage, "group-2").accepted(Idempotency_Key="order-1")

    assert mine != theirs


@pytest.mark.parametrize("part", [("tasks", "create"), ("tasks queue", "send")])
def test_what_was_not_stored_is_not_acknowledged(stage: Stage, learner: Learner, part: tuple[str, str]) -> None:
    stage.faults.fail(*part, Fault.UNAVAILABLE, times=50)

    reply = learner.submit()

    assert (reply.status, reply.json) == (503, {"error": "Service temporarily unavailable"})
    assert reply.headers["retry-after"] == "1"
    assert "x-simulated-fault" not in reply.headers


def test_without_a_ledger_nobody_is_let_in(stage: Stage, learner: Learner) -> None:
    stage.faults.fail("blobs", "swap", Fault.UNAVAILABLE, times=50)

    assert learner.submit().status == 503
    stage.faults.heal()
    assert learner.submit().status == 202


def test_a_lost_response_leaves_a_message_that_is_processed_and_its_key_finds_it() -> None:
    losing = named("lost-responses", FAIR, {"timeout_rate": 1.0})
    with Stage(asyncflow=conditions(losing)) as stage:
        learner = Learner(stage)
        lost = learner.submit("slow-3", Idempotency_Key="order-1")
        stage.platform.groups.assign("group-1", Assignment("calm"))
        found = learner.submit("slow-3", Idempotency_Key="order-1")
        stage.work()

        assert (lost.status, lost.json) == (504, {"error": "Gateway Timeout"})
        assert lost.headers["x-simulated-fault"] == "rule=lost-response; seed=42; request=1; accepted"
        assert found.headers["idempotent-replayed"] == "true"
        assert learner.message(found.json["trackingId"])["status"] == "Completed"
        report = learner.ask("GET", "/asyncflow/report").json
        assert (report["submitted"], report["lostResponses"], report["recovered"], report["duplicates"]) == (1, 1, 1, 0)


def stage_query(stage: Stage, group: str) -> Query:
    return Query(tenant(group), stage.clock.now())
