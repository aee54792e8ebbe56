"""Schedules that fire: what EventBridge Scheduler does with the schedules that moto only stores."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from botocore.exceptions import ClientError
from moto.scheduler.models import scheduler_backends

from chalicelib.names import Names
from infra.local.schedules import fire_time
from infra.moto_lock import Call, MotoLock

log = logging.getLogger("sluice.local")

#: ARN -> seconds after the start of its minute at which a schedule fires (AWS: 0 to 59, unannounced).
Jitter = Callable[[str], float]


def on_the_second(_arn: str) -> float:
    """No jitter: fire as early as AWS may."""
    return 0.0


@dataclass(frozen=True, slots=True)
class _Due:
    at: float
    group: str
    name: str


class Firing(Thread):
    """Fires the one-time schedules of every group into their SQS targets. Sleeps until the next one is due."""

    def __init__(
        self, names: Names, clients: Callable[[str], Any], lock: MotoLock, jitter: Jitter = on_the_second
    ) -> None:
        super().__init__(name="firing", daemon=True)
        self._names = names
        self._sqs = clients("sqs")
        self._lock = lock
        self._jitter = jitter
        self._wake = Event()
        self._stopping = False
        #: Schedules without ActionAfterCompletion=DELETE stay, and must not fire again: ARN -> time fired for.
        self._fired: dict[str, float] = {}

    def start(self) -> None:
        self._lock.listeners.append(self._listen)
        super().start()

    def stop(self) -> None:
        """Fire no more."""
        self._stopping = True
        self._lock.listeners.remove(self._listen)
        self._wake.set()
        self.join()

    def run(self) -> None:
        while True:
            # Cleared before the look at what may have changed: a change during the look is not lost.
            self._wake.clear()
            if self._stopping:
                return
            due = self._next()
            wait = None if due is None else due.at - time.time()
            if due is None or (wait is not None and wait > 0):
                self._wake.wait(wait)
            else:
                self._fire(due)

    def _listen(self, call: Call) -> None:
        if call.service == "scheduler" and call.action != "GetSchedule":
            self._wake.set()

    @property
    def _groups(self) -> dict[str, Any]:
        groups: dict[str, Any] = scheduler_backends[self._names.account][self._names.region].schedule_groups
        return groups

    def _next(self) -> _Due | None:
        """The schedule that fires next."""
        due = []
        with self._lock.held:
            for group in self._groups.values():
                for schedule in group.schedules.values():
                    moment = fire_time(schedule.schedule_expression, schedule.schedule_expression_timezone)
                    if schedule.state != "ENABLED" or moment is None or self._fired.get(schedule.arn) == moment:
                        continue
                    due.append(_Due(moment + self._jitter(schedule.arn), group.name, schedule.name))
        return min(due, key=lambda entry: entry.at, default=None)

    def _fire(self, due: _Due) -> None:
        with self._lock.held:
            # Looked up again: it may have been deleted since, and then it must not fire.
            schedule = self._groups[due.group].schedules.get(due.name) if due.group in self._groups else None
            if schedule is None:
                return
            moment = fire_time(schedule.schedule_expression, schedule.schedule_expression_timezone) or due.at
            self._deliver(schedule, moment)
            if schedule.action_after_completion == "DELETE":
                self._groups[due.group].delete_schedule(due.name)
            else:
                self._fired[schedule.arn] = moment

    def _deliver(self, schedule: Any, moment: float) -> None:
        target = schedule.target
        try:
            request = {"MessageBody": target.get("Input") or "{}", "QueueUrl": self._url(target["Arn"])}
            group = target.get("SqsParameters", {}).get("MessageGroupId")
            self._sqs.send_message(**request, **({"MessageGroupId": group} if group else {}))
        except (ClientError, ValueError) as error:
            log.warning("schedule undeliverable", extra={"fields": {"schedule": schedule.name, "error": str(error)}})
            dead_letters = target.get("DeadLetterConfig", {}).get("Arn")
            if dead_letters:
                self._dead_letter(schedule, moment, error, dead_letters)

    def _dead_letter(self, schedule: Any, moment: float, error: Exception, queue_arn: str) -> None:
        """The dead-letter event of the user guide: the request that failed as its body, the reason in attributes."""
        target = schedule.target
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else "InvalidTarget"
        attributes = {
            "ERROR_CODE": code,
            "ERROR_MESSAGE": str(error),
            "EXECUTION_ID": uuid.uuid4().hex[:16],
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": "0",
            "SCHEDULED_TIME": datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "SCHEDULE_ARN": schedule.arn,
            "TARGET_ARN": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
        }
        queue = target["Arn"].rpartition(":")[2]
        body = {
            "MessageBody": target.get("Input") or "{}",
            "QueueUrl": f"https://sqs.{self._names.region}.amazonaws.com/{self._names.account}/{queue}",
        }
        try:
            self._sqs.send_message(
                QueueUrl=self._url(queue_arn),
                MessageBody=json.dumps(body),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )
        except (ClientError, ValueError) as lost:
            log.warning("schedule lost", extra={"fields": {"schedule": schedule.name, "error": str(lost)}})

    def _url(self, arn: str) -> str:
        if not arn.startswith("arn:aws:sqs:"):
            raise ValueError(f"the local stack fires into SQS queues only, not {arn}")
        url: str = self._sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        return url
