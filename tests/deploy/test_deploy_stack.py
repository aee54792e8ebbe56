"""One stack follows its template, and says how it goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy.problems import StackError
from infra.deploy.stack import Stack


class CloudFormation:
    """A service that goes through states as scripted: each look at the stack shows the next, the last one stays."""

    def __init__(self, *states: str | None, change_set: dict[str, Any] | None = None, failed: str = "") -> None:
        self._states = list(states)
        self._change_set = change_set or {"Status": "CREATE_COMPLETE", "Changes": [change("Add"), change("Add")]}
        self._failed = failed
        self.asked: dict[str, Any] = {}
        self.called: list[str] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        if state is None:
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": f"Stack {StackName} does not exist"}}, "DescribeStacks"
            )
        return {"Stacks": [{"StackId": "arn:stack", "StackStatus": state}]}

    def create_change_set(self, **asked: Any) -> None:
        self.asked = asked
        self.called.append("create_change_set")

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        return self._change_set

    def delete_change_set(self, **_: Any) -> None:
        self.called.append("delete_change_set")

    def execute_change_set(self, **_: Any) -> None:
        self.called.append("execute_change_set")

    def delete_stack(self, **_: Any) -> None:
        self.called.append("delete_stack")

    def get_paginator(self, _name: str) -> Any:
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        event = {"EventId": "1", "Timestamp": datetime.now(UTC), "LogicalResourceId": "TasksTable"}
        if self._failed:
            yield {"StackEvents": [{**event, "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": self._failed}]}
        else:
            yield {"StackEvents": [{**event, "ResourceStatus": "CREATE_COMPLETE"}]}


def change(action: str) -> dict[str, Any]:
    return {"ResourceChange": {"Action": action}}


def bring(cloudformation: CloudFormation) -> tuple[bool, list[str]]:
    said: list[str] = []
    stack = Stack(cloudformation, "sluice-blue", said.append, pause_s=0)
    return stack.bring_to("https://bucket/template", {"A": "1"}, {"Project": "sluice"}), said


def test_a_new_stack_is_made_and_what_gets_ready_is_told() -> None:
    service = CloudFormation(None, "REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE")

    changed, said = bring(service)

    assert changed
    assert service.asked["ChangeSetType"] == "CREATE"
    assert service.asked["OnStackFailure"] == "DELETE"
    assert service.asked["ImportExistingResources"] is True
    assert said[0] == "  2 to make"
    assert said[1].endswith(" s  TasksTable")


def test_an_existing_stack_is_updated() -> None:
    service = CloudFormation(
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        change_set={"Status": "CREATE_COMPLETE", "Changes": [change("Modify"), change("Remove")]},
    )

    changed, said = bring(service)

    assert changed
    assert service.asked["ChangeSetType"] == "UPDATE"
    assert "OnStackFailure" not in service.asked
    assert said[0] == "  1 to change, 1 to remove"


@pytest.mark.parametrize(
    "reason", ["The submitted information didn't contain changes.", "No updates are to be performed."]
)
def test_nothing_to_change_is_no_failure(reason: str) -> None:
    service = CloudFormation("UPDATE_COMPLETE", change_set={"Status": "FAILED", "StatusReason": reason, "Changes": []})

    changed, said = bring(service)

    assert not changed
    assert said == []
    assert service.called == ["create_change_set", "delete_change_set"]


def test_a_template_that_is_refused_is_told_with_the_reason() -> None:
    service = CloudFormation(
        None, change_set={"Status": "FAILED", "StatusReason": "Unresolved resource", "Changes": []}
    )

    with pytest.raises(StackError, match="does not accept the change: Unresolved resource"):
        bring(service)

    assert service.called == ["create_change_set", "delete_change_set"]


def test_what_fails_is_told_with_its_reason() -> None:
    service = CloudFormation("CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", failed="limit exceeded")
    said: list[str] = []
    stack = Stack(service, "sluice-blue", said.append, pause_s=0)

    with pytest.raises(StackError, match="back where it was"):
        stack.bring_to("https://bucket/template", {}, {})

    assert "  TasksTable: CREATE_FAILED: limit exceeded" in said


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("UPDATE_IN_PROGRESS", "is busy"),
        ("DELETE_IN_PROGRESS", "is busy"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name sluice-blue"),
    ],
)
def test_a_stack_that_is_not_at_rest_is_left_alone(status: str, said: str) -> None:
    service = CloudFormation(status)

    with pytest.raises(StackError, match=said):
        bring(service)

    assert service.called == []


def test_a_change_set_that_was_never_carried_out_does_not_stand_in_the_way() -> None:
    service = CloudFormation("REVIEW_IN_PROGRESS", "CREATE_COMPLETE")

    bring(service)

    assert service.asked["ChangeSetType"] == "CREATE"


def test_a_stack_is_removed() -> None:
    service = CloudFormation("CREATE_COMPLETE", "CREATE_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_COMPLETE")

    Stack(service, "sluice-blue", lambda _: None, pause_s=0).remove()

    assert service.called == ["delete_stack"]


def test_a_stack_that_cannot_be_removed_is_an_error() -> None:
    service = CloudFormation("CREATE_COMPLETE", "CREATE_COMPLETE", "DELETE_FAILED")

    with pytest.raises(StackError, match="DELETE_FAILED"):
        Stack(service, "sluice-blue", lambda _: None, pause_s=0).remove()
