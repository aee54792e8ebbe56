"""Time, chance and threads of the machine this runs on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class SystemClock:
    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def sleep(self, ms: int) -> None:
        time.sleep(ms / 1000)


class SystemRandomness:
    def bytes(self, count: int) -> bytes:
        return os.urandom(count)


class Threads:
    """Runs the jobs of one batch side by side, one thread each."""

    def run(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        if len(jobs) < 2:
            return [job() for job in jobs]
        with ThreadPoolExecutor(len(jobs)) as threads:
            return [future.result() for future in [threads.submit(job) for job in jobs]]
