"""Another operator key: made, kept and in force, and never printed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.apply import load_template
from infra.deploy import secrets
from infra.deploy.problems import NotReadyError
from infra.deploy.rotate import api_function, rotate_operator_key

REGION = "us-east-1"


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", REGION)
    with mock_aws(config={"lambda": {"use_docker": False}}):
        yield


def a_function(name: str) -> None:
    role = client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    client("lambda").create_function(
        FunctionName=name, Runtime="python3.11", Role=role, Handler="app.app", Code={"ZipFile": code.getvalue()}
    )


def test_a_new_key_takes_the_place_of_the_old_one_and_the_api_s_processes_are_renewed(aws: None) -> None:
    before, _ = secrets.ensure(client("ssm"), "blue")
    a_function("sluice-blue")
    said: list[str] = []

    rotate_operator_key("blue", said.append)

    after, made = secrets.ensure(client("ssm"), "blue")
    assert made == []
    assert after["OPERATOR_KEY"] != before["OPERATOR_KEY"]
    assert len(after["OPERATOR_KEY"]) >= 32
    assert after["KEY_PEPPER"] == before["KEY_PEPPER"]
    assert client("lambda").get_function(FunctionName="sluice-blue")["Configuration"]["Description"] == "Operator key 2"
    assert after["OPERATOR_KEY"] not in "\n".join(said)


def test_a_stage_that_is_not_there_is_named_with_what_makes_it(aws: None) -> None:
    with pytest.raises(NotReadyError, match="make deploy STAGE=blue"):
        rotate_operator_key("blue", lambda _: None)
    secrets.ensure(client("ssm"), "blue")
    with pytest.raises(NotReadyError, match="There is no function sluice-blue in this region"):
        rotate_operator_key("blue", lambda _: None)


def test_the_function_behind_the_api_is_called_as_in_the_template() -> None:
    properties = load_template()["Resources"]["APIHandler"]["Properties"]
    assert api_function("blue") == properties["FunctionName"]["Fn::Sub"].replace("${Stage}", "blue")
