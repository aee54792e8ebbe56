"""The template becomes real resources by API calls, as it says and no other way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.names import Names
from infra.apply import TemplateError, apply, load_template
from infra.local.aws import ACCOUNT, REGION, LocalAws, local_aws

NAMES = Names(stage="test", account=ACCOUNT, region=REGION)


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with local_aws() as aws:
        # Twice: what exists already is brought up to date.
        assert apply(load_template(), NAMES, aws.client) == apply(load_template(), NAMES, aws.client)
        yield aws


def test_tables_have_their_index_expiry_and_recovery(aws: LocalAws) -> None:
    dynamodb = aws.client("dynamodb")
    table = dynamodb.describe_table(TableName=NAMES.tasks_table)["Table"]
    expiry = dynamodb.describe_time_to_live(TableName=NAMES.tasks_table)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=NAMES.tasks_table)["ContinuousBackupsDescription"]

    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["listing"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert set(dynamodb.list_tables()["TableNames"]) == {NAMES.tasks_table, NAMES.identity_table, NAMES.items_table}


def test_queues_know_their_dead_letters_and_keep_strangers_out(aws: LocalAws) -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=NAMES.tasks_queue)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    statements = json.loads(attributes["Policy"])["Statement"]

    assert attributes["VisibilityTimeout"] == "900"
    assert json.loads(attributes["RedrivePolicy"]) == {
        "deadLetterTargetArn": NAMES.queue_arn(NAMES.dead_letters_queue),
        "maxReceiveCount": 20,
    }
    assert {statement["Resource"] for statement in statements} == {NAMES.queue_arn(NAMES.tasks_queue)}
    assert statements[1]["Condition"] == {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}


def test_schedules_get_their_group_and_a_role_that_may_send(aws: LocalAws) -> None:
    group = aws.client("scheduler").get_schedule_group(Name=NAMES.schedule_group)
    role = aws.client("iam").get_role(RoleName=NAMES.scheduler_role)["Role"]
    policy = aws.client("iam").get_role_policy(RoleName=NAMES.scheduler_role, PolicyName="send")["PolicyDocument"]

    assert group["State"] == "ACTIVE"
    assert role["Arn"] == NAMES.role_arn(NAMES.scheduler_role)
    assert policy["Statement"][0]["Resource"][0] == NAMES.queue_arn(NAMES.tasks_queue)


def test_schedules_outlive_a_second_application(aws: LocalAws) -> None:
    scheduler = aws.client("scheduler")
    scheduler.create_schedule(
        Name="kept",
        GroupName=NAMES.schedule_group,
        ScheduleExpression="at(2999-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": NAMES.queue_arn(NAMES.tasks_queue), "RoleArn": NAMES.role_arn(NAMES.scheduler_role)},
    )

    apply(load_template(), NAMES, aws.client)

    assert scheduler.get_schedule(Name="kept", GroupName=NAMES.schedule_group)["State"] == "ENABLED"


QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}


@pytest.mark.parametrize(
    ("resource", "named"),
    [
        ({"Type": "AWS::SNS::Topic"}, "Odd: resource type AWS::SNS::Topic"),
        ({**QUEUE, "CreationPolicy": {}}, "Odd: CreationPolicy"),
        ({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q", "FifoQueue": True}}, "Odd: property FifoQueue"),
        ({"Type": "AWS::SQS::Queue", "Properties": {}}, "Odd: property QueueName is missing"),
        ({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Join": ["", []]}}}, "intrinsic Fn::Join"),
        ({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Nobody"}}}, "Nobody.Ref"),
        ({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${Nobody}-q"}}}, "Nobody.Ref"),
    ],
)
def test_what_apply_does_not_know_is_an_error_that_names_it(aws: LocalAws, resource: Any, named: str) -> None:
    with pytest.raises(TemplateError, match=named):
        apply({"Resources": {"Odd": resource}}, NAMES, aws.client)
