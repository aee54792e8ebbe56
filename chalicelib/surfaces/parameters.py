"""Reading parameters of the path and the query, with refusals that name the parameter and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from chalicelib.domain import ids
from chalicelib.domain.errors import NotFoundError
from chalicelib.engine.query import LONGEST_WAIT_S
from chalicelib.surfaces import fields
from chalicelib.surfaces.kit import Call, Problem

_NUMBER = re.compile(r"[0-9]{1,40}(?:\.[0-9]{0,40})?(?:e[+-]?[0-9]{1,3})?", re.ASCII | re.IGNORECASE)


def only_parameters(call: Call, known: Collection[str]) -> None:
    """Refuse a query parameter that nobody reads, and one that is given twice."""
    fields.refuse_unknown(call.query, known, "query parameter")
    for name in call.repeated:
        raise Problem(400, f"{fields.shown(name)} must be given only once", field=fields.shown(name))


def path_id(call: Call, name: str) -> str:
    """An id in the path. One that nothing can have costs no look-up. Raises NotFoundError."""
    if not ids.well_formed(call.params[name]):
        raise NotFoundError
    return call.params[name]


def whole_number(parameters: Mapping[str, str], name: str, default: int, *, lowest: int) -> int:
    """A whole number of `lowest` or more."""
    text = parameters.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or int(text[:10]) < lowest:
        raise Problem(400, f"{name} must be a whole number of {lowest} or more", field=name)
    return int(text[:10])


def wait_seconds(parameters: Mapping[str, str]) -> float:
    """How long `wait` asks an answer to be held back, in seconds: more than the most is cut."""
    text = parameters.get("wait", "0")
    if not _NUMBER.fullmatch(text):
        raise Problem(400, "wait must be a number of 0 or more", field="wait")
    return min(float(text), LONGEST_WAIT_S)
