"""Cursors: where the next page of a list begins, sealed so that one opens no other list."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

from chalicelib.domain.task import Task
from chalicelib.surfaces.kit import Call, Problem

#: Parameters that say where a page lies and not what is listed.
_PLACES = ("cursor", "offset", "limit")


def next_link(call: Call, tenant: str, last: Task) -> Mapping[str, str]:
    """The `Link` to the page after the one that ends with the task `last` (RFC 8288)."""
    place = f"{last.created_at}.{last.id}"
    cursor = base64.urlsafe_b64encode(f"{place}.{_seal(call, tenant, place)}".encode()).decode().rstrip("=")
    kept = {name: value for name, value in call.query.items() if name not in ("offset", "cursor")}
    return {"Link": f'<{call.path}?{urlencode({**kept, "cursor": cursor})}>; rel="next"'}


def opened(call: Call, tenant: str, cursor: str) -> tuple[int, str]:
    """The creation time and id of the task that the page before ended with. Raises Problem."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        place, _, seal = text.rpartition(".")
        created_at, _, task_id = place.partition(".")
        if hmac.compare_digest(seal, _seal(call, tenant, place)):
            return int(created_at), task_id
    except (ValueError, TypeError):
        pass
    raise Problem(400, "cursor is not valid for this list; start again without it", field="cursor")


def _seal(call: Call, tenant: str, place: str) -> str:
    kept = sorted((name, value) for name, value in call.query.items() if name not in _PLACES)
    message = "\0".join(["cursor", tenant, place, *(f"{name}={value}" for name, value in kept)])
    return hmac.new(call.platform.settings.key_pepper, message.encode(), hashlib.sha256).hexdigest()[:24]
