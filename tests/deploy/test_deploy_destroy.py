"""A stage goes only when somebody says so, and its data only when somebody says that too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.names import Names
from infra.apply import apply, load_template
from infra.deploy import secrets
from infra.deploy.down import Wish, destroy, tables
from infra.deploy.problems import NotReadyError

REGION = "us-east-1"
NAMES = Names(stage="blue", account="123456789012", region=REGION)
#: Any stack will do.
STACK = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "any"}}}}


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", REGION)
    with mock_aws():
        apply(load_template(), NAMES, client)
        secrets.ensure(client("ssm"), "blue")
        client("cloudformation").create_stack(StackName="sluice-blue", TemplateBody=json.dumps(STACK))
        yield


def answers(*typed: str) -> Any:
    left = list(typed)
    return lambda _question: left.pop(0) if left else ""


def present() -> set[str]:
    return set(client("dynamodb").list_tables()["TableNames"])


def stacks() -> list[str]:
    listed = client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE"])["StackSummaries"]
    return [stack["StackName"] for stack in listed]


@pytest.mark.parametrize("typed", ["", "yes", "green"])
def test_without_the_stages_name_nothing_goes(stage: None, typed: str) -> None:
    with pytest.raises(NotReadyError, match="Nothing was deleted"):
        destroy("blue", Wish(), answers(typed), lambda _: None)

    assert stacks() == ["sluice-blue"]
    assert present() == set(tables(NAMES))


def test_the_data_stay_when_the_stack_goes(stage: None) -> None:
    said: list[str] = []

    destroy("blue", Wish(), answers("blue"), said.append)

    assert stacks() == []
    assert present() == set(tables(NAMES))
    assert len(secrets.ensure(client("ssm"), "blue")[0]) == 2
    assert said[-1] == "The data stay; `make deploy STAGE=blue` takes them up again, DATA=delete deletes them"


def test_it_tells_what_would_be_lost(stage: None) -> None:
    url = client("sqs").get_queue_url(QueueName=NAMES.tasks_queue)["QueueUrl"]
    client("sqs").send_message(QueueUrl=url, MessageBody="a wake-up call", DelaySeconds=60)
    client("scheduler").create_schedule(
        Name="later",
        GroupName=NAMES.schedule_group,
        ScheduleExpression="at(2999-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": NAMES.queue_arn(NAMES.tasks_queue), "RoleArn": NAMES.role_arn(NAMES.scheduler_role)},
    )
    said: list[str] = []

    with pytest.raises(NotReadyError):
        destroy("blue", Wish(), answers(), said.append)

    assert any("2 messages and schedules wait" in line for line in said)


def test_the_data_go_after_a_second_word(stage: None) -> None:
    with pytest.raises(NotReadyError):
        destroy("blue", Wish(data=True), answers("blue", "blue"), lambda _: None)
    assert present() == set(tables(NAMES))

    destroy("blue", Wish(data=True), answers("delete blue"), lambda _: None)

    assert present() == set()
    assert client("ssm").describe_parameters()["Parameters"] == []
