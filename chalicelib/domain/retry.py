"""How long to wait before a retry, as values: no clock, no sleep."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from chalicelib.domain.exchange import Headers
from chalicelib.domain.task import Backoff, Delivery, Task

#: AsyncQueue allows up to ten retries, hence eleven attempts: a row's history never holds more entries.
MOST_RETRIES = 10
#: Seconds before each retry of a webhook's delivery: 5 s, 30 s, 2 min, 10 min, 1 h, 3 h, 6 h, 12 h.
DELIVERY_STEPS_S = (5, 30, 120, 600, 3_600, 10_800, 21_600, 43_200)
#: A `Retry-After` lengthens a step to so much at most.
LONGEST_RETRY_AFTER_MS = 15 * 60_000
#: The form of a date in HTTP (RFC 9110, section 5.6.7).
_HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"


def delay_ms(backoff: Backoff, retry: int) -> int:
    """Milliseconds before retry number `retry` (1 is the first).

    Exponential: 1, 2, 4, 8 ... seconds; linear: 1, 2, 3 ... seconds. Exact, without jitter (AsyncQueue manual,
    "Retry Strategies").
    """
    if retry < 1:
        raise ValueError("retries are counted from 1")
    seconds = 2 ** (retry - 1) if backoff is Backoff.EXPONENTIAL else retry
    return seconds * 1000


def pause_ms(task: Task) -> int:
    """Milliseconds before the next retry of a task whose attempt has failed."""
    retry = task.retries_made + 1
    if isinstance(task.work, Delivery):
        return delivery_pause_ms(task.id, retry)
    return delay_ms(task.backoff, retry)


def delivery_pause_ms(task_id: str, retry: int) -> int:
    """Milliseconds before a delivery's retry: its step, and up to a tenth more, so that what failed together does not
    come back together. The same for the same task and retry."""
    step_ms = DELIVERY_STEPS_S[min(retry, len(DELIVERY_STEPS_S)) - 1] * 1000
    drawn = int.from_bytes(hashlib.sha256(f"{task_id}\0{retry}".encode()).digest()[:4], "big")
    return step_ms + step_ms // 10 * drawn // 2**32


def retry_after_ms(headers: Headers, now: int) -> int:
    """Milliseconds that an answer's `Retry-After` asks to wait, as seconds or as a date (RFC 9110, section 10.2.3); 0
    when it asks nothing that makes sense."""
    text = next((value.strip() for name, value in headers if name == "retry-after"), "")
    if text.isascii() and text.isdigit():
        return int(text[:9]) * 1000
    try:
        moment = datetime.strptime(text, _HTTP_DATE).replace(tzinfo=UTC)
    except ValueError:
        return 0
    return max(0, int(moment.timestamp() * 1000) - now)
