"""Virtual time and interleaving: many runs of real code, exactly one of which moves at any instant.

Every run is a fiber on a thread of its own. A fiber gives up the word only in `pause`, and the scheduler hands it to
whichever fiber wakes first, so the order of everything follows from the seed and time passes only when all sleep.
"""

from __future__ import annotations

import _thread
import contextlib
import heapq
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


class Stop(BaseException):
    """The process is gone: nothing in it runs on, not even what handles errors."""


@dataclass(eq=False)
class Process:
    """One invocation of a function: its machine's clock is `skew_ms` off, and at `ends_at` it is killed."""

    name: str
    skew_ms: int
    ends_at: int
    stopped: bool = False


@dataclass(eq=False)
class Fiber:
    """One thread of control within a process. `notes` is for whoever wants to remember something about it."""

    process: Process
    job: Callable[[], None]
    done: Callable[[], None]
    carrier: _Carrier | None = None
    notes: dict[str, Any] = field(default_factory=dict)


class _Carrier:
    """A thread that carries one fiber after the other."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.go = _thread.allocate_lock()
        self.go.acquire()
        self.fiber: Fiber | None = None
        self._scheduler = scheduler
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while True:
            self.go.acquire()
            fiber = self.fiber
            if fiber is None:
                return
            try:
                fiber.job()
            except Stop:
                fiber.process.stopped = True
            except BaseException as error:  # noqa: BLE001  (the scheduler's caller raises it)
                self._scheduler.failure = self._scheduler.failure or error
            fiber.done()
            self._scheduler.idle.append(self)
            self._scheduler.back.release()


class Scheduler:
    """The clock, and the queue of fibers by the time at which each goes on. Ties are broken by chance."""

    def __init__(self, now: int, chance: random.Random) -> None:
        self.now = now
        self.current: Fiber | None = None
        self.failure: BaseException | None = None
        self.back = _thread.allocate_lock()
        self.back.acquire()
        self.idle: list[_Carrier] = []
        self._carriers: list[_Carrier] = []
        self._chance = chance
        self._order = 0
        self._sleeping: list[tuple[int, float, int, Fiber]] = []
        self._closing = False

    def spawn(
        self, process: Process, job: Callable[[], None], *, after_ms: int = 0, done: Callable[[], None] = lambda: None
    ) -> None:
        """Begin a fiber so many milliseconds from now; `done` is called when it has ended, however it did."""
        self.wake(Fiber(process, job, done), self.now + after_ms)

    def wake(self, fiber: Fiber, at: int) -> None:
        """Let a fiber go on at an instant."""
        self._order += 1
        heapq.heappush(self._sleeping, (at, self._chance.random(), self._order, fiber))

    def pause(self, ms: int) -> None:
        """The scheduling point: others may run for so long. Raises Stop when the process is gone by then."""
        fiber = self.current
        if fiber is None:
            return
        process = fiber.process
        if process.stopped:
            raise Stop
        self.wake(fiber, min(self.now + ms, process.ends_at))
        self.park()
        if process.stopped or self._closing or self.now >= process.ends_at:
            process.stopped = True
            raise Stop

    def park(self) -> None:
        """Sleep until somebody wakes the running fiber."""
        fiber = self.current
        assert fiber is not None
        assert fiber.carrier is not None
        self.back.release()
        fiber.carrier.go.acquire()

    def next_at(self) -> int | None:
        """When the next fiber goes on; None when all have ended."""
        return self._sleeping[0][0] if self._sleeping else None

    def step(self) -> None:
        """Let the next fiber run up to its next pause. Raises what it raised, if not Stop."""
        at, _, _, fiber = heapq.heappop(self._sleeping)
        self.now = max(self.now, at)
        if fiber.carrier is None:
            if not self.idle:
                self.idle.append(_Carrier(self))
                self._carriers.append(self.idle[-1])
            fiber.carrier = self.idle.pop()
            fiber.carrier.fiber = fiber
        self.current = fiber
        fiber.carrier.go.release()
        self.back.acquire()
        self.current = None
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        """End what still sleeps, and the threads."""
        self._closing = True
        while self._sleeping:
            fiber = self._sleeping[0][3]
            fiber.process.stopped = True
            if fiber.carrier is None:
                heapq.heappop(self._sleeping)
                fiber.done()
            else:
                # The run's first failure is known already; what others raise on their way out adds nothing.
                self.failure = None
                with contextlib.suppress(BaseException):
                    self.step()
        for carrier in self._carriers:
            carrier.fiber = None
            carrier.go.release()
            carrier.thread.join()


class VirtualClock:
    """The reference clock: that of queues, schedules and witnesses."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def now(self) -> int:
        return self._scheduler.now

    def sleep(self, ms: int) -> None:
        self._scheduler.pause(ms)


class MachineClock:
    """The clock of whichever process runs: off by that process's skew."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def now(self) -> int:
        fiber = self._scheduler.current
        return self._scheduler.now + (fiber.process.skew_ms if fiber is not None else 0)

    def sleep(self, ms: int) -> None:
        self._scheduler.pause(ms)


class SideBySide:
    """Runs the jobs of a batch as fibers of one process, as `machine.Threads` does with threads."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def run(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        parent = self._scheduler.current
        if parent is None or len(jobs) < 2:
            return [job() for job in jobs]
        results: dict[int, T] = {}
        running = len(jobs)

        def ended() -> None:
            nonlocal running
            running -= 1
            if not running:
                self._scheduler.wake(parent, self._scheduler.now)

        def begin(number: int, job: Callable[[], T]) -> None:
            def body() -> None:
                results[number] = job()

            self._scheduler.spawn(parent.process, body, done=ended)

        for number, job in enumerate(jobs):
            begin(number, job)
        self._scheduler.park()
        if len(results) < len(jobs):
            raise Stop
        return [results[number] for number in range(len(jobs))]
