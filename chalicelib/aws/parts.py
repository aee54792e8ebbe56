"""The two parts of a task that may be large: inside the row while that keeps it cheap, else items of their own.

Each is one run of bytes, made and read in this file alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.aws import keys, packing
from chalicelib.aws.attributes import Item, binary, binary_of, number, number_of, size_of, text_of
from chalicelib.domain.task import Payload, Result, Task

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


def place_payload(task: Task, row: Item) -> Placed:
    """Where the payload of a new task goes."""
    inside: Item = {"payload": binary(packing.pack_payload(task.payload or Payload()))}
    if size_of(row) + size_of(inside) <= ROW_WITH_PAYLOAD:
        return Placed(inside)
    key = keys.payload(task.id, task.create_token)
    expiry = number(task.due_at // 1000 + LIFE_S)
    return Placed({"payloadAt": key["sk"]}, {**key, **inside, "expiresAt": expiry})


def place_result(task: Task, row: Item) -> Placed:
    """Where the result of an attempt goes."""
    if task.result is None:
        return Placed({})
    inside: Item = {"result": binary(packing.pack_result(task.result))}
    if size_of(row) + _payload_room(task) + size_of(inside) <= ROW_WITH_RESULT:
        return Placed(inside)
    key = keys.result(task.id, task.attempt, task.claim_token)
    expiry = number(task.due_at // 1000 + LIFE_S if task.expires_at is None else task.expires_at)
    attributes = {"resultAt": key["sk"], "resultBytes": number(len(task.result.body.encode()))}
    return Placed(attributes, {**key, **inside, "expiresAt": expiry})


def payload_in(item: Item) -> Payload | None:
    """The payload inside a row or a part."""
    return packing.unpack_payload(binary_of(item["payload"])) if "payload" in item else None


def result_in(item: Item) -> Result | None:
    """The result inside a row or a part."""
    return packing.unpack_result(binary_of(item["result"])) if "result" in item else None


def result_bytes(row: Item) -> int:
    """The bytes of the body of a row's result, wherever it lies."""
    if "resultBytes" in row:
        return number_of(row["resultBytes"])
    inside = result_in(row)
    return 0 if inside is None else len(inside.body.encode())


def apart(row: Item, *, payload: bool = False) -> list[Item]:
    """The keys of what a row says lies apart: its result and, on request, its payload."""
    names = ("resultAt", "payloadAt") if payload else ("resultAt",)
    return [keys.part(text_of(row["pk"]), text_of(row[name])) for name in names if name in row]


def _payload_room(task: Task) -> int:
    """No fewer bytes than the payload takes inside the row. One that takes more than a unit lies apart."""
    if task.payload is None:
        return ROW_WITH_PAYLOAD
    return min(size_of({"payload": binary(packing.pack_payload(task.payload))}), ROW_WITH_PAYLOAD)
