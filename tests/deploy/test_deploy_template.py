"""From Chalice's template to that of a stage."""

from __future__ import annotations

import json
from typing import Any

from infra.apply import load_template, resources
from infra.deploy.template import compact, deployable, for_stage


def packaged() -> dict[str, Any]:
    template = load_template()
    template["Resources"] = {
        **resources(template),
        "Attempt": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./deployment.zip"}},
    }
    return template


def test_the_stage_is_written_out_and_no_parameter_any_more() -> None:
    template = deployable(packaged(), "blue", bucket="b", key="k")

    assert template["Resources"]["TasksTable"]["Properties"]["TableName"] == "sluice-blue-tasks"
    assert "Stage" not in template["Parameters"]
    assert "${Stage}" not in compact(template)


def test_what_else_a_text_names_is_left_to_cloudformation() -> None:
    assert for_stage({"Fn::Sub": "${Stage}-${AWS::Region}"}, "blue") == {"Fn::Sub": "blue-${AWS::Region}"}
    assert for_stage([{"Ref": "Stage"}, {"Ref": "Other"}], "blue") == ["blue", {"Ref": "Other"}]


def test_the_functions_take_their_code_from_the_bucket() -> None:
    template = deployable(packaged(), "blue", bucket="b", key="blue/1.zip")

    assert template["Resources"]["Attempt"]["Properties"]["CodeUri"] == {"Bucket": "b", "Key": "blue/1.zip"}


def test_it_is_written_without_a_blank() -> None:
    template = deployable(packaged(), "blue", bucket="b", key="k")

    assert json.loads(compact(template)) == template
    assert len(compact(template)) < len(json.dumps(template))
