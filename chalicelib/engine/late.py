"""An attempt's outcome as a small message, for when the row does not take it in time, and back.

The answer's headers and body are user data and stay behind: the result then shows its status and duration only.
"""

from __future__ import annotations

from chalicelib.domain import messages
from chalicelib.domain.outcome import BudgetSpent, Continue, Failed, Outcome, Succeeded
from chalicelib.domain.task import Result, Status, Task
from chalicelib.ports.tasks import Fence


def carried(task: Task, outcome: Outcome, ended: int) -> messages.Outcome:
    """The message for the outcome of the attempt whose lease `task` holds."""
    result = outcome.result if isinstance(outcome, Succeeded | Failed | BudgetSpent) else None
    return messages.Outcome(
        task=task.id,
        n=task.attempt,
        due=task.due_at,
        token=task.claim_token or "",
        ended=ended,
        waited=0 if isinstance(outcome, Continue) else outcome.waited_ms,
        verdict=_verdict(outcome),
        status=None if result is None else result.status_code,
        error=outcome.error if isinstance(outcome, Failed | BudgetSpent) else None,
        after=_after(outcome),
    )


def outcome(message: messages.Outcome) -> Outcome:
    """The outcome in a message."""
    result = None if message.status is None else Result(message.status, (), "", message.waited)
    match message.verdict:
        case "succeeded":
            return Succeeded(message.waited, result)
        case "continue":
            return Continue(message.after)
        case "spent":
            return BudgetSpent(message.error or "", message.waited, result)
        case verdict:
            return Failed(
                message.error or "", message.waited, result, final=verdict == "final", at_least_ms=message.after
            )


def fence(message: messages.Outcome) -> Fence:
    """What the row must still say for the outcome to count."""
    return Fence(Status.RUNNING, message.n, message.token)


def _verdict(outcome: Outcome) -> str:
    match outcome:
        case Succeeded():
            return "succeeded"
        case Failed():
            return "final" if outcome.final else "failed"
        case BudgetSpent():
            return "spent"
        case Continue():
            return "continue"


def _after(outcome: Outcome) -> int:
    match outcome:
        case Continue():
            return outcome.after_ms
        case Failed():
            return outcome.at_least_ms
        case _:
            return 0
