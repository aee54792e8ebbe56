"""A stage for `chalice deploy`: resources in a stack, and all else written out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from chalice.config import Config

from chalicelib.names import Names
from chalicelib.settings.references import NEEDS
from infra.deploy.package import PROJECT, read_config
from infra.deploy.plain import resources_alone, write_stage
from infra.deploy.template import compact

NAMES = Names(stage="dev", account="123456789012", region="eu-central-1")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / ".chalice", tmp_path / ".chalice", ignore=shutil.ignore_patterns("deploy*", "venv"))
    write_stage(tmp_path, NAMES, {"DataKey": "1-2-3"}, ["KEY_PEPPER", "OPERATOR_KEY"], "x86_64")
    return tmp_path


def test_the_stage_points_to_policies_of_its_own_without_a_reference(project: Path) -> None:
    config = read_config(project)
    stage = config["stages"]["dev"]

    assert set(stage["lambda_functions"]) == set(config["lambda_functions"])
    for function in stage["lambda_functions"].values():
        policy = (project / ".chalice" / function["iam_policy_file"]).read_text("utf-8")
        assert "Fn::" not in policy
        assert '"Ref"' not in policy
        assert ("arn:aws:kms:eu-central-1:123456789012:key/1-2-3" in policy) is ("kms:" in policy)


def test_its_functions_find_account_and_secrets_and_report_no_partial_batches(project: Path) -> None:
    pepper, operator = {"KEY_PEPPER": "ssm:/sluice/dev/KEY_PEPPER"}, {"OPERATOR_KEY": "ssm:/sluice/dev/OPERATOR_KEY"}
    config = Config("dev", config_from_disk=read_config(project), default_params={})
    environments = {name: config.scope("dev", name).environment_variables for name in NEEDS}

    shared = {"SLUICE_STAGE": "dev", "SLUICE_ACCOUNT_ID": "123456789012"}
    assert environments == {
        "api_handler": {**shared, "SLUICE_FUNCTION": "api_handler", **pepper, **operator},
        "attempt": {**shared, "SLUICE_FUNCTION": "attempt", **pepper},
        "webhook": {**shared, "SLUICE_FUNCTION": "webhook", **pepper},
        "rescue": {**shared, "SLUICE_FUNCTION": "rescue"},
        "backstop": {**shared, "SLUICE_FUNCTION": "backstop"},
    }


def test_writing_it_again_changes_nothing_and_leaves_other_stages_alone(project: Path) -> None:
    before = read_config(project)

    write_stage(project, NAMES, {"DataKey": "1-2-3"}, ["KEY_PEPPER", "OPERATOR_KEY"], "x86_64")

    assert read_config(project) == before
    assert before["stages"]["prod"] == read_config()["stages"]["prod"]


def test_the_stack_holds_no_function_and_names_every_parameter_that_it_uses() -> None:
    template = resources_alone("dev")

    assert all("Type" in resource for resource in template["Resources"].values())
    assert not any(resource["Type"].startswith("AWS::Serverless") for resource in template["Resources"].values())
    assert "${Stage}" not in compact(template)
    assert set(template["Parameters"]) == {"AlarmTopic", "GatewayLogs"}
    assert json.loads(compact(template)) == template
