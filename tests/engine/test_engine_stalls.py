"""A process that stands still at the worst moment: nothing young is dropped, and no call is made without its lease."""

from __future__ import annotations

from engine_stories import Stage

from chalicelib.domain.task import Status, Task


def test_a_message_whose_row_was_not_there_yet_is_kept_however_late_that_answer_comes(stage: Stage) -> None:
    def overtake(_: Task) -> None:
        stage.faults.before("tasks", "claim", lambda *_, **__: stage.clock.sleep(120_000), nth=4)
        stage.deliver()

    stage.faults.before("tasks", "create", overtake)

    task = stage.submit()
    stage.work()

    assert stage.row(task).status is Status.COMPLETED
    assert stage.servers.called() == 1


def test_a_worker_that_stands_still_before_its_call_does_not_make_it_once_the_lease_is_over(stage: Stage) -> None:
    task = stage.delayed(120)
    stage.faults.before("identity", "team", lambda *_: stage.clock.sleep(200_000))

    stage.clock.move_to(task.due_at)
    stage.deliver()
    assert stage.servers.called() == 0
    stage.work()

    assert stage.outcomes(task) == ["lost", "succeeded"]
    assert stage.servers.called() == 1
