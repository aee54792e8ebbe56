"""The three parts of a task that are sealed, each made and read in this file alone.

- the request: what is to be done and who is told of its end. Both hold addresses, whose query or user part may be a
  secret (a token, a pre-signed link), so whole addresses are sealed.
- the payload: headers and body as they are to be sent.
- the result: headers and body as they came back.

All are arrays without names, which would be billed. A new field goes to the end, with a default: newer code then reads
what older code wrote, and the reverse.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from chalicelib.domain.errors import LockedError, SpoiledError
from chalicelib.domain.exchange import Headers
from chalicelib.domain.sealing import Place
from chalicelib.domain.task import Payload, Result, Task, Unreadable, Work
from chalicelib.ports.vault import OVERHEAD_BYTES, Vault


class _Request(msgspec.Struct, array_like=True):
    work: Work
    on_complete_url: str | None = None


class _Payload(msgspec.Struct, array_like=True):
    headers: Headers
    body: str | None = None


class _Result(msgspec.Struct, array_like=True):
    status_code: int
    headers: Headers
    body: str
    duration_ms: int


_encode = msgspec.msgpack.Encoder().encode
_request = msgspec.msgpack.Decoder(_Request).decode
_payload = msgspec.msgpack.Decoder(_Payload).decode
_result = msgspec.msgpack.Decoder(_Result).decode
_fields = msgspec.structs.astuple


class TaskVault:
    """Seals the parts of tasks and opens them again."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def request(self, task: Task) -> bytes:
        """What is to be done, sealed."""
        return self._vault.seal(_as_made(task, "request"), _packed_request(task))

    def requested(self, task: Task, stored: bytes) -> Task:
        """The task with what is to be done, `Unreadable` where that cannot be opened."""
        try:
            request = _request(self._vault.open(_as_made(task, "request"), stored))
        except LockedError:
            return replace(task, work=Unreadable())
        except (SpoiledError, msgspec.MsgspecError):
            return replace(task, work=Unreadable(spoiled=True))
        return replace(task, work=request.work, on_complete_url=request.on_complete_url)

    def payload(self, task: Task) -> bytes:
        """What is to be sent, sealed."""
        return self._vault.seal(_as_made(task, "payload"), _packed_payload(task))

    def payload_of(self, task: Task, stored: bytes) -> Payload:
        """What is to be sent."""
        opened = self._vault.open(_as_made(task, "payload"), stored)
        try:
            return Payload(*_fields(_payload(opened)))
        except msgspec.MsgspecError:
            raise SpoiledError("payload") from None

    def result(self, task: Task, result: Result) -> bytes:
        """What came back, sealed."""
        packed = _encode(_Result(result.status_code, result.headers, result.body, result.duration_ms))
        return self._vault.seal(_as_ended(task), packed)

    def result_of(self, task: Task, stored: bytes) -> Result:
        """What came back."""
        opened = self._vault.open(_as_ended(task), stored)
        try:
            return Result(*_fields(_result(opened)))
        except msgspec.MsgspecError:
            raise SpoiledError("result") from None


def request_bytes(task: Task) -> int:
    """How many bytes the sealed request takes."""
    return len(_packed_request(task)) + OVERHEAD_BYTES


def payload_bytes(task: Task) -> int:
    """How many bytes the sealed payload takes."""
    return len(_packed_payload(task)) + OVERHEAD_BYTES


def _packed_request(task: Task) -> bytes:
    if isinstance(task.work, Unreadable):
        raise TypeError("work that was not opened cannot be sealed")
    return _encode(_Request(task.work, task.on_complete_url))


def _packed_payload(task: Task) -> bytes:
    payload = task.payload or Payload()
    return _encode(_Payload(payload.headers, payload.body))


def _as_made(task: Task, part: str) -> Place:
    """Where a part belongs that never changes: to this life of the id, for one that has expired may be taken again."""
    return Place(task.team, task.id, part, task.create_token)


def _as_ended(task: Task) -> Place:
    """Where a result belongs: to the attempt that the row says made it."""
    return Place(task.team, task.id, "result", f"{task.attempt} {task.claim_token or ''}")
