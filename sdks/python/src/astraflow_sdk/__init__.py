"""Clients of a Sluice deployment: AstraFlow, AsyncQueue, AsyncFlow and Asimov.

    from astraflow_sdk import AstraClient

    client = AstraClient(token="...", base_url="https://sluice.example.com")
    print(client.get_tasks(status="active"))

The clients for asyncio have the same names in `astraflow_sdk.aio`.
"""

from __future__ import annotations

from astraflow_sdk import aio
from astraflow_sdk._ask import UNSET
from astraflow_sdk._sync import Ambient, AsimovClient, AstraClient, AsyncFlowClient, AsyncQueueClient, Page
from astraflow_sdk._version import __version__
from astraflow_sdk.aio import AstraClient as AsyncAstraClient
from astraflow_sdk.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AstraError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    UnexpectedAnswerError,
    UnprocessableError,
    WaitTimeoutError,
    WebhookVerificationError,
)
from astraflow_sdk.models import (
    ApiKey,
    Attempt,
    Delivery,
    FlowMessage,
    GroupReport,
    Member,
    Operation,
    QueueTask,
    SigningSecret,
    Submission,
    Task,
    TaskResult,
    User,
    Webhook,
    WebhookSecret,
)
from astraflow_sdk.webhooks import VerifiedWebhook, verify_webhook

__all__ = [
    "UNSET",
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "Ambient",
    "ApiKey",
    "AsimovClient",
    "AstraClient",
    "AstraError",
    "AsyncAstraClient",
    "AsyncFlowClient",
    "AsyncQueueClient",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "ConflictError",
    "Delivery",
    "FlowMessage",
    "GroupReport",
    "Member",
    "NotFoundError",
    "Operation",
    "Page",
    "PermissionDeniedError",
    "QueueTask",
    "RateLimitError",
    "ServerError",
    "SigningSecret",
    "Submission",
    "Task",
    "TaskResult",
    "UnexpectedAnswerError",
    "UnprocessableError",
    "User",
    "VerifiedWebhook",
    "WaitTimeoutError",
    "Webhook",
    "WebhookSecret",
    "WebhookVerificationError",
    "__version__",
    "aio",
    "verify_webhook",
]
