"""How long to wait before a retry, as values: no clock, no sleep."""

from __future__ import annotations

from chalicelib.domain.task import Backoff

#: AsyncQueue allows up to ten retries, hence eleven attempts: a row's history never holds more entries.
MOST_RETRIES = 10


def delay_ms(backoff: Backoff, retry: int) -> int:
    """Milliseconds before retry number `retry` (1 is the first).

    Exponential: 1, 2, 4, 8 ... seconds; linear: 1, 2, 3 ... seconds. Exact, without jitter (AsyncQueue manual,
    "Retry Strategies").
    """
    if retry < 1:
        raise ValueError("retries are counted from 1")
    seconds = 2 ** (retry - 1) if backoff is Backoff.EXPONENTIAL else retry
    return seconds * 1000
