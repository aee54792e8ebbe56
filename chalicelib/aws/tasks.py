"""Writing task rows: each write is one conditional call on one item, and no read comes before it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from chalicelib.aws import items, keys, parts
from chalicelib.aws.attributes import Item, number, text
from chalicelib.aws.reader import AwsTaskReader
from chalicelib.aws.table import Declined, Values, Written
from chalicelib.domain.errors import LockedError, SpoiledError
from chalicelib.domain.lifecycle import LEASE_MS
from chalicelib.domain.listing import Shelf
from chalicelib.domain.task import CLAIMABLE, Status, Task
from chalicelib.ports.tasks import Applied, Fence, Refused

_CLAIMABLE: Values = {f":{status.value}": text(status.value) for status in sorted(CLAIMABLE)}
_WAITING = f"#status IN ({', '.join(_CLAIMABLE)})"

#: An id may be taken again once its row has expired, whether or not it was deleted yet.
_VACANT = "attribute_not_exists(#pk) OR #expiresAt <= :second"
#: `wakeup.startable` as a condition.
_STARTABLE = f"{_WAITING} AND #attempt = :before AND #dueAt <= :now"
#: `lifecycle.claim` as a change.
_CLAIM = (
    "SET #status = :running, #attempt = :attempt, #claimToken = :token, #claimedAt = :now, #leaseUntil = :lease, "
    "#startedAt = if_not_exists(#startedAt, :now)"
)
#: `lifecycle.cancel` as a change.
_CANCEL = "SET #status = :cancelled, #shelf = :shelf, #completedAt = :now, #expiresAt = :expires"

_REPLACED = items.CHANGING | parts.RESULT_ATTRIBUTES


class AwsTasks(AwsTaskReader):
    """The ports `TaskStore` and `TaskReader` on one table.

    A write whose answer was lost and which the SDK repeats is refused by itself: the row then carries its token.
    """

    def create(self, task: Task) -> Applied | Refused:
        """One call, and one before it for a payload that lies apart. An expired row of the same id makes room."""
        row = {**items.row_of(task), **self._parts.place_request(task)}
        placed = self._parts.place_payload(task, row)
        self._put_apart(placed)
        written = self._table.put({**row, **placed.attributes}, _VACANT, {":second": number(task.created_at // 1000)})
        return Applied(task) if isinstance(written, Written) else self._refused(written)

    def claim(self, task_id: str, *, attempt: int, token: str, now: int) -> Applied | Refused:
        """One call."""
        values = {
            **_CLAIMABLE,
            ":before": number(attempt - 1),
            ":now": number(now),
            ":running": text(Status.RUNNING.value),
            ":attempt": number(attempt),
            ":token": text(token),
            ":lease": number(now + LEASE_MS),
        }
        return self._answer(self._table.update(keys.task(task_id), _CLAIM, _STARTABLE, values), now)

    def commit(self, task: Task, fence: Fence) -> Applied | Refused:
        """One call, and one before it for a result that lies apart."""
        row = items.row_of(task)
        placed = self._parts.place_result(task, row)
        self._put_apart(placed)
        change, changed = _replacing({**row, **placed.attributes})
        condition, expected = _standing(fence)
        answer = self._answer(self._table.update(keys.task(task.id), change, condition, {**changed, **expected}))
        return Applied(replace(answer.task, result=task.result)) if isinstance(answer, Applied) else answer

    def cancel(self, task_id: str, *, team: str, now: int, expires_at: int) -> Applied | Refused:
        """One call."""
        values = {
            **_CLAIMABLE,
            ":team": text(team),
            ":cancelled": text(Status.CANCELLED.value),
            ":shelf": text(keys.shelf(team, Shelf.CANCELLED)),
            ":now": number(now),
            ":expires": number(expires_at),
        }
        written = self._table.update(keys.task(task_id), _CANCEL, f"{_WAITING} AND #team = :team", values)
        return self._answer(written, now)

    def announced(self, task_id: str) -> None:
        """One call. A mark that is not there, or a row that is gone, is refused: nothing is left to clear."""
        self._table.update(keys.task(task_id), "REMOVE #webhook", "attribute_exists(#webhook)")

    def _put_apart(self, placed: parts.Placed) -> None:
        """Before the row that names it: a row never names what is not there. What no row names expires."""
        if placed.apart is not None:
            self._table.put(placed.apart)

    def _answer(self, written: Written | Declined, now: int | None = None) -> Applied | Refused:
        return Applied(self._whole(written.item)) if isinstance(written, Written) else self._refused(written, now)

    def _refused(self, declined: Declined, now: int | None = None) -> Refused:
        """The row that refused, unless it had expired by `now`."""
        row = None if declined.item is None else self._whole(declined.item)
        return Refused(None if row is not None and now is not None and items.expired(row, now) else row)

    def _whole(self, row: Item) -> Task:
        """The task in a row, with its payload if that lies inside: the attempt that was claimed needs it. One that
        cannot be opened is left to whoever asks for it."""
        task = self._parts.task(row)
        with suppress(LockedError, SpoiledError):
            return replace(task, payload=self._parts.payload_in(row, task))
        return task


def _replacing(row: Item) -> tuple[str, Values]:
    """The change that gives a row all its changing attributes as they are here, and takes away those that are not."""
    present = sorted(_REPLACED & row.keys())
    absent = sorted(_REPLACED - row.keys())
    change = "SET " + ", ".join(f"#{name} = :{name}" for name in present)
    if absent:
        change += " REMOVE " + ", ".join(f"#{name}" for name in absent)
    return change, {f":{name}": row[name] for name in present}


def _standing(fence: Fence) -> tuple[str, Values]:
    """The fence as a condition."""
    values = {":fenceStatus": text(fence.status.value), ":fenceAttempt": number(fence.attempt)}
    condition = "#status = :fenceStatus AND #attempt = :fenceAttempt AND "
    if fence.token is None:
        return condition + "attribute_not_exists(#claimToken)", values
    return condition + "#claimToken = :fenceToken", {**values, ":fenceToken": text(fence.token)}
