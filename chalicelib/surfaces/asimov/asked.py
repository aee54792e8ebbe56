"""What a request to Asimov asks for: its kind, its mode, its input, the structure of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from chalicelib.domain.kinds.kind import LONGEST_CALL_S, Kind
from chalicelib.domain.timing import ceil_seconds
from chalicelib.surfaces import fields
from chalicelib.surfaces.kit import Call, Problem
from chalicelib.surfaces.preferences import preferences

_RESPOND_ASYNC = "respond-async"


class Mode(StrEnum):
    """`X-Request-Mode`."""

    SYNC = "sync"
    ASYNC = "async"


class Structure(StrEnum):
    """`X-Message-Struct`."""

    SIMPLE = "simple"
    FULLY = "fully"


W = TypeVar("W", bound=StrEnum)


def kind(call: Call) -> Kind:
    """The kind in the path."""
    kinds = call.platform.operations.kinds
    found = kinds.at(call.params["kind"])
    if found is None:
        raise Problem(404, f"Unknown kind (known: {', '.join(kinds.paths)})")
    return found


def mode(call: Call) -> Mode:
    """Whether the answer is to be the result: as the header says, else as is preferred (RFC 7240, section 4.1)."""
    said = _word(call, "X-Request-Mode", Mode)
    return said or (Mode.ASYNC if prefers_async(call) else Mode.SYNC)


def prefers_async(call: Call) -> bool:
    """Whether the preference `respond-async` is among those of the request."""
    return _RESPOND_ASYNC in preferences(call.headers.get("prefer", ""))


def structure(call: Call) -> Structure:
    """How a task is to be shown."""
    return _word(call, "X-Message-Struct", Structure) or Structure.SIMPLE


def given(kind: Kind, members: Mapping[str, Any]) -> Any:
    """The input in a body. Raises Problem and InvalidError for the first member that is wrong."""
    for name in members:
        if name.startswith("_"):
            shown = fields.shown(name)
            raise Problem(400, f"{shown} is not allowed: names that begin with _ are the envelope's", field=shown)
    fields.refuse_unknown(members, kind.fields)
    return kind.read(members)


def fits_a_call(kind: Kind, given: Any) -> None:
    """Refuse an operation that would outlast the call it was asked for in."""
    seconds = ceil_seconds(round(kind.seconds(given) * 1000))
    if seconds > LONGEST_CALL_S:
        raise Problem(
            400,
            f"This may take {seconds} s, more than the {LONGEST_CALL_S} s of a call: send X-Request-Mode: async",
            field="X-Request-Mode",
        )


def _word(call: Call, header: str, words: type[W]) -> W | None:
    said = call.headers.get(header.lower())
    if said is None:
        return None
    try:
        return words(said.strip())
    except ValueError:
        raise Problem(400, f"{header} must be one of: {', '.join(words)}", field=header) from None
