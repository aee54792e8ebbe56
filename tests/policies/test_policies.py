"""What each function may do is what it does: an action that is used and not allowed fails here, and the reverse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from policies.permissions import FUNCTIONS, QUEUES, ROOT, Permission, arn, granted, of_the_platform
from policies.stories import Stage, tell

from chalicelib.aws import keys
from chalicelib.aws.attributes import text_of
from chalicelib.engine.backstop import NAME


@pytest.fixture(scope="module")
def used() -> Iterator[dict[str, set[Permission]]]:
    with Stage() as stage:
        tell(stage)
        yield {function: stage.listener.used[function] | of_the_platform(function) for function in FUNCTIONS}


def differences(allowed: set[Permission], needed: set[Permission]) -> list[str]:
    """Where a policy and its use part, for people."""
    return [
        *(f"used and not allowed: {action} on {resource}" for action, resource in sorted(needed - allowed)),
        *(f"allowed and not used: {action} on {resource}" for action, resource in sorted(allowed - needed)),
    ]


def policy(function: str) -> Any:
    return json.loads((ROOT / ".chalice" / FUNCTIONS[function]["iam_policy_file"]).read_text("utf-8"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_what_it_does_and_nothing_else(function: str, used: dict[str, set[Permission]]) -> None:
    assert differences(granted(function), used[function]) == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_permission_that_is_taken_away_is_missed(function: str, used: dict[str, set[Permission]]) -> None:
    for statement in policy(function)["Statement"]:
        for action in statement["Action"]:
            changed = policy(function)
            at = policy(function)["Statement"].index(statement)
            changed["Statement"][at]["Action"].remove(action)
            assert any(
                difference.startswith(f"used and not allowed: {action} on ")
                for difference in differences(granted(function, changed), used[function])
            ), f"nobody would miss {action} on {statement['Resource']}"


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:DeleteTable", {"Fn::GetAtt": ["TasksTable", "Arn"]}),
        ("dynamodb:PutItem", {"Fn::Sub": "${IdentityTable.Arn}/index/none"}),
        ("sqs:PurgeQueue", {"Fn::GetAtt": ["DeadLettersQueue", "Arn"]}),
        ("iam:PassRole", "*"),
    ],
)
def test_each_permission_too_many_is_noticed(
    function: str, action: str, resource: Any, used: dict[str, set[Permission]]
) -> None:
    changed = policy(function)
    changed["Statement"].append({"Effect": "Allow", "Action": [action], "Resource": resource})

    (difference,) = differences(granted(function, changed), used[function])

    assert difference.startswith(f"allowed and not used: {action} on ")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_granted_by_pattern_but_streams_indexes_and_schedules(function: str) -> None:
    for action, resource in granted(function):
        assert "*" not in action
        if resource.endswith("*"):
            own = (
                resource.endswith(":*") and ":log-group:" in resource
            ) or ":schedule/sluice-bench-schedules/*" in resource
            assert own, f"{action} on {resource}"
        assert "*" not in resource[:-1]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_statement_allows(function: str) -> None:
    assert {statement["Effect"] for statement in policy(function)["Statement"]} == {"Allow"}


@pytest.mark.parametrize(("function", "queue"), QUEUES.items())
def test_a_worker_may_take_from_its_own_queue_and_from_no_other(function: str, queue: str) -> None:
    assert {resource for action, resource in granted(function) if action == "sqs:ReceiveMessage"} == {arn(queue)}


@pytest.mark.parametrize("function", QUEUES)
def test_no_worker_may_change_who_is_who(function: str) -> None:
    identity = {action for action, resource in granted(function) if resource.startswith(arn("IdentityTable"))}
    assert identity <= {"dynamodb:GetItem"}


def test_a_role_is_passed_to_the_scheduler_alone() -> None:
    passed = {resource for function in FUNCTIONS for action, resource in granted(function) if action == "iam:PassRole"}

    assert passed == {arn("SchedulerRole")}


def test_the_backstop_may_keep_its_own_place_beside_who_is_who_and_nothing_else() -> None:
    (statement,) = [
        each for each in policy("backstop")["Statement"] if each["Resource"] == {"Fn::GetAtt": ["IdentityTable", "Arn"]}
    ]

    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [text_of(keys.blob(NAME)["pk"])]}
    }


@pytest.mark.parametrize("function", ["api_handler", *QUEUES])
def test_a_data_key_is_asked_for_in_the_name_of_its_stage_and_holder(function: str) -> None:
    (statement,) = [each for each in policy(function)["Statement"] if each["Action"][0].startswith("kms:")]

    assert statement["Condition"] == {
        "StringEquals": {"kms:EncryptionContext:stage": {"Ref": "Stage"}},
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["stage", "holder", "generation"]},
    }


def test_only_functions_that_store_for_customers_make_data_keys() -> None:
    makers = {name for name in FUNCTIONS if ("kms:GenerateDataKey", arn("DataKey")) in granted(name)}

    assert makers == {"api_handler", "attempt"}
