"""What AsyncFlow's messages and its limit rest on, taken away one at a time as in `guards`."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from simulation.faults import CALM
from simulation.guards import Front, Fronts, Weakening
from simulation.scheduler import Scheduler

from chalicelib.domain import messages
from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.outcome import Failed, Outcome
from chalicelib.domain.task import Simulation, Task
from chalicelib.engine.attempt import COMMIT_PAUSES_MS
from chalicelib.ports.executor import Executor
from chalicelib.ports.tasks import Applied, Fence, Refused

_LEDGERS = "asyncflow#"


class LedgerWithoutVersion(Weakening):
    """A ledger is replaced whatever has become of the one that it was made from."""

    def wrap(self, name: str, port: Any) -> Any:
        def swap(blob: str, value: bytes, *, over: int, expires_s: int) -> tuple[int, bytes] | None:
            if blob.startswith(_LEDGERS):
                over, _ = port.get(blob)
            found: tuple[int, bytes] | None = port.swap(blob, value, over=over, expires_s=expires_s)
            return found

        return Front(port, swap=swap) if name == "blobs" else port


class LedgerOnAMaybe(Weakening):
    """A ledger whose write did not confirm counts as stored."""

    def wrap(self, name: str, port: Any) -> Any:
        def swap(blob: str, value: bytes, **fields: Any) -> tuple[int, bytes] | None:
            try:
                found: tuple[int, bytes] | None = port.swap(blob, value, **fields)
            except UnavailableError:
                if blob.startswith(_LEDGERS):
                    return None
                raise
            return found

        return Front(port, swap=swap) if name == "blobs" else port


class LedgerForgotten(Weakening):
    """A request whose ledger was refused is judged by an empty one: nobody else has asked."""

    weather = CALM

    def wrap(self, name: str, port: Any) -> Any:
        def swap(blob: str, value: bytes, **fields: Any) -> tuple[int, bytes] | None:
            found: tuple[int, bytes] | None = port.swap(blob, value, **fields)
            return (found[0], _without_window(found[1])) if found and blob.startswith(_LEDGERS) else found

        return Front(port, swap=swap) if name == "blobs" else port


class StaleReads(Weakening):
    """What a caller is shown of a task is what stood there when it was last asked for."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(scheduler)
        self._read: dict[str, Task] = {}

    def wrap(self, name: str, port: Any) -> Any:
        def get(task_id: str, **fields: Any) -> Task | None:
            row: Task | None = port.get(task_id, **fields)
            fiber = self.scheduler.current
            if row is None or fiber is None or not fiber.process.name.startswith("api"):
                return row
            before = self._read.get(task_id, row)
            self._read[task_id] = row
            return before

        return Front(port, get=get) if name == "tasks" else port


@dataclass(frozen=True)
class _Executor:
    """An executor between what is done to the task and what is done to the outcome."""

    inner: Executor
    seen: Callable[[Task], Task] = lambda task: task
    said: Callable[[Outcome | None], Outcome | None] = lambda outcome: outcome

    def attempt(self, task: Task, *, until: int) -> Outcome | None:
        return self.said(self.inner.attempt(self.seen(task), until=until))


class _Steps(Weakening):
    """Something is done to the steps of messages."""

    def executors(self, executors: Mapping[type, Executor]) -> Mapping[type, Executor]:
        return {**executors, Simulation: self.instead(executors[Simulation])}

    def instead(self, executor: Executor) -> Executor:
        raise NotImplementedError


class FailureIsTriedAgain(_Steps):
    """The failure that was drawn for a message is not final."""

    def instead(self, executor: Executor) -> Executor:
        def said(outcome: Outcome | None) -> Outcome | None:
            return replace(outcome, final=False) if isinstance(outcome, Failed) else outcome

        return _Executor(executor, said=said)


class FateDrawnAnew(_Steps):
    """Each step draws how the message ends."""

    def instead(self, executor: Executor) -> Executor:
        def seen(task: Task) -> Task:
            failure = random.Random(f"{task.id}/{task.attempt}").choice((None, "Destination rejected the message"))
            return replace(task, work=msgspec.structs.replace(task.work_as(Simulation), failure=failure))

        return _Executor(executor, seen=seen)


class PickUpByAttempt(_Steps):
    """The pick-up is the first attempt, whether or not that one was lost."""

    def instead(self, executor: Executor) -> Executor:
        return _Executor(executor, seen=lambda task: replace(task, continued=task.attempt - 1))


class Carried(Weakening):
    """Every fourth outcome of a message is carried, for its row does not take it, and loses something on the way."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(scheduler)
        self._tries: Counter[str] = Counter()

    def wrap(self, name: str, port: Any) -> Any:
        def commit(task: Task, fence: Fence) -> Applied | Refused:
            token = fence.token or ""
            if isinstance(task.work, Simulation) and int(token or "1", 16) % 4 == 0:
                self._tries[token] += 1
                if self._tries[token] <= 1 + len(COMMIT_PAUSES_MS):
                    raise UnavailableError("the row does not take it")
            written: Applied | Refused = port.commit(task, fence)
            return written

        def send(body: str, **fields: Any) -> None:
            message = messages.decode(body)
            port.send(messages.encode(self.lose(message)) if isinstance(message, messages.Outcome) else body, **fields)

        fronts: Fronts = {"tasks": {"commit": commit}, "tasks queue": {"send": send}}
        return Front(port, **fronts[name]) if name in fronts else port

    def lose(self, message: messages.Outcome) -> messages.Outcome:
        """What is left of it."""
        return message


class CarriedWithoutTime(Carried):
    """A carried pick-up forgets how long the message takes."""

    def lose(self, message: messages.Outcome) -> messages.Outcome:
        return msgspec.structs.replace(message, after=0)


class CarriedWithoutEnd(Carried):
    """A carried failure forgets that it is final."""

    def lose(self, message: messages.Outcome) -> messages.Outcome:
        return msgspec.structs.replace(message, verdict="failed" if message.verdict == "final" else message.verdict)


def _without_window(ledger: bytes) -> bytes:
    members: list[Any] = msgspec.msgpack.decode(ledger)
    return msgspec.msgpack.encode([members[0], b"", *members[2:]])


FLOW_GUARDS: dict[str, type[Weakening]] = {
    "version of a ledger": LedgerWithoutVersion,
    "no number on a maybe": LedgerOnAMaybe,
    "window of others": LedgerForgotten,
    "strong read": StaleReads,
    "final failure": FailureIsTriedAgain,
    "fate in the row": FateDrawnAnew,
    "pick-up by the row": PickUpByAttempt,
    "carried time": CarriedWithoutTime,
    "carried end": CarriedWithoutEnd,
}
