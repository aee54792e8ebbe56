"""Queues wake Lambda handlers: what an SQS event source mapping does on AWS.

A poller never asks in vain: it sleeps until its queue changes (the `MotoLock` says so) or until the next delayed or
hidden message comes into view. What happens to a message in between (delays, visibility, receive counts, the way to
the dead letters) is moto's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import BoundedSemaphore, Event, Thread
from typing import Any

from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from chalicelib.names import Names
from infra.local.functions import Context
from infra.moto_lock import Call, MotoLock

log = logging.getLogger("sluice.local")

#: What a mapping without MaximumConcurrency is given here; AWS would go on to the account's limit.
DEFAULT_CONCURRENCY = 50
#: The most that one ReceiveMessage returns.
_RECEIVE_LIMIT = 10
#: Calls after which a message may be in view that was not before.
_REVEALING = frozenset(
    {
        "SendMessage",
        "SendMessageBatch",
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
        # A receive may move a message to the dead letters.
        "ReceiveMessage",
        "SetQueueAttributes",
    }
)
#: Seconds until the next try after a receive that gave nothing although a message was in view.
_PAUSE_S = 0.05
#: Seconds that batches in hand have to end when the stack stops.
_LAST_MOMENT_S = 0.5


@dataclass(frozen=True, slots=True)
class EventSource:
    """One `@app.on_sqs_message`: which queue calls which handler, and how."""

    function: str
    queue: str
    handler: Callable[[dict[str, Any], Context], Any]
    batch_size: int
    concurrency: int
    time_limit_s: float


def event_sources(app: Any, time_limit: Callable[[str], float]) -> list[EventSource]:
    """The SQS event sources that a Chalice app declares. Raises `ValueError` for one of another kind."""
    sources = []
    for declared in app.event_sources:
        if not hasattr(declared, "queue_arn"):
            raise ValueError(f"{declared.name}: the local stack knows SQS event sources only")
        sources.append(
            EventSource(
                function=declared.name,
                queue=declared.queue or declared.queue_arn.rpartition(":")[2],
                handler=app.handler_map[declared.name],
                batch_size=declared.batch_size,
                concurrency=declared.maximum_concurrency or DEFAULT_CONCURRENCY,
                time_limit_s=time_limit(declared.name),
            )
        )
    return sources


class Poller(Thread):
    """Hands the messages of one queue to one handler, in batches, several at once."""

    def __init__(self, source: EventSource, names: Names, sqs: Any, lock: MotoLock) -> None:
        super().__init__(name=f"poller-{source.function}", daemon=True)
        self._source = source
        self._names = names
        self._sqs = sqs
        self._lock = lock
        self._url = sqs.get_queue_url(QueueName=source.queue)["QueueUrl"]
        self._free = BoundedSemaphore(source.concurrency)
        self._wake = Event()
        self._stopping = False
        self._paused = False

    def start(self) -> None:
        self._lock.listeners.append(self._listen)
        super().start()

    def stop(self) -> None:
        """Take no more messages. Batches in hand get a moment to end; their threads do not keep the process alive."""
        self._stopping = True
        self._lock.listeners.remove(self._listen)
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
        in_view = self._next_in_view()
        wait = None if in_view is None else in_view - time.time()
        messages = self._receive() if wait is not None and wait <= 0 else []
        if messages:
            Thread(target=self._invoke, args=(messages,), name=f"{self._source.function}-batch", daemon=True).start()
            return
        self._free.release()
        self._wake.wait(wait if wait is None or wait > 0 else _PAUSE_S)

    def _listen(self, call: Call) -> None:
        if call.service == "sqs" and call.action in _REVEALING:
            self._wake.set()

    def _next_in_view(self) -> float | None:
        """Epoch seconds at which the queue's next message can be received; None when it holds none."""
        with self._lock.held:
            queue = sqs_backends[self._names.account][self._names.region].queues.get(self._source.queue)
            messages = queue._messages if queue else []
            times = [max(message.delayed_until, message.visible_at) for message in messages]
        return min(times) / 1000 if times else None

    def _receive(self) -> list[dict[str, Any]]:
        try:
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(self._source.batch_size, _RECEIVE_LIMIT),
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        except ClientError as error:
            log.warning("receive failed", extra={"fields": {"queue": self._source.queue, "error": str(error)}})
            return []
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _invoke(self, messages: Sequence[Mapping[str, Any]]) -> None:
        try:
            done = self._handled(messages)
            if done:
                self._sqs.delete_message_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                        for number, message in enumerate(done)
                    ],
                )
        except Exception:
            # A mapping survives its function; what was not deleted comes back when its visibility ends.
            log.exception("batch failed", extra={"fields": {"function": self._source.function}})
        finally:
            self._free.release()
            self._wake.set()

    def _handled(self, messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The messages of the batch that are done with."""
        source = self._source
        arn = self._names.queue_arn(source.queue)
        context = Context(function_name=source.function, time_limit_s=source.time_limit_s)
        answer = source.handler(
            {"Records": [record(message, arn, self._names.region) for message in messages]}, context
        )
        if context.get_remaining_time_in_millis() == 0:
            # Lambda would have stopped it: no answer was given.
            log.warning("function timed out", extra={"fields": {"function": source.function}})
            return []
        failed = failures(answer, {message["MessageId"] for message in messages})
        if failed is None:
            log.warning("answer is no partial batch response", extra={"fields": {"function": source.function}})
            return []
        return [message for message in messages if message["MessageId"] not in failed]


def record(message: Mapping[str, Any], queue_arn: str, region: str) -> dict[str, Any]:
    """One received message as Lambda's SQS event shows it."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message["Attributes"]),
        "messageAttributes": {
            name: {
                "stringValue": value.get("StringValue"),
                "binaryValue": value.get("BinaryValue"),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value["DataType"],
            }
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }


def failures(answer: Any, batch: set[str]) -> set[str] | None:
    """The message ids that a handler's answer (ReportBatchItemFailures) keeps; None when the whole batch must stay.

    As AWS reads it: no answer, an empty one, or an empty list is a success; an unreadable answer or an id that is
    empty or not of the batch fails all of it.
    """
    if answer is None or answer == {}:
        return set()
    if not isinstance(answer, dict) or "batchItemFailures" not in answer:
        return None
    entries = answer["batchItemFailures"] or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return None
    failed = [entry.get("itemIdentifier") for entry in entries]
    if not all(isinstance(identifier, str) and identifier in batch for identifier in failed):
        return None
    return set(failed)
