"""The query of `GET /v1/tasks`, and the cursor that leads to the next page."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from chalicelib.domain.listing import Page, Position, Query, View
from chalicelib.domain.timing import parse_instant
from chalicelib.surfaces import fields
from chalicelib.surfaces.asyncqueue.edge import owner
from chalicelib.surfaces.kit import Call, Problem

DEFAULT_LIMIT = 50
MOST = 100
_PARAMETERS = ("status", "limit", "offset", "sortOrder", "createdAfter", "createdBefore", "cursor")
_DEEPEST_OFFSET = 1_000_000


def listing(call: Call) -> tuple[Query, Position, int]:
    """What to list, where to begin and how many at most."""
    parameters = call.query
    fields.refuse_unknown(parameters, _PARAMETERS, "query parameter")
    query = Query(
        team=owner(call).id,
        now=call.now,
        view=_status(parameters),
        newest_first=_newest_first(parameters),
        created_after=_instant(parameters, "createdAfter"),
        created_before=_instant(parameters, "createdBefore"),
    )
    limit = min(_integer(parameters, "limit", DEFAULT_LIMIT, lowest=1), MOST)
    offset = _integer(parameters, "offset", 0, lowest=0)
    cursor = parameters.get("cursor")
    if cursor is None:
        return query, Position(offset), limit
    if "offset" in parameters:
        raise Problem(400, "cursor and offset must not be sent together", field="cursor")
    return query, Position(after=_after(call, cursor)), limit


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
    last = page.tasks[-1]
    kept = {name: value for name, value in call.query.items() if name not in ("offset", "cursor")}
    following = urlencode({**kept, "cursor": _cursor(call, last.created_at, last.id)})
    return view, {"Link": f'<{call.path}?{following}>; rel="next"'}


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


def _integer(parameters: Mapping[str, str], name: str, default: int, *, lowest: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or int(text[:10]) < lowest:
        raise Problem(400, f"{name} must be a whole number of {lowest} or more", field=name)
    return min(int(text[:10]), _DEEPEST_OFFSET)


def _instant(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name)
    if text is None:
        return None
    # An unescaped `+` of an offset arrives as a space.
    instant = parse_instant(text.replace(" ", "+"))
    if instant is None:
        raise Problem(400, f"{name} must be a valid ISO 8601 date", field=name)
    return instant


def _cursor(call: Call, created_at: int, task_id: str) -> str:
    place = f"{created_at}.{task_id}"
    return base64.urlsafe_b64encode(f"{place}.{_seal(call, place)}".encode()).decode().rstrip("=")


def _after(call: Call, cursor: str) -> tuple[int, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        place, _, seal = text.rpartition(".")
        created_at, _, task_id = place.partition(".")
        if hmac.compare_digest(seal, _seal(call, place)):
            return int(created_at), task_id
    except ValueError:
        pass
    raise Problem(400, "cursor is not valid for this list; start again without it", field="cursor")


def _seal(call: Call, place: str) -> str:
    """Binds a cursor to the team and to what is listed: it opens no other listing."""
    kept = sorted((name, value) for name, value in call.query.items() if name not in ("cursor", "offset", "limit"))
    message = "\0".join(["cursor", owner(call).id, place, *(f"{name}={value}" for name, value in kept)])
    return hmac.new(call.platform.settings.key_pepper, message.encode(), hashlib.sha256).hexdigest()[:24]
