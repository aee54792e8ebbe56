"""What a person does about dead letters: nothing is lost, nothing runs twice at once, and all of it may be repeated."""

from __future__ import annotations

from contextlib import suppress

import pytest
from engine_faults import Crash, Fault
from engine_stories import HOOK, TARGET, Stage
from world import answer

from chalicelib.domain import messages
from chalicelib.domain.dead_letters import DeadLetter, Reason, dead_letter
from chalicelib.domain.errors import ConflictError, NotFoundError, UnavailableError
from chalicelib.domain.messages import Attempt, Webhook
from chalicelib.domain.task import Status, Task
from chalicelib.engine.dead_letters import Action

INTERRUPTIONS = [Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.ANSWER_LOST, Fault.UNAVAILABLE]


def the_letter(stage: Stage) -> DeadLetter:
    (letter,) = stage.platform.dead_letters.page("", 10)
    return letter


def given_up(stage: Stage) -> Task:
    """A task that was failed because its messages came back twice."""
    task = stage.submit(on_complete_url=HOOK)
    stage.dead_letters.send(messages.encode(Attempt(task.id, 1, task.due_at, True)), delay_s=0, group=task.team)
    for message in stage.tasks_queue.receive(10):
        stage.tasks_queue.delete(message.receipt)
    stage.work()
    assert stage.row(task).status is Status.FAILED
    assert stage.servers.called() == 0
    return task


def redrive(stage: Stage, letter: DeadLetter) -> None:
    """Redrive a letter as a person does who gets no answer: until it is gone."""
    for _ in range(5):
        with suppress(Crash, UnavailableError):
            try:
                stage.platform.dead_letters.redrive(letter.id)
            except NotFoundError:
                return


def test_a_task_that_was_given_up_runs_as_a_new_one_and_stays_failed_itself(stage: Stage) -> None:
    task = given_up(stage)

    redriven = stage.platform.dead_letters.redrive(the_letter(stage).id)
    stage.work()

    assert redriven.action is Action.REPLAYED
    new = stage.tasks.get(redriven.task or "", now=stage.clock.now(), payload=True)
    assert new is not None
    assert (new.replay_of, new.status, new.work, new.team) == (task.id, Status.COMPLETED, task.work, task.team)
    assert new.payload == task.payload
    assert stage.row(task).status is Status.FAILED
    assert stage.servers.called(TARGET) == 1
    assert stage.servers.called(HOOK) == 2
    assert stage.platform.dead_letters.page("", 10) == []


@pytest.mark.parametrize("fault", INTERRUPTIONS)
@pytest.mark.parametrize("part", [("tasks queue", "send"), ("tasks", "create"), ("letters", "remove")])
def test_a_redrive_that_was_interrupted_and_repeated_makes_one_task(
    stage: Stage, part: tuple[str, str], fault: Fault
) -> None:
    task = given_up(stage)
    stage.faults.fail(*part, fault)

    redrive(stage, the_letter(stage))
    stage.work()

    assert stage.servers.called(TARGET) == 1
    assert stage.row(task).status is Status.FAILED
    assert stage.platform.dead_letters.page("", 10) == []
    assert stage.quiet()


def test_a_letter_is_redriven_once(stage: Stage) -> None:
    given_up(stage)
    letter = the_letter(stage)
    stage.platform.dead_letters.redrive(letter.id)

    with pytest.raises(NotFoundError):
        stage.platform.dead_letters.redrive(letter.id)


def untold(stage: Stage) -> Task:
    """A finished task whose webhook message came back twice."""
    task = stage.submit(on_complete_url=HOOK)
    stage.platform.attempts(stage.wake_up(Attempt(task.id, 1, task.due_at)))
    for queue in (stage.tasks_queue, stage.webhooks_queue):
        for message in queue.receive(10):
            queue.delete(message.receipt)
    stage.dead_letters.send(messages.encode(Webhook(task.id, rearmed=True)), delay_s=0, group=task.team)
    stage.work()
    assert stage.servers.called(HOOK) == 0
    return task


@pytest.mark.parametrize("fault", [None, *INTERRUPTIONS])
@pytest.mark.parametrize("part", [("tasks", "commit"), ("webhooks queue", "send"), ("letters", "remove")])
def test_a_webhook_that_was_given_up_is_sent_after_all(
    stage: Stage, part: tuple[str, str], fault: Fault | None
) -> None:
    task = untold(stage)
    before = stage.row(task)
    if fault is not None:
        stage.faults.fail(*part, fault)

    redrive(stage, the_letter(stage))
    stage.work()

    assert stage.servers.called(HOOK) >= 1
    assert stage.row(task) == before
    assert stage.platform.dead_letters.page("", 10) == []
    assert stage.quiet()


def test_junk_can_only_be_discarded(stage: Stage) -> None:
    stage.dead_letters.send("junk", delay_s=0, group=None)
    stage.work()
    letter = the_letter(stage)

    with pytest.raises(ConflictError, match="only be discarded"):
        stage.platform.dead_letters.redrive(letter.id)
    assert stage.platform.dead_letters.discard(letter.id) == letter

    assert stage.platform.dead_letters.page("", 10) == []
    with pytest.raises(NotFoundError):
        stage.platform.dead_letters.discard(letter.id)


def test_a_message_that_can_be_read_by_now_is_settled_like_any_other(stage: Stage) -> None:
    """A message that an older release kept: today's code reads it."""
    task = stage.submit()
    for message in stage.tasks_queue.receive(10):
        stage.tasks_queue.delete(message.receipt)
    body = messages.encode(Attempt(task.id, 1, task.due_at))
    letter = dead_letter(Reason.NEWER, stage.clock.now(), body)
    stage.letters.keep(letter, expires_s=stage.clock.now() // 1000 + 60)

    redriven = stage.platform.dead_letters.redrive(letter.id)
    stage.work()

    assert (redriven.action, redriven.task) == (Action.SETTLED, task.id)
    assert stage.row(task).status is Status.COMPLETED
    assert stage.servers.called() == 1


def test_a_redrive_never_starts_a_second_run(stage: Stage) -> None:
    task = stage.submit()
    letter = dead_letter(Reason.NEWER, stage.clock.now(), messages.encode(Attempt(task.id, 1, task.due_at)))
    stage.letters.keep(letter, expires_s=stage.clock.now() // 1000 + 600)
    stage.tasks.claim(task.id, attempt=1, token="somebody", now=stage.clock.now())

    with pytest.raises(ConflictError, match="under way"):
        stage.platform.dead_letters.redrive(letter.id)

    assert the_letter(stage) == letter


def test_a_task_that_lost_its_calls_is_re_armed_and_runs_once_however_often(stage: Stage) -> None:
    task = stage.submit()
    for message in stage.tasks_queue.receive(10):
        stage.tasks_queue.delete(message.receipt)
    assert stage.quiet()

    for _ in range(3):
        stage.platform.dead_letters.rearm(task.id)
    stage.work()

    assert stage.servers.called() == 1
    assert stage.row(task).status is Status.COMPLETED
    assert stage.quiet()


def test_a_task_that_waits_for_its_date_is_re_armed_for_its_date(stage: Stage) -> None:
    task = stage.delayed(3_600)
    stage.schedules.delete(f"{task.id}-1-{task.due_at // 1000}")

    stage.platform.dead_letters.rearm(task.id)
    stage.work()

    assert stage.row(task).started_at == task.due_at


def test_what_runs_or_is_finished_is_not_re_armed(stage: Stage) -> None:
    task = stage.submit()
    stage.tasks.claim(task.id, attempt=1, token="somebody", now=stage.clock.now())
    with pytest.raises(ConflictError, match="under way"):
        stage.platform.dead_letters.rearm(task.id)
    done = stage.submit()
    stage.servers.answers(answer(200))
    stage.work()
    with pytest.raises(ConflictError, match="finished"):
        stage.platform.dead_letters.rearm(done.id)
    with pytest.raises(NotFoundError):
        stage.platform.dead_letters.rearm("11111111-2222-4333-8444-555555555555")
