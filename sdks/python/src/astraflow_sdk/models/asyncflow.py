"""What AsyncFlow shows: messages, and how a group has fared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from astraflow_sdk.models._model import Model


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Submission(Model):
    """The receipt of a message."""

    _camel: ClassVar[bool] = True

    tracking_id: str
    accepted: bool
    message: str | None = None
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FlowMessage(Model):
    """A message: Queued, Processing, Completed or Failed. `error_details` says why it failed."""

    _camel: ClassVar[bool] = True

    tracking_id: str
    status: str
    submitted_at: datetime | None = None
    processed_at: datetime | None = None
    error_details: str | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.processed_at is not None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GroupReport(Model):
    """How well a group's client behaved; the server's documentation says what is good."""

    _camel: ClassVar[bool] = True

    group: str
    profile: str | None = None
    first_request_at: datetime | None = None
    last_request_at: datetime | None = None
    submitted: int = 0
    completed: int = 0
    failed: int = 0
    unfinished: int = 0
    requests: int = 0
    throttled: int = 0
    early_retries: int = 0
    polls: int = 0
    polls_per_message: float = 0
    simulated_faults: int = 0
    lost_responses: int = 0
    duplicates: int = 0
    recovered: int = 0
