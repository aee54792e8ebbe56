"""The dead letters: everything that lands there is settled, sent again once, or counted."""

from __future__ import annotations

from contextlib import suppress

import pytest
from engine_faults import Crash, Fault
from engine_stories import HOOK, Stage
from world import answer

from chalicelib.domain import messages
from chalicelib.domain.dead_letters import DeadLetter, Reason
from chalicelib.domain.lifecycle import LEASE_MS, SKEW_MS, UNDELIVERABLE
from chalicelib.domain.messages import Attempt, Message, Webhook
from chalicelib.domain.task import Status, Task
from chalicelib.domain.wakeup import GRACE_MS, Hold
from chalicelib.engine.attempt import Done, Verdict
from chalicelib.engine.rescue import NEWER_PATIENCE_MS

FOREVER = 10**9


def rescue(stage: Stage, message: Message, *, age_ms: int = 0, receives: int = 1) -> Verdict:
    return stage.platform.rescue(message, sent_at=stage.clock.now() - age_ms, receives=receives)


def closed(stage: Stage) -> list[tuple[object, object]]:
    """What was done about the dead letters, and why."""
    return [(letter["action"], letter["reason"]) for letter in stage.recording.named("dead letter")]


def sent(stage: Stage) -> list[Message]:
    """The messages that wait in the queues now."""
    return [
        messages.decode(message.body)
        for queue in (stage.tasks_queue, stage.webhooks_queue)
        for message in queue.receive(10)
    ]


def waiting(stage: Stage, **changes: object) -> Task:
    """A task whose own messages are all gone."""
    task = stage.submit(**changes)
    for message in stage.tasks_queue.receive(10):
        stage.tasks_queue.delete(message.receipt)
    return task


def attempt(task: Task, number: int = 1, *, rearmed: bool = False) -> Attempt:
    return Attempt(task.id, number, task.due_at, rearmed)


def letters(stage: Stage) -> list[DeadLetter]:
    """What is kept for a person."""
    return stage.platform.dead_letters.page("", 100)


def test_what_nobody_can_read_is_kept_for_a_person(stage: Stage) -> None:
    arrived = stage.clock.now()
    stage.dead_letters.send("<not>ours</not>", delay_s=0, group=None)

    stage.work()

    assert closed(stage) == [("kept", "unreadable")]
    (letter,) = letters(stage)
    assert (letter.reason, letter.at, letter.body) == (Reason.UNREADABLE, arrived, "<not>ours</not>")
    assert stage.quiet()


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.UNAVAILABLE, Fault.ANSWER_LOST])
def test_what_nobody_can_read_is_kept_once_whatever_stops_in_between(stage: Stage, fault: Fault) -> None:
    stage.dead_letters.send("junk", delay_s=0, group=None)
    stage.faults.fail("letters", "keep", fault)

    with suppress(Crash):
        stage.work()
    stage.work()

    assert [letter.body for letter in letters(stage)] == ["junk"]
    assert stage.quiet()


def test_a_message_of_newer_code_waits_a_day_for_that_code_and_is_then_kept(stage: Stage) -> None:
    newer = '{"type":"attempt","task":"x","n":1,"due":0,"v":99}'
    stage.dead_letters.send(newer, delay_s=0, group=None)

    stage.work(until=stage.clock.now() + NEWER_PATIENCE_MS - 60_000)
    assert letters(stage) == []
    stage.work()

    assert [(letter.reason, letter.body) for letter in letters(stage)] == [(Reason.NEWER, newer)]
    assert stage.quiet()


def test_a_young_message_without_a_row_waits(stage: Stage) -> None:
    message = Attempt("11111111-2222-4333-8444-555555555555", 1, stage.clock.now())

    assert rescue(stage, message, age_ms=GRACE_MS - 1, receives=3) == Hold(8_000)
    assert closed(stage) == []


def test_an_old_message_without_a_row_is_dropped(stage: Stage) -> None:
    message = Attempt("11111111-2222-4333-8444-555555555555", 1, stage.clock.now())

    assert rescue(stage, message, age_ms=GRACE_MS) == Done()
    assert closed(stage) == [("dropped", "no such task")]


def test_a_message_of_a_finished_task_is_dropped(stage: Stage) -> None:
    task = stage.submit()
    stage.work()

    assert rescue(stage, attempt(task)) == Done()
    assert closed(stage) == [("dropped", "task finished")]
    assert sent(stage) == []


def unannounced(stage: Stage) -> Task:
    """A finished task whose webhook message is gone."""
    task = stage.submit(on_complete_url=HOOK)
    stage.platform.attempts(stage.wake_up(attempt(task)))
    for queue in (stage.tasks_queue, stage.webhooks_queue):
        for message in queue.receive(10):
            queue.delete(message.receipt)
    assert stage.row(task).webhook
    return task


def test_a_finished_task_whose_owner_was_not_told_gets_its_webhook_message(stage: Stage) -> None:
    task = unannounced(stage)

    assert rescue(stage, attempt(task)) == Done()

    assert closed(stage) == [("re-armed", "webhook")]
    assert sent(stage) == [Webhook(task.id)]


def test_a_webhook_message_is_sent_again_once_and_marked(stage: Stage) -> None:
    task = unannounced(stage)

    assert rescue(stage, Webhook(task.id)) == Done()

    assert sent(stage) == [Webhook(task.id, rearmed=True)]


def test_a_webhook_message_that_ends_here_twice_is_given_up(stage: Stage) -> None:
    task = unannounced(stage)

    assert rescue(stage, Webhook(task.id, rearmed=True)) == Done()

    assert closed(stage) == [("dropped", "webhook given up")]
    assert [(letter.reason, letter.task) for letter in letters(stage)] == [(Reason.WEBHOOK, task.id)]
    assert not stage.row(task).webhook
    assert sent(stage) == []


def test_a_live_lease_is_waited_for(stage: Stage) -> None:
    task = waiting(stage)
    stage.tasks.claim(task.id, attempt=1, token="somebody", now=stage.clock.now())

    assert rescue(stage, attempt(task)) == Hold(LEASE_MS + SKEW_MS)


@pytest.mark.parametrize("number", [1, 2])
def test_an_unfinished_task_gets_a_marked_message_for_the_rows_next_attempt(stage: Stage, number: int) -> None:
    task = waiting(stage)

    assert rescue(stage, attempt(task, number)) == Done()

    assert closed(stage) == [("re-armed", "queued")]
    assert sent(stage) == [attempt(task, 1, rearmed=True)]


def test_a_task_that_waits_for_its_date_gets_its_schedule_back(stage: Stage) -> None:
    task = stage.delayed(3_600)
    stage.schedules.delete(f"{task.id}-1-{task.due_at // 1000}")

    assert rescue(stage, attempt(task)) == Done()

    stage.work()
    assert stage.row(task).started_at == task.due_at


def test_a_lost_attempt_whose_lease_is_over_is_carried_on(stage: Stage) -> None:
    task = waiting(stage)
    stage.tasks.claim(task.id, attempt=1, token="somebody", now=stage.clock.now())
    stage.clock.sleep(LEASE_MS + SKEW_MS)

    assert rescue(stage, attempt(task)) == Done()

    stage.work()
    assert stage.outcomes(task) == ["lost", "succeeded"]


def test_a_marked_message_that_ends_here_again_fails_the_task_and_tells_its_owner(stage: Stage) -> None:
    task = waiting(stage, on_complete_url=HOOK)

    assert rescue(stage, attempt(task, rearmed=True)) == Done()

    assert (stage.row(task).status, stage.row(task).error) == (Status.FAILED, UNDELIVERABLE)
    assert closed(stage) == [("given up", "queued")]
    assert sent(stage) == [Webhook(task.id)]
    assert [(letter.reason, letter.task, letter.team) for letter in letters(stage)] == [
        (Reason.GIVEN_UP, task.id, task.team)
    ]


@pytest.mark.parametrize("part", [("tasks", "commit"), ("webhooks queue", "send"), ("letters", "keep")])
@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.ANSWER_LOST])
def test_giving_up_leaves_one_letter_wherever_it_is_interrupted(
    stage: Stage, part: tuple[str, str], fault: Fault
) -> None:
    task = waiting(stage, on_complete_url=HOOK)
    stage.dead_letters.send(messages.encode(attempt(task, rearmed=True)), delay_s=0, group=task.team)
    stage.faults.fail(*part, fault)

    with suppress(Crash):
        stage.work()
    stage.work()

    assert stage.row(task).status is Status.FAILED
    assert [(letter.reason, letter.task) for letter in letters(stage)] == [(Reason.GIVEN_UP, task.id)]
    assert stage.servers.called(HOOK) >= 1
    assert stage.quiet()


def test_a_marked_message_of_an_attempt_that_was_made_is_no_reason_to_give_up(stage: Stage) -> None:
    stage.servers.answers(answer(500))
    task = waiting(stage)
    stage.platform.attempts(stage.wake_up(attempt(task)))
    (successor,) = [stage.row(task)]
    stage.clock.sleep(1_000)
    sent(stage)

    assert rescue(stage, attempt(task, 1, rearmed=True)) == Done()

    assert stage.row(task).status is Status.RETRY
    assert sent(stage) == [Attempt(task.id, 2, successor.due_at, rearmed=True)]


def test_a_task_that_moved_on_while_it_was_given_up_is_looked_at_again(stage: Stage) -> None:
    task = waiting(stage)
    stage.faults.before(
        "tasks",
        "commit",
        lambda *_: stage.tasks.claim(task.id, attempt=1, token="somebody", now=stage.clock.now()),
    )

    assert rescue(stage, attempt(task, rearmed=True)) == Hold(2_000)
    assert stage.row(task).status is Status.RUNNING


def test_giving_up_whose_answer_was_lost_still_tells_the_owner(stage: Stage) -> None:
    task = waiting(stage, on_complete_url=HOOK)
    stage.faults.fail("tasks", "commit", Fault.ANSWER_LOST)
    letter = attempt(task, rearmed=True)

    assert rescue(stage, letter) == Hold(2_000)
    assert rescue(stage, letter) == Done()

    stage.work()
    assert stage.servers.called(HOOK) == 1


@pytest.mark.parametrize(("port", "method"), [("tasks", "get"), ("tasks queue", "send")])
def test_a_part_that_does_not_answer_means_try_again(stage: Stage, port: str, method: str) -> None:
    task = waiting(stage)
    stage.faults.fail(port, method, Fault.UNAVAILABLE)

    assert rescue(stage, attempt(task)) == Hold(2_000)
    assert closed(stage) == []
    assert rescue(stage, attempt(task)) == Done()


@pytest.mark.parametrize(("minutes", "letters"), [(8, []), (16, [("re-armed", "queued")])])
def test_an_outage_of_some_minutes_costs_no_task(stage: Stage, minutes: int, letters: list[tuple[str, str]]) -> None:
    task = stage.submit(max_retries=0)
    stage.faults.fail("tasks", "claim", Fault.UNAVAILABLE, times=FOREVER)
    stage.work(until=stage.clock.now() + minutes * 60_000)
    stage.faults.heal()

    stage.work()

    assert stage.row(task).status is Status.COMPLETED
    assert closed(stage) == letters


def test_a_task_nobody_can_ever_claim_is_failed_in_the_end_and_its_owner_told(stage: Stage) -> None:
    task = stage.submit(on_complete_url=HOOK)
    stage.faults.fail("tasks", "claim", Fault.UNAVAILABLE, times=FOREVER)

    stage.work()

    assert stage.row(task).status is Status.FAILED
    assert closed(stage) == [("re-armed", "queued"), ("given up", "queued")]
    assert [request.url for request in stage.servers.calls] == [HOOK]
    assert stage.quiet()


def test_a_crash_between_re_arming_and_deleting_only_doubles_a_message(stage: Stage) -> None:
    task = waiting(stage)
    stage.dead_letters.send(messages.encode(attempt(task)), delay_s=0, group=task.team)
    stage.faults.fail("tasks queue", "send", Fault.CRASH_AFTER)

    with pytest.raises(Crash):
        stage.work()
    stage.work()

    assert stage.servers.called() == 1
    assert stage.row(task).status is Status.COMPLETED
    assert stage.quiet()
