"""A request before it is sent: where it goes, what it holds, and whether it may be sent twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from urllib.parse import quote, urlencode

from astraflow_sdk.errors import ConfigurationError

#: RFC 9110, section 9.2.2.
_IDEMPOTENT = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS")

Scalar = str | int | float | bool | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request.

    `members` goes out as JSON, `form` as a form. `held_s`: how long the server was asked to hold its answer back.
    `harmless`: sending it twice does no more than sending it once, whatever its method says. `until`: when the caller's
    patience ends, on the client's clock; no pause leads beyond it.
    """

    method: str
    path: str
    query: Mapping[str, Scalar] = field(default_factory=dict)
    members: Mapping[str, Any] | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    held_s: float = 0
    harmless: bool = False
    until: float | None = None

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again when nobody knows if it took effect."""
        return self.harmless or self.method in _IDEMPOTENT or "Idempotency-Key" in self.headers

    @property
    def target(self) -> str:
        """Path and query."""
        query = urlencode({name: _text(value) for name, value in self.query.items() if value is not None})
        return f"{self.path}?{query}" if query else self.path

    @property
    def content(self) -> tuple[bytes | None, Mapping[str, str]]:
        """The body, and the headers that say what it is."""
        if self.form is not None:
            return urlencode(self.form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        if self.members is not None:
            return compact(self.members).encode(), {"Content-Type": "application/json"}
        return None, {}


def given(**members: Any) -> dict[str, Any]:
    """The members that have a value, with instants as texts."""
    return changed(**{name: value for name, value in members.items() if value is not None})


class Unset(Enum):
    """Says that a member is to stay as it is, where None takes it back."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return self.name


UNSET = Unset.UNSET


def changed(**members: Any) -> dict[str, Any]:
    """The members that are not UNSET, with instants as texts."""
    return {
        name: instant_text(name, value) if isinstance(value, datetime) else value
        for name, value in members.items()
        if value is not UNSET
    }


def segment(name: str, value: str) -> str:
    """An id as one segment of a path. An empty one would turn a thing's address into its list's."""
    if not isinstance(value, str) or value in ("", ".", ".."):
        raise ConfigurationError(f"{name} must be the id of something, not {value!r}")
    return quote(value, safe="")


def instant_text(name: str, value: datetime) -> str:
    """An instant as ISO 8601. Without a time zone it would be a different one on each machine."""
    if value.tzinfo is None:
        raise ConfigurationError(f"{name} must have a time zone: datetime.now(timezone.utc), for example")
    return value.isoformat()


def compact(value: Any) -> str:
    """A value as JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return instant_text("a date", value)
    return f"{value:g}" if isinstance(value, float) else str(value)
