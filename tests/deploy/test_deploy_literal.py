"""Policies with every ARN written out, for a deployment without CloudFormation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chalicelib.names import Names
from infra.apply import load_template
from infra.deploy.literal import Literal

NAMES = Names(stage="dev", account="123456789012", region="eu-central-1")
LITERAL = Literal(load_template(), NAMES, {"DataKey": "1-2-3"})
FOLDER = Path(__file__).parents[2] / ".chalice"


@pytest.mark.parametrize("policy", sorted(FOLDER.glob("policy-*.json")), ids=lambda path: path.stem)
def test_no_reference_is_left_in_a_policy(policy: Path) -> None:
    rendered = json.dumps(LITERAL.render(json.loads(policy.read_text("utf-8"))))

    assert "Fn::" not in rendered
    assert '"Ref"' not in rendered
    assert "${" not in rendered
    assert "sluice-dev-" in rendered


def test_an_arn_is_that_of_the_resource_with_its_name() -> None:
    table = "arn:aws:dynamodb:eu-central-1:123456789012:table/sluice-dev-tasks"

    assert LITERAL.render({"Fn::GetAtt": ["TasksTable", "Arn"]}) == table
    assert LITERAL.render({"Fn::Sub": "${TasksTable.Arn}/index/listing"}) == f"{table}/index/listing"
    assert LITERAL.render({"Fn::GetAtt": ["SchedulerRole", "Arn"]}) == NAMES.role_arn(NAMES.scheduler_role)
    assert LITERAL.render({"Fn::GetAtt": ["TasksQueue", "Arn"]}) == NAMES.queue_arn(NAMES.tasks_queue)


def test_what_is_named_by_an_id_is_taken_from_the_stack() -> None:
    template = {"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {}}}}

    arn = Literal(template, NAMES, {"Key": "1-2-3"}).render({"Fn::GetAtt": ["Key", "Arn"]})

    assert arn == "arn:aws:kms:eu-central-1:123456789012:key/1-2-3"


def test_a_queue_goes_by_its_name_whatever_its_address_is() -> None:
    physical_ids = {"TasksQueue": "https://sqs.eu-central-1.amazonaws.com/123456789012/sluice-dev-tasks"}

    arn = Literal(load_template(), NAMES, physical_ids).render({"Fn::GetAtt": ["TasksQueue", "Arn"]})

    assert arn == NAMES.queue_arn(NAMES.tasks_queue)


def test_a_reference_to_nothing_is_an_error() -> None:
    with pytest.raises(KeyError, match="Nobody"):
        LITERAL.render({"Fn::GetAtt": ["Nobody", "Arn"]})
