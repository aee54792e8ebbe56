"""The template of a deployment: what `chalice package` writes, for one stage, with its code in a bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_STAGE = "${Stage}"


def for_stage(value: Any, stage: str) -> Any:
    """A piece of template with the stage's name in the place of the parameter `Stage`.

    CloudFormation takes over a resource that exists already only when its name is written out.
    """
    if isinstance(value, list):
        return [for_stage(entry, stage) for entry in value]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "Stage"}:
        return stage
    if isinstance(text := value.get("Fn::Sub"), str):
        text = text.replace(_STAGE, stage)
        return {"Fn::Sub": text} if "${" in text else text
    return {key: for_stage(entry, stage) for key, entry in value.items()}


def deployable(packaged: Mapping[str, Any], stage: str, *, bucket: str, key: str) -> dict[str, Any]:
    """The template that `chalice package` wrote, for a stage, with the functions' code at `key` in `bucket`."""
    template: dict[str, Any] = for_stage(packaged, stage)
    del template["Parameters"]["Stage"]
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    return template


def compact(template: Mapping[str, Any]) -> str:
    """JSON without a blank: CloudFormation takes a megabyte at most."""
    return json.dumps(template, separators=(",", ":"), sort_keys=True)
