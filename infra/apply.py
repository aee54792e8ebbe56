"""Make the resources of `resources.json` by plain API calls, where no CloudFormation is at hand.

The local stack and the tests read the very template that a deployment merges. Whatever of it this file does not know
(a resource type, a property, an intrinsic) is an error that names it: nothing is skipped in silence. What only a
deployment has use for (`DEPLOYED_ONLY`, and the patches of what Chalice makes) is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from re import Match
from re import compile as pattern
from typing import Any

from chalicelib.names import Names

TEMPLATE = Path(__file__).with_name("resources.json")

#: Service name ("sqs") -> boto3 client.
Clients = Callable[[str], Any]
#: Logical id -> what `Ref` ("Ref") and `Fn::GetAtt` (the attribute's name) give for it.
Made = dict[str, dict[str, str]]

#: Resources that watch functions and an API behind a gateway: where there are none, nothing would feed them.
DEPLOYED_ONLY = {
    "AWS::ApiGateway::Account",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
}
#: Conditions that never hold where there is no deployment.
_UNMET = {"OwnGatewayLogs"}
#: What only a stack looks at; an API call has no place for it.
_STACK_ONLY = {"Type", "Properties", "DeletionPolicy", "UpdateReplacePolicy"}
_PLACEHOLDER = pattern(r"\$\{([^}]+)\}")


class TemplateError(ValueError):
    """The template asks for something that `apply` cannot make."""


def load_template(path: Path = TEMPLATE) -> dict[str, Any]:
    """The template as parsed JSON."""
    template: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return template


def resources(template: Mapping[str, Any]) -> dict[str, Any]:
    """The resources that the template makes. What else stands among them patches a resource that Chalice makes."""
    return {key: entry for key, entry in template["Resources"].items() if "Type" in entry}


def apply(template: Mapping[str, Any], names: Names, clients: Clients) -> Made:
    """Make every resource of the template for one stage; those that exist are brought up to date.

    Returns what each logical id refers to. Raises `TemplateError` for what it does not know.
    """
    wanted = {
        key: resource
        for key, resource in resources(template).items()
        if resource["Type"] not in DEPLOYED_ONLY and resource.get("Condition") not in _UNMET
    }
    for logical_id, resource in wanted.items():
        if resource["Type"] not in _MAKERS:
            raise TemplateError(f"{logical_id}: resource type {resource['Type']} is not known to apply")
        if unknown := set(resource) - _STACK_ONLY:
            raise TemplateError(f"{logical_id}: {', '.join(sorted(unknown))} is not known to apply")
    made: Made = {}
    scope = _Scope(names, made)
    needs = {key: set(_mentions(value)) & set(wanted) for key, value in wanted.items()}
    for logical_id in TopologicalSorter(needs).static_order():
        resource = wanted[logical_id]
        properties = _Properties(logical_id, scope.resolve(resource.get("Properties", {})))
        made[logical_id] = _MAKERS[resource["Type"]](properties, names, clients)
        properties.finish()
    return made


@dataclass(frozen=True, slots=True)
class _Scope:
    """What an intrinsic can name: the pseudo parameters, `Stage`, and the resources made so far."""

    names: Names
    made: Made

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.resolve(entry) for entry in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return self.ref(argument)
            if name == "Fn::GetAtt":
                return self.attribute(*argument)
            if name == "Fn::Sub" and isinstance(argument, str):
                return _PLACEHOLDER.sub(self._substitute, argument)
            if name.startswith("Fn::") or name == "Condition":
                raise TemplateError(f"intrinsic {name} is not known to apply")
        return {key: self.resolve(entry) for key, entry in value.items()}

    def ref(self, name: str) -> str:
        parameters = {
            "Stage": self.names.stage,
            "AWS::AccountId": self.names.account,
            "AWS::Region": self.names.region,
            "AWS::Partition": "aws",
        }
        if name in parameters:
            return parameters[name]
        return self.attribute(name, "Ref")

    def attribute(self, logical_id: str, name: str) -> str:
        try:
            return self.made[logical_id][name]
        except KeyError:
            raise TemplateError(f"{logical_id}.{name} is not known to apply") from None

    def _substitute(self, found: Match[str]) -> str:
        name, _, attribute = found[1].partition(".")
        return self.attribute(name, attribute) if attribute else self.ref(name)


def _mentions(value: Any) -> Iterator[str]:
    """The logical ids and parameters that a piece of the template refers to."""
    if isinstance(value, list):
        for entry in value:
            yield from _mentions(entry)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if key == "Ref" and isinstance(entry, str):
                yield entry
            elif key == "Fn::GetAtt" and isinstance(entry, list):
                yield entry[0]
            elif key == "Fn::Sub" and isinstance(entry, str):
                yield from (name.partition(".")[0] for name in _PLACEHOLDER.findall(entry))
            else:
                yield from _mentions(entry)


@dataclass(slots=True)
class _Properties:
    """The resolved properties of one resource; each must be taken, so that none goes unused."""

    logical_id: str
    left: dict[str, Any] = field(default_factory=dict)

    def take(self, name: str) -> Any:
        """A required property."""
        if name not in self.left:
            raise TemplateError(f"{self.logical_id}: property {name} is missing")
        return self.left.pop(name)

    def take_known(self, *names: str) -> dict[str, Any]:
        """Those of the named properties that are present."""
        return {name: self.left.pop(name) for name in names if name in self.left}

    def finish(self) -> None:
        if self.left:
            raise TemplateError(f"{self.logical_id}: property {', '.join(sorted(self.left))} is not known to apply")


def _table(properties: _Properties, names: Names, clients: Clients) -> dict[str, str]:
    dynamodb = clients("dynamodb")
    name = properties.take("TableName")
    expiry = properties.take_known("TimeToLiveSpecification").get("TimeToLiveSpecification")
    recovery = properties.take_known("PointInTimeRecoverySpecification").get("PointInTimeRecoverySpecification")
    encryption = properties.take_known("SSESpecification").get("SSESpecification", {})
    definition = properties.take_known("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
    if encryption:
        # The API's word for what the template calls SSEEnabled.
        definition["SSESpecification"] = {"Enabled": encryption["SSEEnabled"]}
    with suppress(dynamodb.exceptions.ResourceInUseException):  # made before
        dynamodb.create_table(TableName=name, **definition)
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    if expiry:
        state = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        # The service refuses to enable what is enabled.
        if state["TimeToLiveStatus"] not in {"ENABLED", "ENABLING"}:
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
    if recovery:
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    return {"Ref": name, "Arn": f"arn:aws:dynamodb:{names.region}:{names.account}:table/{name}"}


_QUEUE_ATTRIBUTES = ("VisibilityTimeout", "MessageRetentionPeriod", "SqsManagedSseEnabled", "RedrivePolicy")


def _queue(properties: _Properties, names: Names, clients: Clients) -> dict[str, str]:
    sqs = clients("sqs")
    name = properties.take("QueueName")
    attributes = {key: _attribute(value) for key, value in properties.take_known(*_QUEUE_ATTRIBUTES).items()}
    # Made bare, then set: a queue that exists with other attributes cannot be made again, but can be changed.
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    if attributes:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    return {"Ref": url, "Arn": names.queue_arn(name), "QueueName": name}


def _attribute(value: Any) -> str:
    """A queue attribute travels as text: JSON for objects and for the booleans true and false."""
    return value if isinstance(value, str) else json.dumps(value)


def _queue_policy(properties: _Properties, _names: Names, clients: Clients) -> dict[str, str]:
    policy = _attribute(properties.take("PolicyDocument"))
    for url in properties.take("Queues"):
        clients("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return {}


def _schedule_group(properties: _Properties, names: Names, clients: Clients) -> dict[str, str]:
    scheduler = clients("scheduler")
    name = properties.take("Name")
    try:
        # Looked up first: moto would replace a group that exists, with all its schedules.
        scheduler.get_schedule_group(Name=name)
    except scheduler.exceptions.ResourceNotFoundException:
        scheduler.create_schedule_group(Name=name)
    return {"Ref": name, "Arn": f"arn:aws:scheduler:{names.region}:{names.account}:schedule-group/{name}"}


def _role(properties: _Properties, names: Names, clients: Clients) -> dict[str, str]:
    iam = clients("iam")
    name = properties.take("RoleName")
    trust = _attribute(properties.take("AssumeRolePolicyDocument"))
    try:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    except iam.exceptions.EntityAlreadyExistsException:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    for policy in properties.take_known("Policies").get("Policies", []):
        iam.put_role_policy(
            RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=_attribute(policy["PolicyDocument"])
        )
    return {"Ref": name, "Arn": names.role_arn(name)}


def _kms_key(properties: _Properties, _names: Names, clients: Clients) -> dict[str, str]:
    kms = clients("kms")
    description = properties.take("Description")
    policy = _attribute(properties.take("KeyPolicy"))
    rotated = properties.take_known("EnableKeyRotation").get("EnableKeyRotation", False)
    # A key has no name of its own: one that was made before is known by what it is for.
    pages = kms.get_paginator("list_keys").paginate()
    known = (kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for page in pages for each in page["Keys"])
    key = next((found for found in known if found["Description"] == description and found["Enabled"]), None)
    if key is None:
        key = kms.create_key(Description=description, Policy=policy)["KeyMetadata"]
    else:
        kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=policy)
    if rotated:
        kms.enable_key_rotation(KeyId=key["KeyId"])
    return {"Ref": key["KeyId"], "Arn": key["Arn"]}


def _kms_alias(properties: _Properties, _names: Names, clients: Clients) -> dict[str, str]:
    kms = clients("kms")
    name, key = properties.take("AliasName"), properties.take("TargetKeyId")
    try:
        kms.create_alias(AliasName=name, TargetKeyId=key)
    except kms.exceptions.AlreadyExistsException:
        kms.update_alias(AliasName=name, TargetKeyId=key)
    return {"Ref": name}


_MAKERS: Mapping[str, Callable[[_Properties, Names, Clients], dict[str, str]]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::Scheduler::ScheduleGroup": _schedule_group,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Alias": _kms_alias,
    "AWS::KMS::Key": _kms_key,
}
