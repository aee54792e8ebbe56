"""Reading query parameters, with refusals that name the parameter and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.engine.query import LONGEST_WAIT_S
from chalicelib.surfaces.kit import Problem


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
    try:
        seconds = float(parameters.get("wait", "0"))
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise Problem(400, "wait must be a number of 0 or more", field="wait")
    return min(seconds, LONGEST_WAIT_S)
