"""Secrets that the environment only points to: read once, from where they are kept, or named with what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from chalicelib.aws.clients import Clients
from chalicelib.aws.secrets import AwsSecrets
from chalicelib.settings import SettingError, load
from chalicelib.settings.references import Missing

REGION = "eu-central-1"
BASE = {"SLUICE_STAGE": "prod", "AWS_REGION": REGION}


class Kept:
    """A deployment's secrets, in an account of its own; each call that reads them is counted."""

    def __init__(self) -> None:
        self.ssm: Any = boto3.client("ssm", region_name=REGION)
        self.manager: Any = boto3.client("secretsmanager", region_name=REGION)
        self.clients = Clients(REGION)
        self.calls: Counter[str] = Counter()
        for client in (self.clients.ssm, self.clients.secretsmanager):
            client.meta.events.register("before-call.*.*", self._count)

    def parameter(self, name: str, value: str) -> None:
        self.ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)

    def load(self, **environ: str) -> Any:
        return load({**BASE, **environ}, lambda region, endpoint_url, references: AwsSecrets(self.clients)(references))

    def problems(self, **environ: str) -> list[str]:
        with pytest.raises(SettingError) as refused:
            self.load(**environ)
        return str(refused.value).splitlines()

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield Kept()


def test_parameters_are_read_with_one_call(kept: Kept) -> None:
    kept.parameter("/sluice/prod/OPERATOR_KEY", "o" * 20)
    kept.parameter("/sluice/prod/KEY_PEPPER", "p" * 20)
    settings = kept.load(OPERATOR_KEY="ssm:/sluice/prod/OPERATOR_KEY", KEY_PEPPER="ssm:/sluice/prod/KEY_PEPPER")
    assert (settings.operator_key, settings.key_pepper) == ("o" * 20, b"p" * 20)
    assert kept.calls == {"GetParameters": 1}


@pytest.mark.parametrize(
    ("function", "read"),
    [("api_handler", ["KEY_PEPPER", "OPERATOR_KEY"]), ("attempt", ["KEY_PEPPER"]), ("webhook", ["KEY_PEPPER"])],
)
def test_a_function_reads_what_it_needs_and_what_it_does_not_need_it_does_not_know(
    function: str, read: list[str]
) -> None:
    asked: list[str] = []

    def fetch(region: str, endpoint_url: str | None, references: Any) -> dict[str, str]:
        asked.extend(references)
        return {reference: f"the value of {reference}" for reference in references}

    everywhere = {name: f"ssm:/{name}" for name in ("OPERATOR_KEY", "KEY_PEPPER")}
    settings = load({**BASE, **everywhere, "SLUICE_FUNCTION": function}, fetch)

    assert asked == [f"ssm:/{name}" for name in read]
    assert (settings.operator_key == "the value of ssm:/OPERATOR_KEY") is ("OPERATOR_KEY" in read)
    assert settings.key_pepper == b"the value of ssm:/KEY_PEPPER"


def test_what_a_function_does_not_know_is_guessed_by_nobody(kept: Kept) -> None:
    first, second = (kept.load(SLUICE_FUNCTION="rescue", OPERATOR_KEY="ssm:/nowhere") for _ in range(2))

    assert kept.calls == {}
    assert first.operator_key != second.operator_key
    assert first.key_pepper != second.key_pepper
    assert min(len(first.operator_key), len(first.key_pepper)) >= 32
    assert first.asyncflow_api_key is None


def test_a_function_that_lacks_what_it_needs_does_not_start(kept: Kept) -> None:
    (told,) = kept.problems(SLUICE_FUNCTION="attempt")
    assert told.startswith("KEY_PEPPER must be set to at least 16 characters")
    (told,) = kept.problems(SLUICE_FUNCTION="atempt", OPERATOR_KEY="o" * 16, KEY_PEPPER="p" * 16)
    assert told == "SLUICE_FUNCTION must be one of api_handler, attempt, webhook, rescue, backstop, not 'atempt'"


def test_a_version_stays_what_it_was(kept: Kept) -> None:
    for value in ("first" * 4, "second" * 4):
        kept.parameter("/sluice/prod/KEY_PEPPER", value)
    versions = {
        version: kept.load(OPERATOR_KEY="o" * 16, KEY_PEPPER=f"ssm:/sluice/prod/KEY_PEPPER{version}").key_pepper
        for version in ("", ":1", ":2")
    }
    assert versions == {"": b"second" * 4, ":1": b"first" * 4, ":2": b"second" * 4}


def test_secrets_manager_holds_texts_and_objects_of_texts(kept: Kept) -> None:
    arn = kept.manager.create_secret(Name="sluice/prod", SecretString='{"KEY_PEPPER":"pppppppppppppppp"}')["ARN"]
    kept.manager.create_secret(Name="operator", SecretString="o" * 16)
    settings = kept.load(OPERATOR_KEY="secretsmanager:operator", KEY_PEPPER=f"secretsmanager:{arn}#KEY_PEPPER")
    assert (settings.operator_key, settings.key_pepper) == ("o" * 16, b"p" * 16)


def test_what_is_not_there_is_named_and_nothing_else(kept: Kept) -> None:
    kept.manager.create_secret(Name="plain", SecretString="no object")
    assert kept.problems(OPERATOR_KEY="ssm:/nowhere", KEY_PEPPER="secretsmanager:plain#KEY_PEPPER") == [
        "OPERATOR_KEY points to ssm:/nowhere, which could not be read: there is none of this name",
        "KEY_PEPPER points to secretsmanager:plain#KEY_PEPPER, which could not be read: "
        "it is no JSON object of texts with a member KEY_PEPPER",
    ]
    (told,) = kept.problems(OPERATOR_KEY="o" * 16, KEY_PEPPER="secretsmanager:nowhere")
    assert told.endswith("there is none of this name")


def test_what_was_read_is_judged_like_what_was_set(kept: Kept) -> None:
    kept.parameter("/short", "hunter2")
    (told,) = kept.problems(OPERATOR_KEY="o" * 16, KEY_PEPPER="ssm:/short")
    assert told.startswith("KEY_PEPPER must be set to at least 16 characters")
    assert "hunter2" not in told


def test_a_role_that_may_not_read_is_told_which_permission_it_lacks() -> None:
    clients = Clients(REGION)
    with Stubber(clients.ssm) as stub:
        stub.add_client_error("get_parameters", "AccessDeniedException", http_status_code=400)
        found = AwsSecrets(clients)(["ssm:/a", "ssm:/b"])
    assert found == dict.fromkeys(
        ("ssm:/a", "ssm:/b"), Missing("this function's role does not allow ssm:GetParameters on it")
    )


def test_where_there_is_no_aws_to_ask_a_reference_is_not_taken_for_a_secret() -> None:
    with pytest.raises(SettingError, match="KEY_PEPPER points to ssm:/sluice/prod/KEY_PEPPER, which could not be read"):
        load({**BASE, "OPERATOR_KEY": "o" * 16, "KEY_PEPPER": "ssm:/sluice/prod/KEY_PEPPER"})
