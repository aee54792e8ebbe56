"""Batons: the messages and schedules that cover every unfinished task.

A task is covered at every instant by one undeleted message or one live schedule. So a baton is sent before the row it
is for is written, and let go only once the row is finished or its successor is durable.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain import messages
from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.lifecycle import Announce, Effect, WakeNext
from chalicelib.domain.task import Task
from chalicelib.domain.timing import nearest_second
from chalicelib.ports.ambient import Clock
from chalicelib.ports.queue import Queue, Schedules

#: EventBridge Scheduler fires at some second of the minute it was given, so a schedule is set one whole minute early
#: and its message held for the rest.
SCHEDULE_LEAD_S = 60
#: A schedule must lie in the future when it is created: the shortest horizon leaves it a quarter of a minute.
SHORTEST_HORIZON_S = 75
#: SQS delays a message by 900 seconds at most.
LONGEST_HORIZON_S = 900


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Batons:
    """The one road for delays: the queue's own delay up to `horizon_s`, beyond it a schedule into the same queue."""

    tasks: Queue
    webhooks: Queue
    schedules: Schedules
    clock: Clock
    horizon_s: int = LONGEST_HORIZON_S

    def wake(self, task: Task, number: int, due_at: int, *, rearmed: bool = False) -> None:
        """Make the wake-up call of attempt `number` durable."""
        body = messages.encode(messages.Attempt(task.id, number, due_at, rearmed))
        ahead_ms = due_at - self.clock.now()
        if ahead_ms <= self.horizon_s * 1000:
            # To the nearest second: half a second early is waited for in place, half a second late is borne.
            self.tasks.send(body, delay_s=nearest_second(ahead_ms), group=task.team)
        else:
            self.schedules.create(
                _schedule_name(task.id, number, due_at), fire_at_s=due_at // 1000 - SCHEDULE_LEAD_S, body=body
            )

    def announce(self, task: Task, *, rearmed: bool = False) -> None:
        """Make the wake-up call of the task's completion webhook durable."""
        body = messages.encode(messages.Webhook(task.id, rearmed))
        self.webhooks.send(body, delay_s=0, group=task.team)

    def carry(self, outcome: messages.Outcome, team: str) -> None:
        """Make an outcome durable that the row would not take in time."""
        self.tasks.send(messages.encode(outcome), delay_s=1, group=team)

    def perform(self, task: Task, effects: tuple[Effect, ...]) -> None:
        """Make durable what follows a step."""
        for effect in effects:
            match effect:
                case WakeNext(number, due_at):
                    self.wake(task, number, due_at)
                case Announce():
                    self.announce(task)

    def forget(self, task: Task) -> None:
        """Delete the schedule of a task that was withdrawn, if it had one. Best effort: one that fires finds a finished
        row and is dropped."""
        if task.attempt == 0 and task.due_at - task.created_at > self.horizon_s * 1000:
            try:
                self.schedules.delete(_schedule_name(task.id, 1, task.due_at))
            except UnavailableError:
                return


def _schedule_name(task_id: str, number: int, due_at: int) -> str:
    # Attempt and due time are part of the name: a conflict is then really the same schedule.
    return f"{task_id}-{number}-{due_at // 1000}"
