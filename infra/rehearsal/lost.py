"""A task whose schedule is gone without a trace, and the function that finds it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from chalicelib.aws import keys
from chalicelib.names import Names
from infra.host.ticking import scheduled_event
from infra.rehearsal.receiver import Receiver
from infra.rehearsal.smoke import Site, bearer, expect, finished, in_seconds

_PATH = "/lost"
_TWO_HOURS_MS = 7_200_000


def lost(client: Callable[[str], Any], names: Names, site: Site, receiver: Receiver, key: str) -> str:
    """Take a task's schedule away, let the day's look begin, and wait for the task. What was seen."""
    order = {"callbackUrl": receiver.url + _PATH, "delayUntil": in_seconds(3_600)}
    task: str = site.ask("POST", "/v1/tasks", 201, bearer(key), order)["task"]["id"]
    scheduler = client("scheduler")
    listed = scheduler.list_schedules(GroupName=names.schedule_group, NamePrefix=task)["Schedules"]
    expect(len(listed) == 1, listed)
    scheduler.delete_schedule(GroupName=names.schedule_group, Name=listed[0]["Name"])
    # Nobody can move the clock of the functions: the row says that its time was two hours ago.
    client("dynamodb").update_item(
        TableName=names.tasks_table,
        Key=keys.task(task),
        UpdateExpression="SET dueAt = :ago",
        ExpressionAttributeValues={":ago": {"N": str(time.time_ns() // 1_000_000 - _TWO_HOURS_MS)}},
    )
    started = client("lambda").invoke(
        FunctionName=f"sluice-{names.stage}-backstop", Payload=json.dumps(scheduled_event()).encode()
    )
    look = json.loads(started["Payload"].read())
    expect((look.get("found"), look.get("ended")) == (1, True), look)
    ended = finished(site, key, task)
    expect((ended["status"], receiver.calls(_PATH)[task]) == ("completed", 1), ended)
    return "its schedule was deleted; the daily look found it, and it was called once"
