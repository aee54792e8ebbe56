"""What each Lambda function may do: its own policy file, no more than it needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text("utf-8"))["lambda_functions"]
WORKERS = {"attempt": "TasksQueue", "webhook": "WebhooksQueue", "rescue": "DeadLettersQueue"}


def grants(function: str) -> set[tuple[str, str]]:
    """The actions a function is allowed, each with the resource it is for."""
    policy = json.loads((ROOT / ".chalice" / FUNCTIONS[function]["iam_policy_file"]).read_text("utf-8"))
    return {
        (action, json.dumps(resource))
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_grant_is_open_ended(function: str) -> None:
    for action, resource in grants(function):
        assert "*" not in action
        assert "TasksTable" in resource or "IdentityTable" in resource or "Queue" in resource or "Fn::" in resource
        assert resource != '"*"'


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_may_write_its_log(function: str) -> None:
    # A policy file replaces what Chalice would have granted by itself.
    assert any(action == "logs:PutLogEvents" for action, _ in grants(function))


@pytest.mark.parametrize(("function", "queue"), WORKERS.items())
def test_a_worker_may_take_from_its_own_queue_and_from_no_other(function: str, queue: str) -> None:
    received = {resource for action, resource in grants(function) if action == "sqs:ReceiveMessage"}
    assert received == {json.dumps({"Fn::GetAtt": [queue, "Arn"]})}


@pytest.mark.parametrize("function", WORKERS)
def test_no_worker_may_change_who_is_who(function: str) -> None:
    identity = {action for action, resource in grants(function) if "IdentityTable" in resource}
    assert identity <= {"dynamodb:GetItem"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_a_policy_names_is_in_the_template(function: str) -> None:
    template = json.loads((ROOT / "infra" / "resources.json").read_text("utf-8"))["Resources"]
    for _, resource in grants(function):
        value = json.loads(resource)
        if "Fn::GetAtt" in value:
            assert value["Fn::GetAtt"][0] in template
