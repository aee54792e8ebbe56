"""A request's body as a JSON object, or a refusal that says what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from chalicelib.surfaces import fields
from chalicelib.surfaces.kit import Call, Problem

#: API Gateway takes 10 MB; a task's request is a quarter of a MiB at most.
MAX_BYTES = 262_144


def json_object(call: Call) -> dict[str, Any]:
    """The body, under whatever content type it came: `curl -d` sets none that helps."""
    if len(call.body) > MAX_BYTES:
        raise Problem(413, f"Request body must be at most {MAX_BYTES // 1024} KiB")
    if not call.body.strip():
        raise Problem(400, "Request body must be a JSON object")
    try:
        value = msgspec.json.decode(call.body)
        # Decoded a second time for what the fast decoder lets pass: of two members with one name it keeps the last.
        json.loads(call.body, object_pairs_hook=_unique)
    except RecursionError:
        raise Problem(400, "Request body is nested too deeply") from None
    except (ValueError, msgspec.DecodeError) as error:
        if isinstance(error, _RepeatedMemberError):
            name = fields.shown(error.name)
            raise Problem(400, f"{name} must be given only once", field=name) from None
        raise Problem(400, "Request body must be valid JSON") from None
    if not isinstance(value, dict):
        raise Problem(400, "Request body must be a JSON object")
    return value


def optional_json_object(call: Call) -> dict[str, Any]:
    """The body, or an empty object when there is none."""
    return json_object(call) if call.body.strip() else {}


class _RepeatedMemberError(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def _unique(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise _RepeatedMemberError(name)
        seen.add(name)
