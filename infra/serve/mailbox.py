"""A queue of the database, as its consumer sees it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from chalicelib.domain.errors import UnavailableError
from chalicelib.embedded.database import Database
from chalicelib.embedded.queue import EmbeddedQueue, Received
from chalicelib.names import Names
from infra.host.pollers import Record

log = logging.getLogger("sluice.local")


class EmbeddedMailbox:
    """The port `Mailbox` of a poller. `pause_s`: seconds until the next try while the database does not answer."""

    def __init__(self, queue: EmbeddedQueue, names: Names, database: Database, pause_s: float = 1.0) -> None:
        self._queue = queue
        self._names = names
        self._database = database
        self._pause_s = pause_s

    def next_in_view(self) -> float | None:
        """Epoch seconds at which the next message can be received; None when there is none."""
        try:
            earliest = self._queue.next_visible_at()
        except UnavailableError as error:
            self._warn(error)
            return time.time() + self._pause_s
        return None if earliest is None else earliest / 1000

    def receive(self, most: int) -> Sequence[Record]:
        """Take up to so many messages that are in view; none while the database does not answer."""
        try:
            received = self._queue.receive(most)
        except UnavailableError as error:
            self._warn(error)
            time.sleep(self._pause_s)
            return []
        return [self._record(message) for message in received]

    def delete(self, records: Sequence[Record]) -> None:
        """Forget received messages."""
        with self._database.transaction():
            for record in records:
                self._queue.delete(record["receiptHandle"])

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` whenever a message may be in view that was not before; what is returned ends that."""
        self._queue.listeners.append(changed)
        return lambda: self._queue.listeners.remove(changed)

    def _warn(self, error: UnavailableError) -> None:
        log.warning("receive failed", extra={"fields": {"queue": self._queue.name, "error": str(error)}})

    def _record(self, message: Received) -> Record:
        """The message as Lambda's SQS event shows it."""
        group = {} if message.group is None else {"MessageGroupId": message.group}
        return {
            "messageId": message.message_id,
            "receiptHandle": message.receipt,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": str(message.receives),
                "SentTimestamp": str(message.sent_at),
                **group,
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": self._names.queue_arn(self._queue.name),
            "awsRegion": self._names.region,
        }
