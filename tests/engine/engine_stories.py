"""What the stories of the engine begin with: a team, its orders, and servers that take their time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine_faults import Faults
from world import ManualClock, World, answer

from chalicelib.domain import messages
from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.domain.identity import Team
from chalicelib.domain.task import Backoff, Callback, Payload, Task
from chalicelib.engine.attempt import WakeUp
from chalicelib.engine.submit import Order

TARGET = "https://shop.example/hook"
HOOK = "https://shop.example/done"
#: The longest a function behind the tasks queue may run.
FUNCTION_MS = 145_000
TIMED_OUT = NoAnswer(Failure.TIMED_OUT)

Script = Callable[[Request, float], Answer | NoAnswer]


@dataclass
class Servers:
    """Other people's servers: `script(request, timeout_s)` answers, and may let time pass or the process stop."""

    script: Script = lambda request, timeout_s: answer(200)
    calls: list[Request] = field(default_factory=list)
    timeouts_s: list[float] = field(default_factory=list)
    followed: list[bool] = field(default_factory=list)

    def send(
        self, request: Request, *, timeout_s: float, follow_redirects: bool = True, max_body_bytes: int = 262_144
    ) -> Answer | NoAnswer:
        self.calls.append(request)
        self.timeouts_s.append(timeout_s)
        self.followed.append(follow_redirects)
        return self.script(request, timeout_s)

    def answers(self, *replies: Answer | NoAnswer) -> None:
        """Answer the calls of each address with these in turn, then with the last one; webhooks are accepted."""
        self.script = lambda request, timeout_s: (
            answer(200) if request.url == HOOK else replies[min(self.called(request.url), len(replies)) - 1]
        )

    def called(self, url: str = TARGET) -> int:
        """How often this address was called."""
        return sum(request.url == url for request in self.calls)


class Stage(World):
    """A world with faults, with servers, and with one team."""

    def __init__(self, **changes: Any) -> None:
        self.faults = Faults()
        self.servers = Servers()
        self.clock: ManualClock
        super().__init__(door=self.servers, wrap=self.faults.around, **changes)
        self.owner = self.new_team()

    def new_team(self, plan: str = "pro") -> Team:
        return self.platform.teams.create("a team", plan)[0]

    def order(self, **changes: Any) -> Order:
        """What the team asks for: one POST with three retries, but for the changes."""
        work: dict[str, Any] = {
            "url": TARGET,
            "method": "POST",
            "max_wait_s": 30.0,
            "timeout_s": 30.0,
            "backoff": Backoff.EXPONENTIAL,
        }
        work |= {name: changes.pop(name) for name in work if name in changes}
        given: dict[str, Any] = {
            "team": self.owner.id,
            "signing": self.owner.signing,
            "work": Callback(**work),
            "payload": Payload((), "{}"),
            "max_retries": 3,
        }
        return Order(**{**given, **changes})

    def submit(self, **changes: Any) -> Task:
        """A task of the team that was just accepted."""
        return self.platform.submit(self.order(**changes)).task

    def delayed(self, seconds: float, **changes: Any) -> Task:
        """A task that was just accepted for later."""
        return self.submit(delay_until=self.clock.now() + int(seconds * 1000), **changes)

    def row(self, task: Task) -> Task:
        """The task's row as it stands."""
        row = self.tasks.get(task.id, now=self.clock.now())
        assert row is not None
        return row

    def outcomes(self, task: Task) -> list[str]:
        """How the task's attempts ended."""
        return [entry.outcome.value for entry in self.row(task).history]

    def repeat(self, task: Task, number: int = 1, *, rearmed: bool = False) -> None:
        """One more copy of the message for an attempt."""
        message = messages.Attempt(task.id, number, task.due_at, rearmed)
        self.tasks_queue.send(messages.encode(message), delay_s=0, group=task.team)

    def wake_up(self, message: messages.Attempt | messages.Outcome, **changes: int) -> WakeUp:
        """A message that was just sent, received once by a function that has all its time."""
        now = self.clock.now()
        return WakeUp(message, **{"sent_at": now, "receives": 1, "stop_at": now + FUNCTION_MS, **changes})

    def quiet(self) -> bool:
        """Whether no message and no schedule is left."""
        return not any(instant is not None for instant in self._upcoming())
