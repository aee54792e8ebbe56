"""One-time schedules: what EventBridge Scheduler accepts, and the time one means."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra.moto_lock import Call, Guard, Refusal

#: API reference of CreateSchedule, parameter Name.
_NAME = re.compile(r"[0-9a-zA-Z-_.]{1,64}")
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")


def fire_time(expression: str, zone: str | None) -> float | None:
    """Epoch seconds at which the minute of an `at(...)` expression begins to count; None when it is not valid."""
    match = _AT.fullmatch(expression)
    if match is None:
        return None
    try:
        return datetime.fromisoformat(match[1]).replace(tzinfo=ZoneInfo(zone or "UTC")).timestamp()
    except (ValueError, ZoneInfoNotFoundError):
        return None


def schedule_guard(now: Callable[[], float] = time.time) -> Guard:
    """Refuse the schedules that AWS refuses and moto stores, and those that would never fire here.

    `now` returns epoch seconds.
    """

    def guard(call: Call) -> Refusal | None:
        if call.service != "scheduler" or call.action not in {"CreateSchedule", "UpdateSchedule"}:
            return None
        problem = _problem(unquote(call.path.rpartition("/")[2]), json.loads(call.body or "{}"), now())
        return Refusal("ValidationException", problem) if problem else None

    return guard


def _problem(name: str, request: dict[str, Any], now: float) -> str | None:
    if not _NAME.fullmatch(name):
        return f"Value '{name}' at 'name' failed to satisfy constraint: 1 to 64 characters of [0-9a-zA-Z-_.]"
    expression = request.get("ScheduleExpression") or ""
    if expression.startswith(("rate(", "cron(")):
        return f"The local stack fires one-time schedules only, not {expression}."
    moment = fire_time(expression, request.get("ScheduleExpressionTimezone"))
    if moment is None:
        return f"Invalid Schedule Expression {expression}."
    if moment < now:
        return f"Invalid Schedule Expression {expression}: the time is in the past."
    if not request.get("Target", {}).get("Arn"):
        return "Value null at 'target.arn' failed to satisfy constraint: Member must not be null"
    return None
