"""Queue batch -> engine: one function per queue; and what a schedule starts.

The records of a batch run side by side. Those that must come back are held for the time the engine names and reported
as failures; the mapping deletes the rest. Without a mapping that understands such a report everything would be
deleted, so unless the deployment says that it does, a batch with a failure raises as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from chalicelib.domain import messages
from chalicelib.domain.dead_letters import Reason
from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.timing import ceil_seconds, iso_milliseconds
from chalicelib.domain.wakeup import Hold
from chalicelib.engine.attempt import Verdict, WakeUp
from chalicelib.ports.queue import Queue
from chalicelib.telemetry import trouble
from chalicelib.wiring import Platform, platform

#: How long a message waits that this code cannot read, or that newer code has sent.
_UNREAD_HOLD_MS = 60_000
#: SQS hides a message for 12 hours at most, counted from when it was received.
_LONGEST_HOLD_S = 42_900

#: What a run of the backstop keeps of its time for the stretch that it is at.
_LAST_STRETCH_MS = 30_000

Event = Mapping[str, Any]
Record = Mapping[str, Any]


class BatchError(Exception):
    """Messages must come back and the mapping has no way to hear which."""


def attempts(event: Event, remaining_ms: int) -> dict[str, Any]:
    """Handle a batch of the tasks queue, with so much time left."""
    here = platform()
    stop_at = here.parts.clock.now() + remaining_ms

    def handle(record: Record) -> Verdict:
        message = _message(here, record)
        if not isinstance(message, messages.Attempt | messages.Outcome):
            return Hold(_UNREAD_HOLD_MS)
        return here.attempts(WakeUp(message, _sent_at(record), _receives(record), stop_at))

    return _batch(here, event, handle, here.parts.tasks_queue)


def webhooks(event: Event, remaining_ms: int) -> dict[str, Any]:
    """Handle a batch of the webhooks queue."""
    here = platform()
    stop_at = here.parts.clock.now() + remaining_ms

    def handle(record: Record) -> Verdict:
        message = _message(here, record)
        if not isinstance(message, messages.Webhook):
            return Hold(_UNREAD_HOLD_MS)
        return here.announcements(message, receives=_receives(record), stop_at=stop_at)

    return _batch(here, event, handle, here.parts.webhooks_queue)


def dead_letters(event: Event, remaining_ms: int) -> dict[str, Any]:  # noqa: ARG001  (one shape for all workers)
    """Handle a batch of the dead-letter queue."""
    here = platform()

    def handle(record: Record) -> Verdict:
        try:
            message = messages.decode_dead(record["body"])
        except messages.UnreadableError:
            return here.rescue.unread(record["body"], Reason.UNREADABLE, sent_at=_sent_at(record))
        except messages.UnknownVersionError:
            return here.rescue.unread(record["body"], Reason.NEWER, sent_at=_sent_at(record))
        return here.rescue(message, sent_at=_sent_at(record), receives=_receives(record))

    return _batch(here, event, handle, here.parts.dead_letters)


def backstop(remaining_ms: int) -> dict[str, Any]:
    """Look for tasks that nobody will call, with so much time left. What the day's look has found so far."""
    here = platform()
    look = here.backstop(until=here.parts.clock.now() + remaining_ms - _LAST_STRETCH_MS)
    return {"began": iso_milliseconds(look.began), "ended": look.ended, "found": look.found}


def _batch(here: Platform, event: Event, handle: Callable[[Record], Verdict], queue: Queue) -> dict[str, Any]:
    records: list[Record] = event["Records"]

    def run(record: Record) -> bool:
        try:
            verdict = handle(record)
            if isinstance(verdict, Hold):
                _hold(queue, record, verdict)
        except Exception as error:  # noqa: BLE001  (one record's trouble must not touch its neighbours)
            here.parts.recorder.record("record failed", message_id=record["messageId"], **trouble(error))
            return False
        return not isinstance(verdict, Hold)

    done = here.parts.parallel.run([partial(run, record) for record in records])
    failures = [record["messageId"] for record, gone in zip(records, done, strict=True) if not gone]
    if failures and not here.settings.partial_batch:
        raise BatchError(f"{len(failures)} of {len(records)} messages must come back")
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures]}


def _hold(queue: Queue, record: Record, hold: Hold) -> None:
    try:
        queue.hold(record["receiptHandle"], min(ceil_seconds(hold.ms), _LONGEST_HOLD_S))
    except UnavailableError:
        # Not held, the message comes back after the queue's own visibility timeout.
        return


def _message(here: Platform, record: Record) -> messages.Message | None:
    try:
        return messages.decode(record["body"])
    except (messages.UnreadableError, messages.UnknownVersionError) as error:
        here.parts.recorder.record("unread message", message_id=record["messageId"], reason=type(error).__name__)
        return None


def _sent_at(record: Record) -> int:
    return int(record["attributes"]["SentTimestamp"])


def _receives(record: Record) -> int:
    return int(record["attributes"]["ApproximateReceiveCount"])
