"""What AstraFlow shows: tasks, users, webhooks and their deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from astraflow_sdk.models._model import Model


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Task(Model):
    """A task. Lists show id, name and status; the answer to an update id, status and updated_at."""

    id: str
    name: str | None = None
    description: str | None = None
    status: str | None = None
    priority: str | None = None
    due_date: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class User(Model):
    """An account."""

    id: str
    email: str
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Webhook(Model):
    """An address that is told of one kind of event. `secret` signs what it is sent; only the answer that made it shows
    it. `enabled` is False once the server has given up on it."""

    id: str
    url: str
    event: str
    secret: str | None = field(default=None, repr=False)
    created_at: datetime | None = None
    enabled: bool | None = None
    disabled_at: datetime | None = None
    disabled_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PreviousSecret(Model):
    """Until when the secret before the current one signs beside it."""

    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WebhookSecret(Model):
    """A webhook's new secret."""

    id: str
    secret: str = field(repr=False)
    previous: PreviousSecret | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Delivery(Model):
    """One event on its way to a webhook: pending, delivered or failed. `message_id` is the `webhook-id` it is sent
    under; `attempts`, `response` and `request` are shown as the API has them."""

    id: str
    status: str
    event: str | None = None
    message_id: str | None = None
    attempts: tuple[Mapping[str, Any], ...] = ()
    next_attempt_at: datetime | None = None
    response: Mapping[str, Any] | None = None
    request: Mapping[str, Any] | None = None
    error: str | None = None
    created_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.completed_at is not None
