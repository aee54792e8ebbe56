"""The headers that go out with a request beside what its owner asked for and the signatures."""

from __future__ import annotations

from chalicelib.domain.exchange import Headers
from chalicelib.domain.task import Delivery, Task

USER_AGENT = "Sluice"


def attempt_headers(task: Task, *, message_id: str) -> Headers:
    """Which message a request carries, which attempt at telling it the last one is, and whether another follows if it
    fails. Attempts that only asked to go on later have sent nothing."""
    return (
        ("Idempotency-Key", message_id),
        ("X-Task-Attempt", str(max(1, task.attempt - task.continued))),
        ("X-Task-Last-Attempt", "true" if task.last_attempt else "false"),
    )


def event_headers(task: Task) -> Headers:
    """Those of an event of AstraFlow that is told to a webhook."""
    work = task.work_as(Delivery)
    return (
        ("Content-Type", "application/json"),
        ("User-Agent", USER_AGENT),
        ("X-AstraFlow-Event", work.event),
        *attempt_headers(task, message_id=message_id(task)),
    )


def message_id(task: Task) -> str:
    """The id by which the receiver of a delivery knows the event."""
    return task.work_as(Delivery).message or task.id
