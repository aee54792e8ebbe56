"""The compound values of a row, each packed into one text or one run of bytes.

All are arrays without names, since DynamoDB bills names. A new field goes to the end, with a default: newer code then
reads what older code wrote, and the reverse.
"""

from __future__ import annotations

import msgspec

from chalicelib.domain.exchange import Headers
from chalicelib.domain.task import AttemptOutcome, AttemptRecord, Payload, Result, SigningState, Work


class _Line(msgspec.Struct, array_like=True):
    number: int
    scheduled_at: int
    started_at: int
    finished_at: int | None
    outcome: AttemptOutcome
    status_code: int | None = None
    error: str | None = None
    next_at: int | None = None


class _Signing(msgspec.Struct, array_like=True):
    generation: int
    previous_until: int | None = None


class _Payload(msgspec.Struct, array_like=True):
    headers: Headers
    body: str | None = None


class _Result(msgspec.Struct, array_like=True):
    status_code: int
    headers: Headers
    body: str
    duration_ms: int


_json = msgspec.json.Encoder()
_msgpack = msgspec.msgpack.Encoder()
_work: msgspec.json.Decoder[Work] = msgspec.json.Decoder(Work)
_history = msgspec.json.Decoder(list[_Line])
_signing = msgspec.json.Decoder(_Signing)
_payload = msgspec.msgpack.Decoder(_Payload)
_result = msgspec.msgpack.Decoder(_Result)
_fields = msgspec.structs.astuple


def pack_work(work: Work) -> str:
    return _json.encode(work).decode()


def unpack_work(packed: str) -> Work:
    return _work.decode(packed)


def pack_history(history: tuple[AttemptRecord, ...]) -> str:
    return _json.encode([msgspec.convert(entry, _Line, from_attributes=True) for entry in history]).decode()


def unpack_history(packed: str) -> tuple[AttemptRecord, ...]:
    return tuple(AttemptRecord(*_fields(line)) for line in _history.decode(packed))


def pack_signing(state: SigningState) -> str:
    return _json.encode(_Signing(state.generation, state.previous_until)).decode()


def unpack_signing(packed: str) -> SigningState:
    return SigningState(*_fields(_signing.decode(packed)))


def pack_payload(payload: Payload) -> bytes:
    return _msgpack.encode(_Payload(payload.headers, payload.body))


def unpack_payload(packed: bytes) -> Payload:
    return Payload(*_fields(_payload.decode(packed)))


def pack_result(result: Result) -> bytes:
    return _msgpack.encode(_Result(result.status_code, result.headers, result.body, result.duration_ms))


def unpack_result(packed: bytes) -> Result:
    return Result(*_fields(_result.decode(packed)))
