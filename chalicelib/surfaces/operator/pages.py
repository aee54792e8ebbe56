"""How much of a list the operator asks for at once, and where the next page begins."""

from __future__ import annotations

import re

from chalicelib.domain.task import Task
from chalicelib.surfaces.kit import Call, Problem
from chalicelib.surfaces.parameters import whole_number

DEFAULT_LIMIT = 50
MOST = 100
_PLACE = re.compile(r"([0-9]{1,15})\.([0-9A-Za-z-]{1,64})", re.ASCII)


def limit(call: Call) -> int:
    """How many at most."""
    return min(whole_number(call.query, "limit", DEFAULT_LIMIT, lowest=1), MOST)


def place(task: Task) -> str:
    """What leads to the tasks after this one. The operator may see them all, so nothing is sealed."""
    return f"{task.created_at}.{task.id}"


def after(call: Call) -> tuple[int, str] | None:
    """The creation time and id of the task that the page before ended with."""
    text = call.query.get("after")
    if text is None:
        return None
    found = _PLACE.fullmatch(text)
    if found is None:
        raise Problem(400, "after must be what the page before calls next", field="after")
    return int(found[1]), found[2]
