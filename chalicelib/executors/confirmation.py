"""Waiting for a change that a task was accepted for before it was made."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.items import Item, Standing, standing
from chalicelib.domain.outcome import Continue, Outcome, Succeeded
from chalicelib.domain.task import Task
from chalicelib.ports.ambient import Clock
from chalicelib.ports.items import ItemStore

#: A change that is not made so long after its tasks were accepted never will be: the function that makes it is stopped
#: well before.
GRACE_MS = 120_000
#: In-place waits for a change that its task has overtaken.
_PAUSES_MS = (50, 150, 400)
_LONGEST_HOLD_MS = 4_000


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The change was made; `item` is what it stands at now, None once even its tombstone has gone."""

    item: Item | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Confirmation:
    """Looks whether the change was made that a task tells of."""

    items: ItemStore
    clock: Clock

    def of_change(
        self, task: Task, tenant: str, item_id: str, version: int, change: str, *, until: int
    ) -> Confirmed | Outcome | None:
        """The confirmation, or how the attempt ends without one: to go on later while the change may be under way,
        without a result when it was never made. None when no time is left. Raises UnavailableError."""
        for pause_ms in (*_PAUSES_MS, None):
            asked_at = self.clock.now()
            item = self.items.get(tenant, item_id)
            match standing(item, version, change):
                case Standing.MADE:
                    return Confirmed(item)
                case Standing.OVERTAKEN:
                    return Succeeded()
            if asked_at - task.created_at >= GRACE_MS:
                return Succeeded()
            if pause_ms is None:
                break
            if asked_at + pause_ms >= until:
                return None
            self.clock.sleep(pause_ms)
        return Continue(min(1_000 << min(task.continued, 2), _LONGEST_HOLD_MS))
