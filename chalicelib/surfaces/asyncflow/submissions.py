"""The body of `POST /asyncflow`: its fields in the manual's order, with the manual's refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.engine.flow import Message
from chalicelib.surfaces import fields
from chalicelib.surfaces.json_body import json_object
from chalicelib.surfaces.kit import Call, Problem
from chalicelib.surfaces.repeats import fingerprint, idempotency_key

FIELDS = ("destination", "content", "priority")
#: A destination is stored in the message's row.
LONGEST_DESTINATION = 500
_LONGEST_PRIORITY = 50


def submission(call: Call) -> Message:
    """The message in a request. Raises Problem for the first thing that is wrong with it."""
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "Content-Type must be application/json", field="Content-Type")
    members = json_object(call)
    destination = _required(members, "destination", "Missing destination")
    content = _required(members, "content", "Missing payload")
    fields.refuse_unknown(members, FIELDS)
    if len(destination) > LONGEST_DESTINATION:
        raise Problem(400, f"destination must be at most {LONGEST_DESTINATION} characters", field="destination")
    return Message(destination, content, _priority(members), idempotency_key(call), fingerprint(call, members))


def _required(members: Mapping[str, Any], name: str, missing: str) -> str:
    """A text that is there: one that is empty, null or no text counts as missing."""
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise Problem(400, missing, field=name)
    return value


def _priority(members: Mapping[str, Any]) -> str | None:
    """Informational only: any value is taken, and what is not a short text is not kept."""
    value = members.get("priority")
    return value[:_LONGEST_PRIORITY] if isinstance(value, str) else None
