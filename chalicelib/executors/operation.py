"""The kind `operation`: a pure function of the deployment's own, computed here and now."""

from __future__ import annotations

import threading
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from chalicelib.domain.kinds.kind import Kind
from chalicelib.domain.kinds.registry import Kinds
from chalicelib.domain.outcome import Continue, Failed, Outcome, Succeeded
from chalicelib.domain.task import Operation, Result, Task
from chalicelib.ports.ambient import Clock, Recorder
from chalicelib.views.encoding import encode

#: What takes less, in seconds, is done beside other work.
_QUICK_S = 1
#: When an operation that found no time asks again, and how often it may: then it is tried whatever the time.
_AGAIN_MS = 1_000
_MOST_TURNS = 100
#: A result is stored as one item.
MOST_RESULT_BYTES = 262_144


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OperationExecutor:
    """Whatever takes its time has the processor to itself: side by side, the operations of a batch would all be late.
    One that would not be done in time asks to go on later, which spends no retry."""

    kinds: Kinds
    clock: Clock
    recorder: Recorder
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def attempt(self, task: Task, *, until: int) -> Outcome | None:
        work = task.work_as(Operation)
        if self.clock.now() >= until:
            return None
        kind = self.kinds.named(work.kind)
        if kind is None:
            return Failed(f"{work.kind} is not known to this version")
        try:
            given = kind.load("" if task.payload is None else task.payload.body or "")
            needed_s = kind.seconds(given)
            return self._run(kind, given) if needed_s < _QUICK_S else self._in_turn(task, kind, given, needed_s, until)
        except Exception as error:  # noqa: BLE001  (a kind may raise anything; another attempt follows)
            self.recorder.record(
                "operation failed", task=task.id, kind=kind.name, error=type(error).__name__, where=_where(error)
            )
            return Failed(f"{kind.name} failed: {type(error).__name__}")

    def _in_turn(self, task: Task, kind: Kind, given: object, needed_s: float, until: int) -> Outcome:
        spare_ms = until - self.clock.now() - round(needed_s * 1000)
        if spare_ms < 0 and task.continued < _MOST_TURNS:
            return Continue(_AGAIN_MS)
        if not self._turn.acquire(timeout=max(0, spare_ms) / 1000):
            return Continue(_AGAIN_MS)
        try:
            return self._run(kind, given)
        finally:
            self._turn.release()

    def _run(self, kind: Kind, given: object) -> Outcome:
        began = self.clock.now()
        body = encode(kind.result(given))
        if len(body.encode()) > MOST_RESULT_BYTES:
            return Failed(f"{kind.name} failed: the result is larger than {MOST_RESULT_BYTES // 1024} KiB", final=True)
        return Succeeded(result=Result(200, (), body, self.clock.now() - began))


def _where(error: BaseException) -> str:
    """File and line of the failure, for whoever wrote the kind."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
