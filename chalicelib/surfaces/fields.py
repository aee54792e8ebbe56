"""Reading typed members out of a JSON object, with refusals that name the member and what is allowed."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

from chalicelib.domain.timing import parse_instant
from chalicelib.surfaces.kit import Problem

_LONGEST_NAME = 100
#: Control characters, halves of characters, and what ends a line or a paragraph.
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: What turns the direction of the text around it.
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def refuse_unknown(members: Mapping[str, Any], known: Collection[str], what: str = "field") -> None:
    """Refuse a member that nobody reads, and say which one was probably meant."""
    for name in members:
        if name not in known:
            close = difflib.get_close_matches(
                _plain(name[:_LONGEST_NAME]), [_plain(other) for other in known], n=1, cutoff=0.75
            )
            meant = next((other for other in known if close and _plain(other) == close[0]), None)
            hint = f"did you mean {meant}?" if meant else f"allowed: {', '.join(known)}"
            raise Problem(400, f"Unknown {what}: {shown(name)} ({hint})", field=shown(name))


def text(
    members: Mapping[str, Any], name: str, *, longest: int, required: bool = False, printable: bool = True
) -> str | None:
    """A text of at most `longest` characters; null counts as absent."""
    value = members.get(name)
    if value is None or (required and value == ""):
        if required:
            raise Problem(400, f"{name} is required", field=name)
        return None
    if not isinstance(value, str):
        raise Problem(400, f"{name} must be a string", field=name)
    if len(value) > longest:
        raise Problem(400, f"{name} must be at most {longest} characters", field=name)
    if printable and not _readable(value):
        raise Problem(400, f"{name} must not contain control characters", field=name)
    if "\0" in value:
        raise Problem(400, f"{name} must not contain NUL characters", field=name)
    return value


def name(members: Mapping[str, Any], *, others: Collection[str] = ()) -> str:
    """The member `name`, required, of an object that has no members but it and `others`."""
    refuse_unknown(members, ("name", *others))
    return text(members, "name", longest=_LONGEST_NAME, required=True) or ""


def number(members: Mapping[str, Any], name: str) -> float | None:
    """A finite number, or None when absent; raises TypeError when it is anything else (the caller words it)."""
    value = members.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(name)
    return value


def choice(members: Mapping[str, Any], name: str, allowed: Collection[str]) -> str | None:
    """One of the allowed texts, in exactly this spelling."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or value not in allowed:
        raise Problem(400, f"{name} must be one of: {', '.join(allowed)}", field=name)
    return value


def instant(members: Mapping[str, Any], name: str) -> int | None:
    """An ISO 8601 date, with or without a time, in epoch milliseconds; None when absent."""
    value = members.get(name)
    if value is None:
        return None
    moment = parse_instant(value) if isinstance(value, str) else None
    if moment is None:
        raise Problem(400, f"{name} must be a valid ISO 8601 date", field=name)
    return moment


def whole_seconds(members: Mapping[str, Any], name: str, *, shortest: int = 0, longest: int) -> int | None:
    """A whole number of seconds between `shortest` and `longest`; None when absent."""
    value = members.get(name)
    if value is None:
        return None
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole or not shortest <= value <= longest:
        raise Problem(400, f"{name} must be a whole number between {shortest} and {longest}", field=name)
    return int(value)


def _readable(value: str) -> bool:
    """Whether a text stays within its line and in its own direction wherever it is shown."""
    return not any(
        unicodedata.category(character) in _CONTROLS or character in _DIRECTIONS
        for character in value
        if not character.isprintable()
    )


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def shown(name: str) -> str:
    """A stranger's text, safe in a message: short, and without anything that could break a line or a page."""
    return "".join(character if character.isprintable() else "?" for character in name[:64])
