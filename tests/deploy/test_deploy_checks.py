"""What is wrong is said before anything is built, with what to change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from moto import mock_aws

from infra.deploy.__main__ import main
from infra.deploy.checks import Place, check_place, check_python, check_stage, open_session
from infra.deploy.package import read_config, stage_settings
from infra.deploy.problems import NotReadyError
from infra.deploy.up import check_settings

PLACE = Place("123456789012", "eu-central-1", "arn:aws:iam::123456789012:user/me")
SECRETS = {"OPERATOR_KEY": "o" * 32, "KEY_PEPPER": "p" * 32}


class Sts:
    """The security token service, which gives one answer."""

    def __init__(self, answer: Exception | dict[str, str]) -> None:
        self._answer = answer

    def get_caller_identity(self) -> dict[str, str]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class Session:
    """What `check_place` needs of a boto3 session."""

    def __init__(self, answer: Exception | dict[str, str], region: str | None = "eu-central-1") -> None:
        self.region_name = region
        self._answer = answer

    def client(self, service: str) -> Sts:
        assert service == "sts"
        return Sts(self._answer)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetCallerIdentity")


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("", "make deploy STAGE=prod"),
        ("local", "the manuals print"),
        ("Prod", "begin with a lower-case letter"),
        ("a" * 21, "at most 20"),
        ("x/y", "lower-case letters, digits"),
    ],
)
def test_a_stage_needs_a_name_that_can_be_part_of_others(stage: str, said: str) -> None:
    with pytest.raises(NotReadyError, match=said):
        check_stage(stage)


@pytest.mark.parametrize("stage", ["prod", "eu-2", "a"])
def test_other_names_will_do(stage: str) -> None:
    check_stage(stage)


def test_the_python_that_builds_has_a_runtime() -> None:
    check_python((3, 11))
    with pytest.raises(NotReadyError, match=r"Python 3\.15 .* take one of 3\.11, 3\.12, 3\.13, 3\.14: .*PYTHON="):
        check_python((3, 15))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (NoCredentialsError(), "No AWS credentials.*aws configure"),
        (refused("ExpiredToken"), "have expired.*aws sso login"),
        (refused("InvalidClientTokenId"), r"does not accept the credentials \(InvalidClientTokenId\)"),
        (EndpointConnectionError(endpoint_url="https://sts.mars-1.amazonaws.com"), "does not answer in the region"),
    ],
)
def test_credentials_that_lead_nowhere_are_told_apart(answer: Exception, said: str) -> None:
    with pytest.raises(NotReadyError, match=said):
        check_place(Session(answer))


def test_a_region_must_be_chosen() -> None:
    with pytest.raises(NotReadyError, match="set AWS_REGION"):
        check_place(Session({}, region=None))


@mock_aws
def test_good_credentials_lead_to_an_account() -> None:
    place = check_place(boto3.session.Session("a", "b", region_name="eu-central-1"))

    assert (place.account, place.region) == ("123456789012", "eu-central-1")


def test_a_profile_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(NotReadyError, match=r"\(nobody\).*AWS_PROFILE"):
        open_session()


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_is_read_from_either_variable(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "eu-north-1")

    assert open_session().region_name == "eu-north-1"


def test_the_settings_of_the_stage_are_read_as_its_functions_will() -> None:
    check_settings("prod", PLACE, SECRETS)
    with pytest.raises(NotReadyError, match=r"KEY_PEPPER must be .* at least 16 characters.*config\.json"):
        check_settings("prod", PLACE, {**SECRETS, "KEY_PEPPER": "short"})
    with pytest.raises(NotReadyError, match="SLUICE_DATA must not be set"):
        check_settings("prod", PLACE, {**SECRETS, "SLUICE_DATA": "/srv/sluice"})


def test_a_stage_has_its_own_settings_over_those_of_all() -> None:
    config: dict[str, Any] = {
        "environment_variables": {"RETENTION_DAYS": "30", "CORS_ALLOW_ORIGINS": "*"},
        "stages": {"prod": {"environment_variables": {"RETENTION_DAYS": "90"}}},
    }

    assert stage_settings(config, "prod") == {
        "RETENTION_DAYS": "90",
        "CORS_ALLOW_ORIGINS": "*",
        "SLUICE_STAGE": "prod",
    }
    assert stage_settings(config, "new")["RETENTION_DAYS"] == "30"


def test_no_secret_stands_in_the_configuration() -> None:
    written = json.dumps(read_config())

    assert "OPERATOR_KEY" not in written
    assert "KEY_PEPPER" not in written


def test_the_command_says_the_sentence_and_nothing_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "local"]) == 1

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "make run" in told.err


def test_the_makefile_calls_the_command(tmp_path: Path) -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text("utf-8")

    assert '-m infra.deploy up "$(STAGE)"' in makefile
