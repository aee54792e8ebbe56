"""Tasks to tell stories with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import settings

from chalicelib.domain import lifecycle
from chalicelib.domain.task import Backoff, Callback, Status, Task

#: 2024-01-15T10:30:00Z.
NOW = 1_705_314_600_000
RETENTION_S = 30 * 86_400

#: For properties: enough examples to matter, few enough to run at every save.
modest = settings(deadline=None, max_examples=150)

_TASK = Task(
    id="11111111-2222-4333-8444-555555555555",
    team="team",
    status=Status.QUEUED,
    work=Callback("https://example.com/hook", "POST", 30.0, 30.0, Backoff.EXPONENTIAL),
    max_attempts=4,
    due_at=NOW,
    created_at=NOW,
    create_token="create",
)


def a_task(**changes: Any) -> Task:
    """A task that was just accepted, but for the changes."""
    return replace(_TASK, **changes)


def running(*, claim: str = "mine", **changes: Any) -> Task:
    """A task whose next attempt was claimed just now, under the token `claim`."""
    return lifecycle.claim(a_task(**changes), token=claim, now=NOW)
