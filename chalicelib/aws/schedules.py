"""One-time schedules of EventBridge Scheduler, all with the same target."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from chalicelib.aws.clients import Clients
from chalicelib.aws.failures import RejectedCallError, call

#: How long and how often a schedule that cannot deliver tries again before its message goes to the dead letters.
RETRIED_FOR_S = 86_400
MOST_RETRIES = 185


class AwsSchedules:
    """The port `Schedules`; one call each. A schedule that has fired deletes itself."""

    def __init__(self, clients: Clients, group: str, target_arn: str, role_arn: str, dead_letter_arn: str) -> None:
        self._clients = clients
        self._group = group
        # No MessageGroupId: Scheduler takes one for FIFO queues only.
        self._target = {
            "Arn": target_arn,
            "RoleArn": role_arn,
            "DeadLetterConfig": {"Arn": dead_letter_arn},
            "RetryPolicy": {"MaximumEventAgeInSeconds": RETRIED_FOR_S, "MaximumRetryAttempts": MOST_RETRIES},
        }

    def create(self, name: str, *, fire_at_s: int, body: str) -> None:
        """Send `body` once, at the epoch second `fire_at_s` or later in its minute."""
        fire_at = datetime.fromtimestamp(fire_at_s, UTC).replace(tzinfo=None)
        try:
            call(
                self._clients.scheduler.create_schedule,
                GroupName=self._group,
                Name=name,
                ScheduleExpression=f"at({fire_at.isoformat(timespec='seconds')})",
                ScheduleExpressionTimezone="UTC",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target={**self._target, "Input": body},
                # A token may not hold every character that a name may.
                ClientToken=hashlib.sha256(name.encode()).hexdigest(),
            )
        except RejectedCallError as rejected:
            if rejected.code != "ConflictException":
                raise

    def delete(self, name: str) -> None:
        """Forget a schedule, whether or not there is one."""
        try:
            call(self._clients.scheduler.delete_schedule, GroupName=self._group, Name=name)
        except RejectedCallError as rejected:
            if rejected.code != "ResourceNotFoundException":
                raise
