"""What Asimov shows: an operation and its resource as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from astraflow_sdk.errors import UnexpectedAnswerError
from astraflow_sdk.models._model import Model

TASK = "platform.Task"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Operation(Model):
    """An operation: PENDING, RUNNING, COMPLETED or FAILURE. `data` is its result as soon as there is one, until then
    its input; `error` holds `code` and `message` once it has failed or was cancelled."""

    id: str
    kind: str
    state: str
    data: Mapping[str, Any]
    created_at: datetime | None = None
    modified_at: datetime | None = None
    error: Mapping[str, Any] | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ("COMPLETED", "FAILURE")

    @classmethod
    def of(cls, raw: Any) -> Self:
        """The model of a resource, or of a task around one. Raises UnexpectedAnswerError."""
        try:
            resource = raw["data"] if raw.get("kind") == TASK else raw
            flat = {
                "id": raw["id"],
                "kind": resource["kind"],
                "state": raw["metadata"]["_state"],
                "data": resource["data"],
                "created_at": raw["metadata"].get("_creationTime"),
                "modified_at": raw["metadata"].get("_lastModified"),
                "error": raw.get("error"),
            }
        except (KeyError, TypeError, AttributeError):
            raise UnexpectedAnswerError("The answer holds no Operation") from None
        return cls._read(flat, raw)
