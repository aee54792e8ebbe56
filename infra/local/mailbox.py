"""A queue of moto's, as its consumer sees it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from chalicelib.names import Names
from infra.host.pollers import Record
from infra.moto_lock import Call, MotoLock

log = logging.getLogger("sluice.local")

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


class MotoMailbox:
    """The port `Mailbox` of a poller."""

    def __init__(self, queue: str, names: Names, sqs: Any, lock: MotoLock) -> None:
        self._queue = queue
        self._names = names
        self._sqs = sqs
        self._lock = lock
        self._url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]

    def next_in_view(self) -> float | None:
        """Epoch seconds at which the next message can be received; None when there is none."""
        with self._lock.held:
            queue = sqs_backends[self._names.account][self._names.region].queues.get(self._queue)
            messages = queue._messages if queue else []
            times = [max(message.delayed_until, message.visible_at) for message in messages]
        return min(times) / 1000 if times else None

    def receive(self, most: int) -> Sequence[Record]:
        """Take up to so many messages that are in view; none when the service refuses."""
        try:
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=most,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        except ClientError as error:
            log.warning("receive failed", extra={"fields": {"queue": self._queue, "error": str(error)}})
            return []
        arn = self._names.queue_arn(self._queue)
        return [record(message, arn, self._names.region) for message in answer.get("Messages", [])]

    def delete(self, records: Sequence[Record]) -> None:
        """Forget received messages."""
        self._sqs.delete_message_batch(
            QueueUrl=self._url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": each["receiptHandle"]} for number, each in enumerate(records)
            ],
        )

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` whenever a message may be in view that was not before; what is returned ends that."""

        def heard(call: Call) -> None:
            if call.service == "sqs" and call.action in _REVEALING:
                changed()

        self._lock.listeners.append(heard)
        return lambda: self._lock.listeners.remove(heard)


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
