"""One-time schedules fire into their queue, or are refused as AWS refuses them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.names import Names
from infra.apply import apply, load_template
from infra.local.aws import ACCOUNT, REGION, LocalAws, local_aws
from infra.local.firing import Firing
from infra.local.schedules import fire_time, schedule_guard

NAMES = Names(stage="test", account=ACCOUNT, region=REGION)


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    """An AWS whose schedules fire; a test may date one into this very second, which AWS would not take."""
    with local_aws() as aws:
        apply(load_template(), NAMES, aws.client)
        firing = Firing(NAMES, aws.client, aws.lock)
        firing.start()
        yield aws
        firing.stop()


def at(seconds_from_now: float) -> str:
    return datetime.fromtimestamp(time.time() + seconds_from_now, UTC).strftime("at(%Y-%m-%dT%H:%M:%S)")


def create(aws: LocalAws, name: str, expression: str, *, queue: str = NAMES.tasks_queue, **more: Any) -> None:
    target = {
        "Arn": NAMES.queue_arn(queue),
        "RoleArn": NAMES.role_arn(NAMES.scheduler_role),
        "Input": '{"task": "t"}',
        "DeadLetterConfig": {"Arn": NAMES.queue_arn(NAMES.dead_letters_queue)},
    }
    aws.client("scheduler").create_schedule(
        Name=name,
        GroupName=NAMES.schedule_group,
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
        **more,
    )


def received(aws: LocalAws, queue: str, seconds: int) -> list[dict[str, Any]]:
    sqs = aws.client("sqs")
    answer = sqs.receive_message(
        QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], WaitTimeSeconds=seconds, MessageAttributeNames=["All"]
    )
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


def sleep_past(expression: str, seconds: float) -> None:
    moment = fire_time(expression, "UTC")
    assert moment is not None
    time.sleep(max(0.0, moment + seconds - time.time()))


def schedules(aws: LocalAws) -> list[str]:
    listed = aws.client("scheduler").list_schedules(GroupName=NAMES.schedule_group)["Schedules"]
    return [schedule["Name"] for schedule in listed]


def test_a_schedule_fires_at_its_second_and_deletes_itself(aws: LocalAws) -> None:
    expression = at(1.2)
    moment = fire_time(expression, "UTC")
    create(aws, "once", expression, ActionAfterCompletion="DELETE")

    (message,) = received(aws, NAMES.tasks_queue, 3)

    assert message["Body"] == '{"task": "t"}'
    assert moment is not None
    assert 0 <= time.time() - moment < 0.3
    assert schedules(aws) == []


def test_a_schedule_that_stays_fires_only_once(aws: LocalAws) -> None:
    create(aws, "stays", at(0))

    assert len(received(aws, NAMES.tasks_queue, 3)) == 1
    assert received(aws, NAMES.tasks_queue, 0) == []
    assert schedules(aws) == ["stays"]


def test_a_deleted_or_disabled_schedule_does_not_fire(aws: LocalAws) -> None:
    expression = at(1.1)
    create(aws, "gone", expression)
    create(aws, "off", at(0), State="DISABLED")
    aws.client("scheduler").delete_schedule(Name="gone", GroupName=NAMES.schedule_group)

    sleep_past(expression, 0.1)

    assert received(aws, NAMES.tasks_queue, 0) == []


def test_what_cannot_be_delivered_ends_among_the_dead_letters(aws: LocalAws) -> None:
    create(aws, "lost", at(0), queue="nowhere", ActionAfterCompletion="DELETE")

    (letter,) = received(aws, NAMES.dead_letters_queue, 3)
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}

    assert json.loads(letter["Body"])["MessageBody"] == '{"task": "t"}'
    assert attributes["ERROR_CODE"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert attributes["SCHEDULE_ARN"].endswith("/lost")
    assert schedules(aws) == []


def test_jitter_moves_a_schedule_within_its_minute() -> None:
    with local_aws() as aws:
        apply(load_template(), NAMES, aws.client)
        firing = Firing(NAMES, aws.client, aws.lock, jitter=lambda arn: 1.2)
        firing.start()
        create(aws, "late", at(0))

        early = received(aws, NAMES.tasks_queue, 0)
        late = received(aws, NAMES.tasks_queue, 2)
        firing.stop()

        assert (len(early), len(late)) == (0, 1)


def test_a_zone_is_honoured() -> None:
    assert fire_time("at(2030-01-01T12:00:00)", "Europe/Berlin") == fire_time("at(2030-01-01T11:00:00)", None)


@pytest.mark.parametrize(
    ("name", "expression", "zone"),
    [
        ("past", "at(2020-01-01T00:00:00)", "UTC"),
        ("nonsense", "at(tomorrow)", "UTC"),
        ("no-such-day", "at(2030-02-30T00:00:00)", "UTC"),
        ("with-zone", "at(2030-01-01T00:00:00Z)", "UTC"),
        ("where", "at(2030-01-01T00:00:00)", "Mars/Olympus"),
        ("recurring", "rate(5 minutes)", "UTC"),
        ("x" * 64 + "y", "at(2030-01-01T00:00:00)", "UTC"),
        ("a+b", "at(2030-01-01T00:00:00)", "UTC"),
    ],
)
def test_what_aws_would_not_take_is_refused(aws: LocalAws, name: str, expression: str, zone: str) -> None:
    aws.lock.guards.append(schedule_guard())
    scheduler = aws.client("scheduler")

    with pytest.raises(ClientError) as refused:
        create(aws, name, expression, ScheduleExpressionTimezone=zone)

    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert scheduler.list_schedules()["Schedules"] == []


def test_a_time_that_has_just_passed_is_refused(aws: LocalAws) -> None:
    aws.lock.guards.append(schedule_guard())

    with pytest.raises(ClientError, match="ValidationException"):
        create(aws, "just-past", at(-2))
