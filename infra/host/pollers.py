"""Queues wake Lambda handlers: what an SQS event source mapping does on AWS.

A poller never asks in vain: it sleeps until its queue says that it has changed, or until the next delayed or hidden
message comes into view. What happens to a message in between (delays, visibility, receive counts, the way to the dead
letters) is the queue's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from threading import BoundedSemaphore, Event, Thread
from typing import Any, Protocol

from infra.host.functions import Context
from infra.host.mappings import EventSource, failures

log = logging.getLogger("sluice.local")

#: The most that one receive returns.
_RECEIVE_LIMIT = 10
#: Seconds until the next try after a receive that gave nothing although a message was in view.
_PAUSE_S = 0.05
#: Seconds of the longest sleep: a clock that was set, or a machine that slept, is noticed after so long.
_LONGEST_S = 60.0
#: Seconds that batches in hand have to end when the stack stops.
_LAST_MOMENT_S = 0.5

#: One received message as Lambda's SQS event shows it.
Record = Mapping[str, Any]


class Mailbox(Protocol):
    """One queue, as its consumer sees it."""

    def next_in_view(self) -> float | None:
        """Epoch seconds at which the next message can be received; None when there is none."""

    def receive(self, most: int) -> Sequence[Record]:
        """Take up to so many messages that are in view."""

    def delete(self, records: Sequence[Record]) -> None:
        """Forget received messages."""

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` whenever a message may be in view that was not before; what is returned ends that."""


class Poller(Thread):
    """Hands the messages of one queue to one handler, in batches, several at once."""

    def __init__(self, source: EventSource, mailbox: Mailbox) -> None:
        super().__init__(name=f"poller-{source.function}", daemon=True)
        self._source = source
        self._mailbox = mailbox
        self._free = BoundedSemaphore(source.concurrency)
        self._wake = Event()
        self._stopping = False
        self._paused = False
        self._deaf: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._deaf = self._mailbox.listen(self._wake.set)
        super().start()

    def stop(self) -> None:
        """Take no more messages. Batches in hand get a moment to end; their threads do not keep the process alive."""
        self._stopping = True
        self._deaf()
        self._wake.set()
        self.join()
        end = time.monotonic() + _LAST_MOMENT_S
        for _ in range(self._source.concurrency):
            self._free.acquire(timeout=max(0.0, end - time.monotonic()))

    def pause(self) -> None:
        """Take no more messages until `resume`; batches in hand go on."""
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self._wake.set()

    def run(self) -> None:
        while True:
            # Cleared before the look at what may have changed: a change during the look is not lost.
            self._wake.clear()
            if self._stopping:
                return
            if self._paused or not self._free.acquire(blocking=False):
                self._wake.wait()
                continue
            self._next_batch()

    def _next_batch(self) -> None:
        """With one free place in hand: fill it with a batch, or give it back and sleep until there may be one."""
        in_view = self._mailbox.next_in_view()
        wait = None if in_view is None else in_view - time.time()
        due = wait is not None and wait <= 0
        records = self._mailbox.receive(min(self._source.batch_size, _RECEIVE_LIMIT)) if due else []
        if records:
            Thread(target=self._invoke, args=(records,), name=f"{self._source.function}-batch", daemon=True).start()
            return
        self._free.release()
        self._wake.wait(_LONGEST_S if wait is None else min(wait, _LONGEST_S) if wait > 0 else _PAUSE_S)

    def _invoke(self, records: Sequence[Record]) -> None:
        try:
            done = self._handled(records)
            if done:
                self._mailbox.delete(done)
        except Exception:
            # A mapping survives its function; what was not deleted comes back when its visibility ends. After a stop
            # there may be nothing left that could be told.
            if not self._stopping:
                log.exception("batch failed", extra={"fields": {"function": self._source.function}})
        finally:
            self._free.release()
            self._wake.set()

    def _handled(self, records: Sequence[Record]) -> list[Record]:
        """The messages of the batch that are done with."""
        source = self._source
        context = Context(function_name=source.function, time_limit_s=source.time_limit_s)
        answer = source.handler({"Records": list(records)}, context)
        if context.get_remaining_time_in_millis() == 0:
            # Lambda would have stopped it: no answer was given.
            log.warning("function timed out", extra={"fields": {"function": source.function}})
            return []
        failed = failures(answer, {record["messageId"] for record in records})
        if failed is None:
            log.warning("answer is no partial batch response", extra={"fields": {"function": source.function}})
            return []
        return [record for record in records if record["messageId"] not in failed]
