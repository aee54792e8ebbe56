"""The kind `due`: an item's due date has come."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.items import ItemStatus
from chalicelib.domain.outcome import Continue, Outcome, Succeeded
from chalicelib.domain.task import Due, Task
from chalicelib.engine.events import Events
from chalicelib.executors.confirmation import Confirmation, Confirmed

_UNAVAILABLE_MS = 5_000


@dataclass(frozen=True, slots=True)
class DueExecutor:
    """Tells that an item is due, if it still is by this date and not completed. Made again, it tells nothing anew."""

    events: Events
    confirmation: Confirmation

    def attempt(self, task: Task, *, until: int) -> Outcome | None:
        work = task.work_as(Due)
        try:
            confirmed = self.confirmation.of_change(
                task, work.tenant, work.item, work.version, work.change, until=until
            )
            if not isinstance(confirmed, Confirmed):
                return confirmed
            item = confirmed.item
            if item is not None and item.due_token == work.change and item.status is not ItemStatus.COMPLETED:
                self.events.due(item, work.change)
        except UnavailableError:
            return Continue(_UNAVAILABLE_MS)
        return Succeeded()
