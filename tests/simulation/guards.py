"""The simulation's own test: each guard of the engine taken away, one at a time, without touching the product.

A weakening puts something in front of a part that breaks the guarantee which the guard rests on, or hands the worker
a message that lies. The simulation must notice each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simulation.faults import FREEZING, LOSING, LOSSY, Weather

from chalicelib.domain import lifecycle
from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.task import CLAIMABLE, Status, Task
from chalicelib.embedded.queue import Received
from chalicelib.ports.executor import Executor
from chalicelib.ports.tasks import Applied, Fence, Refused, Stretch

if TYPE_CHECKING:
    from simulation.scheduler import Scheduler

Handler = Callable[[Any, Any], Any]
#: By the name of a part, the calls that are replaced.
Fronts = dict[str, dict[str, Callable[..., Any]]]


class Weakening:
    """None: the product as it is."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler

    def wrap(self, name: str, port: Any) -> Any:
        """What the platform gets for a part."""
        return port

    def handed(self, message: Received) -> Received:
        """What the mapping hands over for a message."""
        return message

    def handler(self, queue: str, handler: Handler) -> Handler:
        """What the mapping calls."""
        return handler

    def executors(self, executors: Mapping[type, Executor]) -> Mapping[type, Executor]:
        """What makes attempts, by the kind of work."""
        return executors

    #: Whether the mapping deletes messages before it hands them over.
    deletes_first = False
    #: The weather in which it shows soonest; None: whatever the climate brings.
    weather: Weather | None = None

    @property
    def notes(self) -> dict[str, Any]:
        """What is remembered of the run under way."""
        fiber = self.scheduler.current
        return fiber.notes if fiber is not None else {}


class Front:
    """Everything as behind it, but for the calls that replace it."""

    def __init__(self, port: Any, **calls: Callable[..., Any]) -> None:
        self._port = port
        self.__dict__.update(calls)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


class NoLease(Weakening):
    """A claim takes a running task over although its lease is live."""

    def wrap(self, name: str, port: Any) -> Any:
        def claim(task_id: str, *, attempt: int, token: str, now: int) -> Applied | Refused:
            found: Applied | Refused = port.claim(task_id, attempt=attempt, token=token, now=now)
            row = found.row if isinstance(found, Refused) else None
            if row is None or row.status is not Status.RUNNING or row.claim_token == token or row.last_attempt:
                return found
            taken: Applied | Refused = port.commit(lifecycle.take_over(row, token=token, now=now), Fence.of(row))
            return taken

        return Front(port, claim=claim) if name == "tasks" else port


class EndlessLease(Weakening):
    """A lease never ends: a task whose worker died stays running."""

    def wrap(self, name: str, port: Any) -> Any:
        def endless(found: Applied | Refused) -> Applied | Refused:
            row = found.row if isinstance(found, Refused) else None
            if row is None or row.status is not Status.RUNNING:
                return found
            return Refused(replace(row, lease_until=(row.lease_until or 0) + 10**12))

        def claim(task_id: str, **fields: Any) -> Applied | Refused:
            return endless(port.claim(task_id, **fields))

        def get(task_id: str, **fields: Any) -> Task | None:
            row: Task | None = port.get(task_id, **fields)
            return row if row is None or row.lease_until is None else replace(row, lease_until=row.lease_until + 10**12)

        return Front(port, claim=claim, get=get) if name == "tasks" else port


class NoFence(Weakening):
    """A commit is applied whatever the row says by now."""

    weather = FREEZING

    def wrap(self, name: str, port: Any) -> Any:
        def commit(task: Task, fence: Fence) -> Applied | Refused:
            written: Applied | Refused = port.commit(task, fence)
            if isinstance(written, Refused) and written.row is not None:
                written = port.commit(task, Fence.of(written.row))
            return written

        return Front(port, commit=commit) if name == "tasks" else port


class NoClaimToken(Weakening):
    """A worker whose claim's answer was lost does not recognise its own claim."""

    weather = LOSSY

    def wrap(self, name: str, port: Any) -> Any:
        def claim(task_id: str, *, attempt: int, token: str, now: int) -> Applied | Refused:
            found: Applied | Refused = port.claim(task_id, attempt=attempt, token=token, now=now)
            row = found.row if isinstance(found, Refused) else None
            return found if row is None or row.claim_token != token else Refused(replace(row, claim_token=None))

        return Front(port, claim=claim) if name == "tasks" else port


class NoCreateToken(Weakening):
    """A create whose answer was lost does not recognise its own row."""

    weather = LOSSY

    def wrap(self, name: str, port: Any) -> Any:
        def create(task: Task) -> Applied | Refused:
            found: Applied | Refused = port.create(task)
            if isinstance(found, Refused) and found.row is not None:
                return Refused(replace(found.row, create_token=""))
            return found

        return Front(port, create=create) if name == "tasks" else port


class NoResend(Weakening):
    """A message of an attempt that is over goes without sending for the next one."""

    def wrap(self, name: str, port: Any) -> Any:
        def claim(task_id: str, *, attempt: int, token: str, now: int) -> Applied | Refused:
            found: Applied | Refused = port.claim(task_id, attempt=attempt, token=token, now=now)
            row = found.row if isinstance(found, Refused) else None
            self.notes["stale"] = row is not None and row.status in CLAIMABLE and attempt <= row.attempt
            return found

        def send(*args: Any, **fields: Any) -> None:
            if not self.notes.get("stale"):
                port.send(*args, **fields)

        def create(*args: Any, **fields: Any) -> None:
            if not self.notes.get("stale"):
                port.create(*args, **fields)

        fronts: Fronts = {
            "tasks": {"claim": claim},
            "tasks queue": {"send": send},
            "schedules": {"create": create},
        }
        return Front(port, **fronts[name]) if name in fronts else port


class NoGrace(Weakening):
    """Every message counts as old: one that has overtaken its row is dropped."""

    def handed(self, message: Received) -> Received:
        return replace(message, sent_at=0)


class NoCancelCondition(Weakening):
    """A cancel is applied to whatever the task is doing."""

    def wrap(self, name: str, port: Any) -> Any:
        def cancel(task_id: str, *, team: str, now: int, expires_at: int) -> Applied | Refused:
            found: Applied | Refused = port.cancel(task_id, team=team, now=now, expires_at=expires_at)
            row = found.row if isinstance(found, Refused) else None
            if row is None or row.status is Status.CANCELLED:
                return found
            ended = replace(row, status=Status.CANCELLED, completed_at=now, expires_at=expires_at)
            forced: Applied | Refused = port.commit(ended, Fence.of(row))
            return forced

        return Front(port, cancel=cancel) if name == "tasks" else port


class NoDeadLetterReader(Weakening):
    """What lands in the dead-letter queue is thrown away."""

    def handler(self, queue: str, handler: Handler) -> Handler:
        return (lambda event, context: {"batchItemFailures": []}) if queue == "dead-letters" else handler


class NobodyReadsDeadLetters(Weakening):
    """What lands in the dead-letter queue stays there."""

    def handler(self, queue: str, handler: Handler) -> Handler:
        def leave(event: Any, context: Any) -> Any:
            return {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in event["Records"]]}

        return leave if queue == "dead-letters" else handler


class MarkClearedFirst(Weakening):
    """The mark that a webhook is to be sent is cleared before it is sent."""

    def wrap(self, name: str, port: Any) -> Any:
        def get(task_id: str, **fields: Any) -> Task | None:
            row: Task | None = port.get(task_id, **fields)
            fiber = self.scheduler.current
            if row is not None and row.webhook and fiber is not None and fiber.process.name.startswith("webhooks"):
                port.announced(task_id)
            return row

        return Front(port, get=get) if name == "tasks" else port


class DeletedFirst(Weakening):
    """A message is deleted when it is handed over rather than when it was handled."""

    deletes_first = True


class NoWebhookBeforeDrop(Weakening):
    """The message of a finished task goes without sending for the webhook first."""

    def wrap(self, name: str, port: Any) -> Any:
        def claim(task_id: str, **fields: Any) -> Applied | Refused:
            found: Applied | Refused = port.claim(task_id, **fields)
            if isinstance(found, Refused) and found.row is not None and found.row.finished:
                return Refused(replace(found.row, webhook=False))
            return found

        return Front(port, claim=claim) if name == "tasks" else port


class NoSecondLook(Weakening):
    """A worker's clock stands still from its claim to its call: it cannot see that its lease has ended."""

    weather = FREEZING

    def wrap(self, name: str, port: Any) -> Any:
        def claim(task_id: str, **fields: Any) -> Applied | Refused:
            found: Applied | Refused = port.claim(task_id, **fields)
            if isinstance(found, Applied):
                self.notes["claimed"] = fields["now"]
            return found

        def now() -> int:
            claimed: int | None = self.notes.get("claimed")
            return port.now() if claimed is None else claimed

        def send(*args: Any, **fields: Any) -> Any:
            self.notes.pop("claimed", None)
            return port.send(*args, **fields)

        fronts: Fronts = {
            "tasks": {"claim": claim},
            "clock": {"now": now},
            "door": {"send": send},
        }
        return Front(port, **fronts[name]) if name in fronts else port


class RowBeforeBaton(Weakening):
    """A create stores the row first and sends its message afterwards."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(scheduler)
        self._queue: Any = None

    def wrap(self, name: str, port: Any) -> Any:
        def send(*args: Any, **fields: Any) -> None:
            fiber = self.scheduler.current
            if fiber is not None and fiber.process.name.startswith("api"):
                self.notes["baton"] = (args, fields)
            else:
                port.send(*args, **fields)

        def create(task: Task) -> Applied | Refused:
            stored: Applied | Refused = port.create(task)
            args, fields = self.notes.pop("baton", (None, None))
            if args is not None:
                self._queue.send(*args, **fields)
            return stored

        if name == "tasks queue":
            self._queue = port
            return Front(port, send=send)
        return Front(port, create=create) if name == "tasks" else port


class MaybeCountsAsSent(Weakening):
    """A send that did not confirm counts as sent."""

    def wrap(self, name: str, port: Any) -> Any:
        def send(*args: Any, **fields: Any) -> None:
            try:
                port.send(*args, **fields)
            except UnavailableError:
                return

        return Front(port, send=send) if name == "tasks queue" else port


class Losing(Weakening):
    """The product as it is, where schedules and messages vanish."""

    weather = LOSING


class NoBackstop(Losing):
    """Nobody looks for what has vanished."""

    def handler(self, queue: str, handler: Handler) -> Handler:
        return (lambda event, context: {}) if queue == "backstop" else handler


class BackstopForUnstartedTasks(Losing):
    """The daily look passes over tasks that were running when their message vanished."""

    def wrap(self, name: str, port: Any) -> Any:
        def overdue(**asked: Any) -> Stretch:
            found: Stretch = port.overdue(**asked)
            return replace(found, tasks=tuple(task for task in found.tasks if task.status is not Status.RUNNING))

        return Front(port, overdue=overdue) if name == "tasks" else port


class BackstopForCalls(Losing):
    """The daily look passes over webhooks that were not sent."""

    def wrap(self, name: str, port: Any) -> Any:
        def overdue(**asked: Any) -> Stretch:
            found: Stretch = port.overdue(**asked)
            return replace(found, tasks=tuple(task for task in found.tasks if not task.finished))

        return Front(port, overdue=overdue) if name == "tasks" else port


#: The ten guards of the engine's proof, by name.
GUARDS: dict[str, type[Weakening]] = {
    "lease": NoLease,
    "fence": NoFence,
    "claim token": NoClaimToken,
    "create token": NoCreateToken,
    "stale re-send": NoResend,
    "grace": NoGrace,
    "cancel condition": NoCancelCondition,
    "dead-letter reader": NoDeadLetterReader,
    "webhook before delete": NoWebhookBeforeDrop,
    "second look at the clock": NoSecondLook,
}
#: Other ways to break the same promises.
MORE_GUARDS: dict[str, type[Weakening]] = {
    "end of lease": EndlessLease,
    "dead letters are read": NobodyReadsDeadLetters,
    "mark cleared after the webhook": MarkClearedFirst,
    "delete after handling": DeletedFirst,
    "baton before row": RowBeforeBaton,
    "no row on a maybe": MaybeCountsAsSent,
    "daily look": NoBackstop,
    "daily look at running tasks": BackstopForUnstartedTasks,
    "daily look for webhooks": BackstopForCalls,
}
