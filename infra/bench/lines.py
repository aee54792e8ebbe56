"""Log lines, as CloudWatch would take them in and bill them."""

from __future__ import annotations

import logging

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from infra.bench.bill import Unit
from infra.bench.meter import Meter

#: CloudWatch adds so many bytes to each line that it takes in (its user guide, "quotas": PutLogEvents).
LINE_BYTES = 26
#: What Lambda writes for one invocation: START, END and REPORT.
INVOCATION_BYTES = 330
#: What API Gateway writes for one request, in the format of the template.
ACCESS_BYTES = 260


class Lines:
    """A recorder that charges each line by its length in the form that is deployed."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._formatter = LambdaPowertoolsFormatter(log_record_order=["timestamp", "message", "fields"])

    def record(self, event: str, **fields: object) -> None:
        """Charge the line."""
        record = logging.LogRecord("sluice", logging.INFO, "telemetry.py", 23, event, None, None, "record")
        record.fields = fields
        self._meter.charge({Unit.LOG_KILOBYTE: (len(self._formatter.format(record).encode()) + LINE_BYTES) / 1000})
