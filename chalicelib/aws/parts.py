"""The sealed parts of a task: the request in its row, payload and result there while that keeps it cheap, else as items
of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.aws import items, keys, packing
from chalicelib.aws.attributes import Item, binary, binary_of, number, number_of, size_of, text_of
from chalicelib.domain.task import Payload, Result, Task, Unreadable
from chalicelib.ports.vault import Vault
from chalicelib.vault.tasks import TaskVault, payload_bytes, request_bytes

#: A new row with its payload inside stays within one write unit, so that every later write of it costs little.
ROW_WITH_PAYLOAD = 1_024
#: A row with its result inside may grow to the size that one strongly consistent read covers.
ROW_WITH_RESULT = 4_096
#: Seconds after a task's due time when an item of its own may go, unless its row says when the task goes.
LIFE_S = 120 * 86_400

#: The attributes of a row that tell its result: the bytes, or where they lie and how many bytes the body has.
RESULT_ATTRIBUTES = frozenset({"result", "resultAt", "resultBytes"})


@dataclass(frozen=True, slots=True)
class Placed:
    """What the row says of a part, and the part as an item of its own if it lies apart."""

    attributes: Item
    apart: Item | None = None


class Parts:
    """Seals the parts of tasks into items, and opens them again."""

    def __init__(self, vault: Vault) -> None:
        self._vault = TaskVault(vault)

    def place_request(self, task: Task) -> Item:
        """What the row of a new task says of what is to be done."""
        return {"work": binary(self._vault.request(task))}

    def place_payload(self, task: Task, row: Item) -> Placed:
        """Where the payload of a new task goes."""
        inside: Item = {"payload": binary(self._vault.payload(task))}
        if size_of(row) + size_of(inside) <= ROW_WITH_PAYLOAD:
            return Placed(inside)
        key = keys.payload(task.id, task.create_token)
        expiry = number(task.due_at // 1000 + LIFE_S)
        return Placed({"payloadAt": key["sk"]}, {**key, **inside, "expiresAt": expiry})

    def place_result(self, task: Task, row: Item) -> Placed:
        """Where the result of an attempt goes."""
        if task.result is None:
            return Placed({})
        inside: Item = {"result": binary(self._vault.result(task, task.result))}
        if size_of(row) + _room_made(task) + size_of(inside) <= ROW_WITH_RESULT:
            return Placed(inside)
        key = keys.result(task.id, task.attempt, task.claim_token)
        expiry = number(task.due_at // 1000 + LIFE_S if task.expires_at is None else task.expires_at)
        attributes = {"resultAt": key["sk"], "resultBytes": number(len(task.result.body.encode()))}
        return Placed(attributes, {**key, **inside, "expiresAt": expiry})

    def task(self, row: Item) -> Task:
        """The task in a row with what is to be done, `Unreadable` where that cannot be opened."""
        task = items.task_of(row)
        if "S" in row["work"]:  # written before there was a vault
            told = text_of(row["onCompleteUrl"]) if "onCompleteUrl" in row else None
            return replace(task, work=packing.unpack_work(text_of(row["work"])), on_complete_url=told)
        return self._vault.requested(task, binary_of(row["work"]))

    def payload_in(self, item: Item, task: Task) -> Payload | None:
        """The payload of a task inside its row or a part. Raises SpoiledError."""
        return self._vault.payload_of(task, binary_of(item["payload"])) if "payload" in item else None

    def result_in(self, item: Item, task: Task) -> Result | None:
        """The result of a task inside its row or a part. Raises SpoiledError."""
        return self._vault.result_of(task, binary_of(item["result"])) if "result" in item else None


def apart(row: Item, *, payload: bool = False, result: bool = True) -> list[Item]:
    """The keys of what a row says lies apart and is wanted."""
    names = [name for name, wanted in (("resultAt", result), ("payloadAt", payload)) if wanted and name in row]
    return [keys.part(text_of(row["pk"]), text_of(row[name])) for name in names]


def body_bytes(row: Item, inside: Result | None) -> int:
    """The bytes of the body of a row's result, wherever it lies."""
    if "resultBytes" in row:
        return number_of(row["resultBytes"])
    return 0 if inside is None else len(inside.body.encode())


def _room_made(task: Task) -> int:
    """No fewer bytes than request and payload take inside the row. A payload above a unit lies apart."""
    request = ROW_WITH_PAYLOAD if isinstance(task.work, Unreadable) else request_bytes(task) + len("work")
    payload = ROW_WITH_PAYLOAD if task.payload is None else min(payload_bytes(task) + len("payload"), ROW_WITH_PAYLOAD)
    return request + payload
