"""The kind `simulation`: a message that is picked up, takes its time, and ends as was drawn when it was accepted."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.outcome import Continue, Failed, Outcome, Succeeded
from chalicelib.domain.task import Simulation, Task
from chalicelib.ports.ambient import Clock

#: A pick-up that is late by up to so much takes that much less time, so that the message ends when it was meant to.
_FORGIVEN_MS = 1_000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SimulationExecutor:
    """Two steps: the pick-up asks to go on after the drawn time, the next one ends the message.

    Which of them it is, the row says: a step that is lost or comes twice is made again and changes nothing.
    """

    clock: Clock

    def attempt(self, task: Task, *, until: int) -> Outcome | None:
        work = task.work_as(Simulation)
        now = self.clock.now()
        if now >= until:
            return None
        if task.continued == 0:
            late_ms = min(max(0, now - task.due_at), _FORGIVEN_MS)
            return Continue(max(0, work.duration_ms - late_ms))
        return Succeeded() if work.failure is None else Failed(work.failure, final=True)
