"""What the APIs show, as frozen dataclasses. `raw` of each is the JSON object as it came."""

from __future__ import annotations

from astraflow_sdk.models.asimov import Operation
from astraflow_sdk.models.astraflow import Delivery, PreviousSecret, Task, User, Webhook, WebhookSecret
from astraflow_sdk.models.asyncflow import FlowMessage, GroupReport, Submission
from astraflow_sdk.models.asyncqueue import (
    ApiKey,
    Attempt,
    Member,
    PreviousKey,
    QueueTask,
    SigningSecret,
    TaskResult,
)

__all__ = [
    "ApiKey",
    "Attempt",
    "Delivery",
    "FlowMessage",
    "GroupReport",
    "Member",
    "Operation",
    "PreviousKey",
    "PreviousSecret",
    "QueueTask",
    "SigningSecret",
    "Submission",
    "Task",
    "TaskResult",
    "User",
    "Webhook",
    "WebhookSecret",
]
