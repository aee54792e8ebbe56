"""Instants and durations: ISO 8601 in, epoch milliseconds inside, whole seconds for queues."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: 9999-12-31T23:59:59.999Z, the last instant that ISO 8601 writes with four digits of year.
LAST_INSTANT = 253_402_300_799_999
FIRST_INSTANT = -62_135_596_800_000


def parse_instant(text: str) -> int | None:
    """Epoch milliseconds of an ISO 8601 date or date and time; None when it is neither.

    A date alone is its midnight, and a time without an offset is meant, in UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    instant = (moment - _EPOCH) // timedelta(milliseconds=1)
    return instant if FIRST_INSTANT <= instant <= LAST_INSTANT else None


def iso_milliseconds(instant: int) -> str:
    """`2024-01-15T10:30:00.000Z`."""
    moment = _EPOCH + timedelta(milliseconds=instant)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def iso_seconds(instant: int) -> str:
    """`2024-01-15T10:30:00Z`: what is left of the second is cut off."""
    return (_EPOCH + timedelta(milliseconds=instant)).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def ceil_seconds(ms: int) -> int:
    """Whole seconds that are not shorter than `ms`; never negative."""
    return max(0, -(-ms // 1000))


def nearest_second(ms: int) -> int:
    """The whole number of seconds nearest to `ms`, half a second counted up; never negative."""
    return max(0, (ms + 500) // 1000)
