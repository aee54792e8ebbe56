"""Policies with every ARN written out, for where no CloudFormation resolves what they refer to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.names import Names
from infra.apply import resources
from infra.deploy.template import for_stage

_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
#: Resource type -> its ARN, from partition, region, account and what CloudFormation calls the physical id.
_ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{id}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{id}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{id}",
    # As CloudFormation gives it: with all the streams of the group.
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{id}:*",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{id}",
}
#: The property that names a resource of a type.
_NAMES = ("TableName", "RoleName", "LogGroupName", "QueueName", "Name")


class Literal:
    """Resolves references to the resources of a template, for one stage.

    `physical_ids`: logical id -> the name or id of a resource that its properties do not name.
    """

    def __init__(self, template: Mapping[str, Any], names: Names, physical_ids: Mapping[str, str]) -> None:
        self._names = names
        self._resources = for_stage(resources(template), names.stage)
        self._physical_ids = physical_ids

    def render(self, value: Any) -> Any:
        """A piece of template without intrinsics. Raises KeyError for what is not known here."""
        if isinstance(value, list):
            return [self.render(entry) for entry in value]
        if not isinstance(value, dict):
            return value
        match value:
            case {"Ref": str(name)}:
                return self._ref(name)
            case {"Fn::GetAtt": [str(logical_id), "Arn"]}:
                return self._arn(logical_id)
            case {"Fn::Sub": str(text)}:
                return _PLACEHOLDER.sub(lambda found: self._substituted(found[1]), text)
            case _:
                return {key: self.render(entry) for key, entry in value.items()}

    def _ref(self, name: str) -> str:
        pseudo = {
            "Stage": self._names.stage,
            "AWS::AccountId": self._names.account,
            "AWS::Region": self._names.region,
            "AWS::Partition": "aws",
        }
        if name in pseudo:
            return pseudo[name]
        properties = self._resources[name]["Properties"]
        # The name first: what CloudFormation calls a queue is its address.
        named: str | None = next((properties[key] for key in _NAMES if key in properties), None)
        return self._physical_ids[name] if named is None else named

    def _arn(self, logical_id: str) -> str:
        pattern = _ARNS[self._resources[logical_id]["Type"]]
        return pattern.format(region=self._names.region, account=self._names.account, id=self._ref(logical_id))

    def _substituted(self, name: str) -> str:
        logical_id, _, attribute = name.partition(".")
        return self._arn(logical_id) if attribute == "Arn" else self._ref(name)
