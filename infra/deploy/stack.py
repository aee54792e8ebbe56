"""One CloudFormation stack: brought to a template through a change set, or taken away, with lines that tell of it."""

from __future__ import annotations

import textwrap
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.problems import StackError

Say = Callable[[str], None]

_CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
#: How CloudFormation says that a change set holds no change.
_EMPTY = ("didn't contain changes", "No updates are to be performed")
#: A change set that was never carried out leaves an empty stack behind.
_NEW = {None, "REVIEW_IN_PROGRESS"}
#: Seconds between two looks.
_PAUSE_S = 1.0
_WORDS = {"Add": "to make", "Modify": "to change", "Remove": "to remove", "Import": "to take over"}


class Stack:
    """A stack of one name. `pause_s`: seconds between two looks at what CloudFormation is doing."""

    def __init__(self, cloudformation: Any, name: str, say: Say, pause_s: float = _PAUSE_S) -> None:
        self.name = name
        self._cloudformation = cloudformation
        self._say = say
        self._pause_s = pause_s

    def status(self) -> str | None:
        """CloudFormation's word for the stack's state; None when there is none."""
        described = self._described(self.name)
        return None if described is None else described["StackStatus"]

    def is_new(self) -> bool:
        """Whether there is nothing in it yet."""
        return self.status() in _NEW

    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        described = self._described(self.name) or {}
        return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}

    def parameters(self) -> dict[str, str]:
        """The parameters that the stack was last brought up to date with."""
        described = self._described(self.name) or {}
        return {entry["ParameterKey"]: entry["ParameterValue"] for entry in described.get("Parameters", [])}

    def physical_ids(self) -> dict[str, str]:
        """Logical id -> what the resource is called, or its id where it has no name."""
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        listed = [entry for page in pages for entry in page["StackResourceSummaries"]]
        return {entry["LogicalResourceId"]: entry["PhysicalResourceId"] for entry in listed}

    def bring_to(self, template_url: str, parameters: Mapping[str, str], tags: Mapping[str, str]) -> bool:
        """Make the stack what the template says. False when it is that already. Raises StackError."""
        status = self.status()
        new = status in _NEW
        self._must_be_idle(status)
        change_set = f"sluice-{uuid.uuid4().hex}"
        self._cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=change_set,
            ChangeSetType="CREATE" if new else "UPDATE",
            TemplateURL=template_url,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=_CAPABILITIES,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            # Tables that outlived an earlier stack of this name come back with their data.
            ImportExistingResources=True,
            **({"OnStackFailure": "DELETE"} if new else {}),
        )
        changes = self._changes(change_set)
        if not changes:
            self._cloudformation.delete_change_set(StackName=self.name, ChangeSetName=change_set)
            return False
        counted = Counter(change["ResourceChange"]["Action"] for change in changes)
        self._say("  " + ", ".join(f"{counted[action]} {words}" for action, words in _WORDS.items() if counted[action]))
        self._carry_out(change_set, {"CREATE_COMPLETE", "UPDATE_COMPLETE"})
        return True

    def take_over(self, template_url: str, found: Sequence[Mapping[str, Any]]) -> None:
        """Begin the stack with resources that exist already, all that the template says. Raises StackError.

        `found`: CloudFormation's ResourcesToImport. It finds by itself what has a name, but not what has an id.
        """
        change_set = f"sluice-{uuid.uuid4().hex}"
        self._cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=change_set,
            ChangeSetType="IMPORT",
            TemplateURL=template_url,
            ResourcesToImport=list(found),
        )
        self._changes(change_set)
        self._carry_out(change_set, {"IMPORT_COMPLETE"})

    def remove(self) -> None:
        """Delete the stack; resources that it retains stay. Raises StackError."""
        self._must_be_idle(self.status())
        identifier, began = self._id(), time.time()
        self._cloudformation.delete_stack(StackName=self.name)
        end = self._follow(identifier, began)
        if end != "DELETE_COMPLETE":
            raise StackError(f"The stack {self.name} could not be deleted ({end}); what failed is told above")

    def _carry_out(self, change_set: str, ends: set[str]) -> None:
        began = time.time()
        self._cloudformation.execute_change_set(StackName=self.name, ChangeSetName=change_set)
        end = self._follow(self._id(), began)
        if end not in ends:
            raise StackError(f"The stack {self.name} is back where it was ({end}); what failed is told above")

    def _must_be_idle(self, status: str | None) -> None:
        if status is None or status == "REVIEW_IN_PROGRESS":
            return
        if status.endswith("_IN_PROGRESS"):
            raise StackError(f"The stack {self.name} is busy ({status}); try again when that has ended")
        if status.endswith("ROLLBACK_FAILED"):
            raise StackError(
                f"The stack {self.name} is stuck ({status}): `aws cloudformation continue-update-rollback "
                f"--stack-name {self.name}`, then try again"
            )

    def _changes(self, change_set: str) -> list[dict[str, Any]]:
        """What a change set would do, once it is worked out."""
        which = {"StackName": self.name, "ChangeSetName": change_set}
        while (described := self._cloudformation.describe_change_set(**which))["Status"] in {
            "CREATE_PENDING",
            "CREATE_IN_PROGRESS",
        }:
            time.sleep(self._pause_s)
        if described["Status"] == "FAILED":
            reason = described.get("StatusReason", "")
            if any(words in reason for words in _EMPTY):
                return []
            self._cloudformation.delete_change_set(**which)
            raise StackError(f"CloudFormation does not accept the change: {reason}")
        changes: list[dict[str, Any]] = described["Changes"]
        while "NextToken" in described:
            described = self._cloudformation.describe_change_set(**which, NextToken=described["NextToken"])
            changes += described["Changes"]
        return changes

    def _follow(self, identifier: str, began: float) -> str:
        """Tell of each resource as it gets ready, and of what fails, until the stack has come to rest: its state."""
        told: set[str] = set()
        while True:
            described = self._described(identifier)
            status: str = described["StackStatus"] if described else "DELETE_COMPLETE"
            self._tell(identifier, began, told)
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(self._pause_s)

    def _tell(self, identifier: str, began: float, told: set[str]) -> None:
        ready: list[str] = []
        for event in self._events(identifier, began):
            if event["EventId"] in told:
                continue
            told.add(event["EventId"])
            state = event["ResourceStatus"]
            if state.endswith("_FAILED"):
                why = event.get("ResourceStatusReason", "no reason given")
                self._say(f"  {event['LogicalResourceId']}: {state}: {why}")
            elif state.endswith("_COMPLETE") and event["LogicalResourceId"] != self.name:
                ready.append(event["LogicalResourceId"])
        if ready:
            names = textwrap.fill(", ".join(ready), 110, subsequent_indent=" " * 10)
            self._say(f"  {time.time() - began:4.0f} s  {names}")

    def _events(self, identifier: str, began: float) -> list[dict[str, Any]]:
        """What has happened since `began`, in order."""
        try:
            pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=identifier)
            newest_first = [event for page in pages for event in page["StackEvents"]]
        except ClientError:
            return []
        # The service's clock may be a little behind.
        return [event for event in reversed(newest_first) if event["Timestamp"].timestamp() >= began - 1]

    def _id(self) -> str:
        described = self._described(self.name)
        if described is None:
            raise StackError(f"There is no stack {self.name}")
        return str(described["StackId"])

    def _described(self, which: str) -> dict[str, Any] | None:
        try:
            (described,) = self._cloudformation.describe_stacks(StackName=which)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        stack: dict[str, Any] = described
        return stack
