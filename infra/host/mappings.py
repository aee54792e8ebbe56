"""Event source mappings: which queue wakes which function, and what the function's answer means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.host.functions import Context

#: What a mapping without MaximumConcurrency is given here; AWS would go on to the account's limit.
DEFAULT_CONCURRENCY = 50


@dataclass(frozen=True, slots=True)
class EventSource:
    """One `@app.on_sqs_message`: which queue calls which handler, and how."""

    function: str
    queue: str
    handler: Callable[[dict[str, Any], Context], Any]
    batch_size: int
    concurrency: int
    time_limit_s: float


def event_sources(app: Any, time_limit: Callable[[str], float]) -> list[EventSource]:
    """The SQS event sources that a Chalice app declares. Raises `ValueError` for one that is not known here."""
    sources = []
    for declared in app.event_sources:
        if hasattr(declared, "schedule_expression"):
            continue  # `ticking` knows those
        if not hasattr(declared, "queue_arn"):
            raise ValueError(f"{declared.name}: only SQS event sources and schedules are known here")
        sources.append(
            EventSource(
                function=declared.name,
                queue=declared.queue or declared.queue_arn.rpartition(":")[2],
                handler=app.handler_map[declared.name],
                batch_size=declared.batch_size,
                concurrency=declared.maximum_concurrency or DEFAULT_CONCURRENCY,
                time_limit_s=time_limit(declared.name),
            )
        )
    return sources


def failures(answer: Any, batch: set[str]) -> set[str] | None:
    """The message ids that a handler's answer (ReportBatchItemFailures) keeps; None when the whole batch must stay.

    As AWS reads it: no answer, an empty one, or an empty list is a success; an unreadable answer or an id that is
    empty or not of the batch fails all of it.
    """
    if answer is None or answer == {}:
        return set()
    if not isinstance(answer, dict) or "batchItemFailures" not in answer:
        return None
    entries = answer["batchItemFailures"] or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return None
    failed = [entry.get("itemIdentifier") for entry in entries]
    if not all(isinstance(identifier, str) and identifier in batch for identifier in failed):
        return None
    return set(failed)
