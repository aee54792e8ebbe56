"""The compound values of a row that are not sealed, each packed into one text.

All are arrays without names, since DynamoDB bills names. A new field goes to the end, with a default: newer code then
reads what older code wrote, and the reverse.
"""

from __future__ import annotations

import msgspec

from chalicelib.domain.task import AttemptOutcome, AttemptRecord, SigningState, Work


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


_json = msgspec.json.Encoder()
_work: msgspec.json.Decoder[Work] = msgspec.json.Decoder(Work)
_history = msgspec.json.Decoder(list[_Line])
_signing = msgspec.json.Decoder(_Signing)
_fields = msgspec.structs.astuple


def unpack_work(packed: str) -> Work:
    """The work of a row that was written before there was a vault."""
    return _work.decode(packed)


def pack_history(history: tuple[AttemptRecord, ...]) -> str:
    return _json.encode([msgspec.convert(entry, _Line, from_attributes=True) for entry in history]).decode()


def unpack_history(packed: str) -> tuple[AttemptRecord, ...]:
    return tuple(AttemptRecord(*_fields(line)) for line in _history.decode(packed))


def pack_signing(state: SigningState) -> str:
    return _json.encode(_Signing(state.generation, state.previous_until)).decode()


def unpack_signing(packed: str) -> SigningState:
    return SigningState(*_fields(_signing.decode(packed)))
