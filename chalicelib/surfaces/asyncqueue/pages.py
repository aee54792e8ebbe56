"""The query of `GET /v1/tasks`, and the cursor that leads to the next page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.listing import Page, Position, Query, View
from chalicelib.domain.timing import parse_instant
from chalicelib.surfaces.asyncqueue.edge import owner
from chalicelib.surfaces.cursors import next_link, opened
from chalicelib.surfaces.kit import Call, Problem
from chalicelib.surfaces.parameters import only_parameters, whole_number

DEFAULT_LIMIT = 50
MOST = 100
_PARAMETERS = ("status", "limit", "offset", "sortOrder", "createdAfter", "createdBefore", "cursor")
_DEEPEST_OFFSET = 1_000_000


def listing(call: Call) -> tuple[Query, Position, int]:
    """What to list, where to begin and how many at most."""
    parameters = call.query
    only_parameters(call, _PARAMETERS)
    query = Query(
        team=owner(call).id,
        now=call.now,
        view=_status(parameters),
        newest_first=_newest_first(parameters),
        created_after=_instant(parameters, "createdAfter"),
        created_before=_instant(parameters, "createdBefore"),
    )
    limit = min(whole_number(parameters, "limit", DEFAULT_LIMIT, lowest=1), MOST)
    offset = min(whole_number(parameters, "offset", 0, lowest=0), _DEEPEST_OFFSET)
    cursor = parameters.get("cursor")
    if cursor is None:
        return query, Position(offset), limit
    if "offset" in parameters:
        raise Problem(400, "cursor and offset must not be sent together", field="cursor")
    return query, Position(after=opened(call, owner(call).id, cursor)), limit


def page_view(
    call: Call, page: Page, position: Position, limit: int, tasks: list[Any]
) -> tuple[Any, Mapping[str, str]]:
    """The documented page, and a `Link` to the next one: the documented members leave no room for a cursor."""
    effective = len(tasks) if page.more and len(tasks) < limit else limit
    view = {
        "tasks": tasks,
        "pagination": {"total": page.total, "limit": effective, "offset": position.offset, "hasMore": page.more},
    }
    if not page.more or not page.tasks:
        return view, {}
    return view, next_link(call, owner(call).id, page.tasks[-1])


def _status(parameters: Mapping[str, str]) -> View | None:
    value = parameters.get("status")
    if value is None:
        return None
    try:
        return View(value.lower())
    except ValueError:
        raise Problem(400, f"status must be one of: {', '.join(View)}", field="status") from None


def _newest_first(parameters: Mapping[str, str]) -> bool:
    value = parameters.get("sortOrder", "desc").lower()
    if value not in ("asc", "desc"):
        raise Problem(400, "sortOrder must be one of: asc, desc", field="sortOrder")
    return value == "desc"


def _instant(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name)
    if text is None:
        return None
    # An unescaped `+` of an offset arrives as a space.
    instant = parse_instant(text.replace(" ", "+"))
    if instant is None:
        raise Problem(400, f"{name} must be a valid ISO 8601 date", field=name)
    return instant
