"""The one template says what the rest of the product relies on."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.identity import PLANS
from chalicelib.domain.lifecycle import LEASE_MS
from chalicelib.names import Names
from infra.apply import load_template
from infra.host.functions import load_config, time_limit
from infra.local.stack import PROJECT

RESOURCES: dict[str, Any] = load_template()["Resources"]
NAMES = Names(stage="prod", account="123456789012", region="eu-central-1")

#: Function -> seconds after which Lambda stops it, and the queue that wakes it.
FUNCTIONS = {"attempt": (145, "TasksQueue"), "webhook": (30, "WebhooksQueue"), "rescue": (60, "DeadLettersQueue")}


def of_type(kind: str) -> dict[str, Any]:
    return {key: value["Properties"] for key, value in RESOURCES.items() if value.get("Type") == kind}


def test_every_name_of_the_code_is_in_the_template_and_the_reverse() -> None:
    keys = {"TableName", "QueueName", "Name", "RoleName"}
    made = {
        (kind, value["Fn::Sub"].replace("${Stage}", NAMES.stage))
        for kind in ("AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Scheduler::ScheduleGroup", "AWS::IAM::Role")
        for properties in of_type(kind).values()
        for key, value in properties.items()
        if key in keys
    }
    suffixes = {
        "_table": "AWS::DynamoDB::Table",
        "_queue": "AWS::SQS::Queue",
        "_group": "AWS::Scheduler::ScheduleGroup",
        "_role": "AWS::IAM::Role",
    }
    named = {
        (kind, value)
        for attribute in dir(Names)
        for suffix, kind in suffixes.items()
        if attribute.endswith(suffix) and isinstance(value := getattr(NAMES, attribute), str)
    }

    assert made == named


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_message_stays_hidden_for_six_times_the_limit_of_its_function(function: str) -> None:
    limit, queue = FUNCTIONS[function]

    assert RESOURCES[queue]["Properties"]["VisibilityTimeout"] >= 6 * limit


def test_callback_lease_function_and_visibility_follow_each_other() -> None:
    callback = max(plan.max_wait_s for plan in PLANS.values())
    lease = LEASE_MS / 1000
    function, queue = FUNCTIONS["attempt"]

    assert callback + 5 < lease < function < RESOURCES[queue]["Properties"]["VisibilityTimeout"] / 6


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_deployed_functions_keep_these_limits(function: str) -> None:
    assert time_limit(load_config(PROJECT, None), function) == FUNCTIONS[function][0]


def test_every_message_ends_among_the_dead_letters_only_after_twenty_receives() -> None:
    for logical_id in ("TasksQueue", "WebhooksQueue"):
        redrive = RESOURCES[logical_id]["Properties"]["RedrivePolicy"]
        assert redrive == {"deadLetterTargetArn": {"Fn::GetAtt": ["DeadLettersQueue", "Arn"]}, "maxReceiveCount": 20}


@pytest.mark.parametrize("logical_id", of_type("AWS::SQS::Queue"))
def test_queues_keep_their_messages_for_long_encrypted_and_to_themselves(logical_id: str) -> None:
    queue = RESOURCES[logical_id]["Properties"]
    (statements,) = [
        policy["PolicyDocument"]["Statement"]
        for policy in of_type("AWS::SQS::QueuePolicy").values()
        if policy["Queues"] == [{"Ref": logical_id}]
    ]

    assert queue["MessageRetentionPeriod"] == 14 * 86_400
    assert queue["SqsManagedSseEnabled"] is True
    assert {(statement["Effect"], statement["Principal"], statement["Action"]) for statement in statements} == {
        ("Deny", "*", "sqs:*")
    }
    assert [statement["Condition"] for statement in statements] == [
        {"Bool": {"aws:SecureTransport": "false"}},
        {"StringNotEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}},
    ]
    assert all(statement["Resource"] == {"Fn::GetAtt": [logical_id, "Arn"]} for statement in statements)


@pytest.mark.parametrize("logical_id", of_type("AWS::DynamoDB::Table"))
def test_tables_survive_the_stack_and_can_be_restored(logical_id: str) -> None:
    table = RESOURCES[logical_id]

    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["Properties"]["SSESpecification"] == {"SSEEnabled": True}


def test_the_data_key_outlives_the_stack_rotates_and_serves_its_stage_alone() -> None:
    key, alias = RESOURCES["DataKey"], RESOURCES["DataKeyAlias"]["Properties"]
    allowed, denied = key["Properties"]["KeyPolicy"]["Statement"]

    assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == "Retain"
    assert key["Properties"]["EnableKeyRotation"] is True
    assert alias["AliasName"]["Fn::Sub"].replace("${Stage}", NAMES.stage) == NAMES.data_key
    assert alias["TargetKeyId"] == {"Ref": "DataKey"}
    assert allowed["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    assert denied["Effect"] == "Deny"
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= set(denied["Action"])
    assert denied["Condition"] == {"StringNotEquals": {"kms:EncryptionContext:stage": {"Ref": "Stage"}}}


def test_the_scheduler_may_send_to_the_tasks_and_the_dead_letters_alone() -> None:
    role = RESOURCES["SchedulerRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    (policy,) = role["Policies"]
    (grant,) = policy["PolicyDocument"]["Statement"]

    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert grant["Action"] == "sqs:SendMessage"
    assert grant["Resource"] == [{"Fn::GetAtt": [queue, "Arn"]} for queue in ("TasksQueue", "DeadLettersQueue")]
