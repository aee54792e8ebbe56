"""One SQS queue: a standard queue, fair between the tenants that its messages name as their groups."""

from __future__ import annotations

from chalicelib.aws.clients import Clients
from chalicelib.aws.failures import RejectedCallError, call
from chalicelib.ports.queue import Depth

#: What SQS answers when a receipt holds no message any more: it came back, was deleted, or was received again.
_GONE = frozenset({"InvalidParameterValue", "MessageNotInflight", "ReceiptHandleIsInvalid"})
LONGEST_HOLD_S = 43_200
#: The attributes that make up a `Depth`.
_DEPTH = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class AwsQueue:
    """The port `Queue`; one call each."""

    def __init__(self, clients: Clients, queue_name: str, account: str) -> None:
        self._clients = clients
        self._path = f"/{account}/{queue_name}"

    def send(self, body: str, *, delay_s: int, group: str) -> None:
        """Make a message durable that is delivered after so many seconds."""
        call(
            self._clients.sqs.send_message,
            QueueUrl=self._url,
            MessageBody=body,
            DelaySeconds=delay_s,
            MessageGroupId=group,
        )

    def reach(self) -> None:
        """Return when the queue can be reached."""
        call(self._clients.sqs.get_queue_attributes, QueueUrl=self._url, AttributeNames=["QueueArn"])

    def depth(self) -> Depth:
        """How many messages there are, as SQS estimates."""
        answer = call(self._clients.sqs.get_queue_attributes, QueueUrl=self._url, AttributeNames=list(_DEPTH))
        return Depth(*(int(answer["Attributes"][name]) for name in _DEPTH))

    def hold(self, receipt: str, seconds: int) -> None:
        """Let a received message come back after so many seconds. A receipt that holds none any more does nothing."""
        if not 0 <= seconds <= LONGEST_HOLD_S:
            raise ValueError(f"seconds must be 0 to {LONGEST_HOLD_S}, not {seconds}")
        try:
            call(
                self._clients.sqs.change_message_visibility,
                QueueUrl=self._url,
                ReceiptHandle=receipt,
                VisibilityTimeout=seconds,
            )
        except RejectedCallError as rejected:
            if rejected.code not in _GONE:
                raise

    @property
    def _url(self) -> str:
        """The queue's address, put together rather than asked for: GetQueueUrl would be a call of its own."""
        endpoint: str = self._clients.sqs.meta.endpoint_url
        return endpoint.rstrip("/") + self._path
