"""The record of what happens: one structured line per event on the logger `sluice`.

A line's text is the event's name; its fields ride along as `record.fields`. On Lambda the Powertools formatter turns
both into one JSON object; the local stack attaches a handler that writes them for people.
"""

from __future__ import annotations

import logging
import sys

from chalicelib.domain.faults import RejectedError

LOGGER = logging.getLogger("sluice")


class LogRecorder:
    """Writes every event as one line."""

    def record(self, event: str, **fields: object) -> None:
        LOGGER.info(event, extra={"fields": fields})


def trouble(error: BaseException) -> dict[str, object]:
    """The fields of a record that tell of a failure: enough to find it, nothing of what was sent."""
    refused = {"operation": error.operation, "code": error.code} if isinstance(error, RejectedError) else {}
    return {"error": type(error).__name__, "where": _where(error), **refused}


def _where(error: BaseException) -> str:
    """The file and line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return sys.executable
    return f"{trace.tb_frame.f_code.co_filename.rpartition('chalicelib/')[2]}:{trace.tb_lineno}"


def log_as_json() -> None:
    """Write the lines as JSON objects on standard error, where CloudWatch reads them too. Safe to call again."""
    from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

    if LOGGER.handlers:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(LambdaPowertoolsFormatter(log_record_order=["timestamp", "message", "fields"]))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
