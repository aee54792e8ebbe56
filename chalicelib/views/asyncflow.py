"""AsyncFlow's JSON, exactly as its manual shows it, and what its operator sees of profiles and groups."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from chalicelib.domain.simulator.outages import Outage
from chalicelib.domain.simulator.profiles import Profile
from chalicelib.domain.task import Status, Task
from chalicelib.domain.timing import iso_seconds
from chalicelib.engine.groups import InForce, Report

View = dict[str, Any]

_STATUSES = {Status.QUEUED: "Queued", Status.COMPLETED: "Completed", Status.FAILED: "Failed"}
#: What a spreadsheet would take for a formula at the beginning of a cell.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

#: The members of a profile document, by the fields of a profile.
PROFILE_MEMBERS = {
    "processingMinSeconds": "processing_min_s",
    "processingMaxSeconds": "processing_max_s",
    "failureRate": "failure_rate",
    "errorRate": "error_rate",
    "unavailableRate": "unavailable_rate",
    "timeoutRate": "timeout_rate",
    "lostResponseShare": "lost_response_share",
    "latencyMinMs": "latency_min_ms",
    "latencyMaxMs": "latency_max_ms",
    "outageEverySeconds": "outage_every_s",
    "outageSeconds": "outage_s",
    "retryAfterSeconds": "retry_after_s",
    "explained": "explained",
    "overridable": "overridable",
}

#: The columns of a report, in the order of its members.
REPORT_COLUMNS = (
    "group",
    "profile",
    "firstRequestAt",
    "lastRequestAt",
    "submitted",
    "completed",
    "failed",
    "unfinished",
    "requests",
    "throttled",
    "earlyRetries",
    "polls",
    "pollsPerMessage",
    "simulatedFaults",
    "lostResponses",
    "duplicates",
    "recovered",
)

#: What a report tells of the simulation itself.
_SIMULATED = ("simulatedFaults", "lostResponses", "duplicates", "recovered")


def accepted(task: Task) -> View:
    """The answer to a message that was accepted."""
    return {
        "accepted": True,
        "trackingId": task.id,
        "message": "Message queued for processing",
        "submittedAt": iso_seconds(task.created_at),
    }


def message(task: Task) -> View:
    """A message as its sender sees it."""
    return {
        "trackingId": task.id,
        "status": status(task),
        "submittedAt": iso_seconds(task.created_at),
        "processedAt": None if task.completed_at is None else iso_seconds(task.completed_at),
        "errorDetails": task.error if task.finished else None,
    }


def status(task: Task) -> str:
    """One of the manual's four words: from its pick-up to its end a message is being processed."""
    return _STATUSES.get(task.status, "Processing")


def profile(shown: Profile) -> View:
    """A profile as a document."""
    members = {member: getattr(shown, field) for member, field in PROFILE_MEMBERS.items()}
    return {"name": shown.name, **{member: _number(value) for member, value in members.items()}}


def in_force(group: str | None, shown: InForce, seed: str, outages: Iterable[Outage]) -> View:
    """The profile that holds for a group or for the stage, and the outages it has ahead."""
    assignment = shown.assignment
    expires_at = None if assignment is None else assignment.expires_at
    return {
        "scope": "stage" if group is None else "group",
        "group": group,
        "assigned": assignment is not None,
        "expiresAt": None if expires_at is None else iso_seconds(expires_at),
        "profile": profile(shown.profile),
        "seed": seed,
        "outages": [
            {"startsAt": iso_seconds(outage.starts_at), "endsAt": iso_seconds(outage.ends_at)} for outage in outages
        ],
    }


def report(shown: Report) -> View:
    """How a group has fared."""
    ledger = shown.ledger
    return {
        "group": ledger.group,
        "profile": shown.profile.name,
        "firstRequestAt": iso_seconds(ledger.first_at) if ledger.requests else None,
        "lastRequestAt": iso_seconds(ledger.last_at) if ledger.requests else None,
        "submitted": shown.submitted,
        "completed": shown.completed,
        "failed": shown.failed,
        "unfinished": shown.submitted - shown.completed - shown.failed,
        "requests": ledger.requests,
        "throttled": ledger.throttled,
        "earlyRetries": ledger.early_retries,
        "polls": ledger.polls,
        "pollsPerMessage": round(ledger.polls / shown.submitted, 2) if shown.submitted else 0,
        "simulatedFaults": ledger.faults,
        "lostResponses": ledger.lost_responses,
        "duplicates": ledger.duplicates,
        "recovered": ledger.recovered,
    }


def own_report(shown: Report) -> View:
    """How a group has fared, for its own eyes: under a profile that explains nothing, nothing of what was simulated."""
    view = report(shown)
    return view if shown.profile.explained else {**view, **dict.fromkeys(_SIMULATED)}


def reports_csv(shown: Iterable[Report]) -> str:
    """The reports as a table (RFC 4180). No cell begins like a formula."""
    text = io.StringIO()
    rows = [report(each) for each in shown]
    table = csv.DictWriter(text, REPORT_COLUMNS)
    table.writeheader()
    table.writerows({column: _cell(value) for column, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _number(value: float) -> float:
    if isinstance(value, bool):
        return value
    return int(value) if value == int(value) else round(value, 4)
