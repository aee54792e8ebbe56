"""What AsyncQueue shows: tasks, their attempts, and a team's keys, members and signing secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from astraflow_sdk.models._model import Model


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TaskResult(Model):
    """What the last attempt was answered: status, headers with lower-case names, text, and how long it took in
    milliseconds."""

    _camel: ClassVar[bool] = True

    status_code: int
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    body: str | None = None
    duration: float | None = None

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body or "")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class QueueTask(Model):
    """A call to be made. `headers`, `body` and `on_complete_url` are shown by its creation, and on request.

    `status` is pending, delayed, processing, completed, failed, timeout or cancelled; times are in seconds.
    """

    _camel: ClassVar[bool] = True

    id: str
    status: str
    team_id: str | None = None
    callback_url: str | None = None
    method: str | None = None
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    body: str | None = None
    max_wait_time: float | None = None
    timeout: float | None = None
    max_retries: int | None = None
    retry_count: int | None = None
    retry_backoff: str | None = None
    on_complete_url: str | None = None
    delay_until: datetime | None = None
    result: TaskResult | None = None
    error: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.completed_at is not None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Attempt(Model):
    """One try to make a task's call."""

    _camel: ClassVar[bool] = True

    number: int
    outcome: str
    scheduled_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    status_code: int | None = None
    error: str | None = None
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PreviousKey(Model):
    """The key that another one takes the place of, and until when it still opens."""

    _camel: ClassVar[bool] = True

    id: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ApiKey(Model):
    """A key of the team. `key` is the secret itself; only the answer that made it shows it. `last_used_at` is a request
    with it, noted once an hour."""

    _camel: ClassVar[bool] = True

    id: str
    name: str | None = None
    key: str | None = field(default=None, repr=False)
    prefix: str | None = None
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    previous: PreviousKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Member(Model):
    """A member of the team."""

    _camel: ClassVar[bool] = True

    id: str
    email: str
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SigningSecret(Model):
    """What the team's callbacks and webhooks are signed with. `previous` signs beside it until it expires."""

    _camel: ClassVar[bool] = True

    secret: str = field(repr=False)
    created_at: datetime | None = None
    previous: PreviousKey | None = None
