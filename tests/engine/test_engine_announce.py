"""The completion webhook: attempted once, never lost, never repeated without need."""

from __future__ import annotations

import json

import pytest
from engine_faults import Crash, Fault
from engine_stories import HOOK, TARGET, TIMED_OUT, Stage
from world import answer

from chalicelib.domain import messages
from chalicelib.domain.exchange import Answer, Failure, NoAnswer
from chalicelib.domain.task import Task
from chalicelib.domain.wakeup import Hold
from chalicelib.engine.announce import TIMEOUT_MS
from chalicelib.engine.attempt import MARGIN_MS, Done, Verdict


def finished(stage: Stage) -> Task:
    """A task that has completed, and whose webhook is still to be sent."""
    task = stage.submit(on_complete_url=HOOK)
    stage.platform.attempts(stage.wake_up(messages.Attempt(task.id, 1, task.due_at)))
    assert stage.row(task).webhook
    return task


def announce(stage: Stage, task: Task, *, left_ms: int = 30_000) -> Verdict:
    return stage.platform.announcements(messages.Webhook(task.id), receives=1, stop_at=stage.clock.now() + left_ms)


def hook_answers(stage: Stage, reply: Answer | NoAnswer) -> None:
    stage.servers.script = lambda request, timeout_s: reply if request.url == HOOK else answer(200)


def test_the_owner_is_told_and_the_mark_is_cleared(stage: Stage) -> None:
    task = stage.submit(on_complete_url=HOOK)

    stage.work()

    assert not stage.row(task).webhook
    (told,) = [request for request in stage.servers.calls if request.url == HOOK]
    assert json.loads(told.body or b"")["event"] == "task.completed"
    assert stage.recording.named("webhook") == [
        {
            "task": task.id,
            "team": task.team,
            "outcome": "delivered",
            "status_code": 200,
            "error": None,
            "ms": 0,
        }
    ]


def test_it_has_ten_seconds_and_follows_no_redirect(stage: Stage) -> None:
    stage.submit(on_complete_url=HOOK)

    stage.work()

    assert stage.servers.timeouts_s[-1] == 10.0
    assert stage.servers.followed == [True, False]


@pytest.mark.parametrize(
    ("reply", "status", "error"),
    [
        (answer(500), 500, None),
        (answer(302), 302, None),
        (answer(404), 404, None),
        (TIMED_OUT, None, "ETIMEDOUT"),
        (NoAnswer(Failure.BLOCKED), None, "blocked address"),
    ],
    ids=["500", "302", "404", "timeout", "blocked"],
)
def test_a_failure_is_recorded_and_not_repeated(
    stage: Stage, reply: Answer | NoAnswer, status: int | None, error: str | None
) -> None:
    hook_answers(stage, reply)
    task = stage.submit(on_complete_url=HOOK)

    stage.work()

    assert stage.servers.called(HOOK) == 1
    assert not stage.row(task).webhook
    (line,) = stage.recording.named("webhook")
    assert (line["outcome"], line["status_code"], line["error"]) == ("failed", status, error)
    assert stage.quiet()


def test_nobody_is_told_who_did_not_ask(stage: Stage) -> None:
    stage.submit()

    stage.work()

    assert [request.url for request in stage.servers.calls] == [TARGET]
    assert stage.faults.calls["webhooks queue", "send"] == 0


def test_a_second_message_finds_the_mark_cleared(stage: Stage) -> None:
    task = finished(stage)
    for _ in range(3):
        stage.webhooks_queue.send(messages.encode(messages.Webhook(task.id)), delay_s=0, group=task.team)

    stage.work()

    assert stage.servers.called(HOOK) == 1


def test_a_message_that_is_sent_before_the_end_is_visible_waits_for_it(stage: Stage) -> None:
    task = stage.delayed(5, on_complete_url=HOOK)

    assert announce(stage, task) == Hold(2_000)
    assert stage.servers.calls == []


def test_a_task_that_has_gone_needs_no_word(stage: Stage) -> None:
    task = finished(stage)
    stage.clock.sleep((stage.settings.retention_s + 1) * 1000)

    assert announce(stage, task) == Done()
    assert stage.servers.called(HOOK) == 0


def test_without_time_for_the_whole_attempt_the_message_is_handed_back(stage: Stage) -> None:
    task = finished(stage)

    assert isinstance(announce(stage, task, left_ms=TIMEOUT_MS + MARGIN_MS - 1), Hold)
    assert stage.servers.called(HOOK) == 0
    assert announce(stage, task, left_ms=TIMEOUT_MS + MARGIN_MS) == Done()


def test_an_unavailable_store_hands_the_message_back(stage: Stage) -> None:
    task = finished(stage)
    stage.faults.fail("tasks", "get", Fault.UNAVAILABLE)

    assert announce(stage, task) == Hold(2_000)
    assert stage.servers.called(HOOK) == 0
    assert stage.recording.named("held") == [{"task": task.id, "reason": "unavailable"}]
    stage.work()
    assert stage.servers.called(HOOK) == 1


def test_a_lost_answer_to_clearing_the_mark_repeats_nothing(stage: Stage) -> None:
    stage.faults.fail("tasks", "announced", Fault.ANSWER_LOST)
    stage.submit(on_complete_url=HOOK)

    stage.work()

    assert stage.servers.called(HOOK) == 1


def test_a_mark_that_cannot_be_cleared_means_the_owner_is_told_again(stage: Stage) -> None:
    stage.faults.fail("tasks", "announced", Fault.UNAVAILABLE, times=3)
    task = stage.submit(on_complete_url=HOOK)

    stage.work()

    assert stage.servers.called(HOOK) == 2
    assert not stage.row(task).webhook
    ids = {dict(request.headers)["webhook-id"] for request in stage.servers.calls if request.url == HOOK}
    assert len(ids) == 1


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.UNAVAILABLE])
def test_a_webhook_message_that_was_not_confirmed_is_sent_when_the_old_message_returns(
    stage: Stage, fault: Fault
) -> None:
    stage.faults.fail("webhooks queue", "send", fault, times=3)
    task = stage.submit(on_complete_url=HOOK)

    for _ in range(4):
        try:
            stage.work()
        except Crash:
            continue

    assert stage.servers.called(HOOK) == 1
    assert stage.servers.called(TARGET) == 1
    assert not stage.row(task).webhook
    assert stage.quiet()
