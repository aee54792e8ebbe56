"""What is wrong with an environment is told all at once, with what to change, and without a secret."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chalicelib.domain.literals import LITERALS
from chalicelib.settings import SettingError, known, load
from chalicelib.settings.reading import OTHERS, OURS

ROOT = Path(__file__).parents[2]
GOOD = {"SLUICE_STAGE": "prod", "OPERATOR_KEY": "o" * 16, "KEY_PEPPER": "p" * 16}


def problems(**changes: str) -> list[str]:
    """What is wrong once these variables are set."""
    with pytest.raises(SettingError) as refused:
        load({**GOOD, **changes})
    return str(refused.value).splitlines()


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert problems(OPERATOR_KEY="short", RETENTION_DAYS="0", ASIMOV_OPEN="yes", ASYNCFLOW_FAILURE_RATE="often") == [
        "OPERATOR_KEY must be set to at least 16 characters; `openssl rand -hex 32` makes a good one",
        "RETENTION_DAYS must be a whole number between 1 and 3650, not '0'",
        "ASYNCFLOW_FAILURE_RATE must be a number between 0 and 1, not 'often'",
        "ASIMOV_OPEN must be one of off, on, not 'yes'",
    ]


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        (
            "SLUICE_STAGE",
            "Prod",
            "SLUICE_STAGE must be a lower-case letter and at most 19 of a-z, 0-9 and -, not 'Prod'",
        ),
        ("SLUICE_STAGE", "x" * 21, "SLUICE_STAGE must be"),
        ("SLUICE_ACCOUNT_ID", "12345", "SLUICE_ACCOUNT_ID must be the 12 digits of an AWS account, not '12345'"),
        ("AWS_REGION", "frankfurt", "AWS_REGION must be a region like eu-central-1, not 'frankfurt'"),
        ("AWS_ENDPOINT_URL", "localhost:8001", "AWS_ENDPOINT_URL must be a URL like http://127.0.0.1:8001"),
        ("CORS_ALLOW_ORIGINS", "https://a.example/", "CORS_ALLOW_ORIGINS must be origins like https://app.example.com"),
        ("CORS_ALLOW_ORIGINS", "a.example", "CORS_ALLOW_ORIGINS must be origins"),
        ("CORS_ALLOW_ORIGINS", "*,https://a.example", "CORS_ALLOW_ORIGINS must be * alone or origins, not both"),
        ("OWN_HOSTS", "https://api.example.com", "OWN_HOSTS must be host names like api.example.com"),
        ("OUTBOUND_ALLOW_NETWORKS", "10.0.0.1/8", "OUTBOUND_ALLOW_NETWORKS must be networks like 10.0.0.0/8"),
        ("PARTIAL_BATCH", "true", "PARTIAL_BATCH must be one of off, on, not 'true'"),
        ("SLUICE_STAEG", "x", "SLUICE_STAEG is no setting (did you mean SLUICE_STAGE?)"),
        ("ASYNCFLOW_FAILURERATE", "1", "ASYNCFLOW_FAILURERATE is no setting (did you mean ASYNCFLOW_FAILURE_RATE?)"),
        ("ASIMOV_ZZZ", "1", "ASIMOV_ZZZ is no setting (docs/settings.md lists them all)"),
    ],
)
def test_a_mistake_is_named_with_what_is_allowed(name: str, value: str, complaint: str) -> None:
    (told,) = problems(**{name: value})
    assert told.startswith(complaint)


@pytest.mark.parametrize(
    "changes",
    [
        {"CORS_ALLOW_ORIGINS": "https://app.example.com, http://localhost:5173"},
        {"CORS_ALLOW_ORIGINS": "*"},
        {"OWN_HOSTS": "api.example.com"},
        {"AWS_REGION": "us-gov-west-1"},
        {"SLUICE_URL": "https://x.example", "ASYNCFLOW_GROUP": "g", "PATH": "/bin"},
        {"RETENTION_DAYS": "", "PARTIAL_BATCH": "", "ASYNCFLOW_API_KEY": ""},
    ],
)
def test_what_is_right_or_is_somebody_else_s_is_let_be(changes: dict[str, str]) -> None:
    load({**GOOD, **changes})


@pytest.mark.parametrize("name", ["OPERATOR_KEY", "KEY_PEPPER", "ASYNCFLOW_API_KEY"])
@pytest.mark.parametrize("literal", sorted(LITERALS))
def test_no_credential_that_a_manual_prints_opens_anything_but_the_local_stage(name: str, literal: str) -> None:
    (told,) = problems(**{name: literal})
    assert told.startswith(f"{name} must not be a key that the manuals print")


def test_no_complaint_holds_a_secret() -> None:
    told = "\n".join(problems(OPERATOR_KEY="hunter2", KEY_PEPPER="hunter2", ASYNCFLOW_API_KEY="hunter2"))
    assert "hunter2" not in told
    assert len(told.splitlines()) == 3


def test_variables_that_look_like_settings_and_are_others_are_those_that_others_read() -> None:
    """The clients' and the operator's command's own sources name them."""
    names = "|".join(prefix.rstrip("_") for prefix in OURS)
    folders = ("sdks/python/src", "sdks/javascript/src", "sdks/javascript/scripts", "sdks/javascript/test", "cli")
    read = {
        found
        for folder in folders
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in (".py", ".ts", ".mjs")
        for found in re.findall(rf"""["'\[. ]((?:{names})_[A-Z_]+)["'\] ]""", path.read_text("utf-8"))
    }
    assert read >= OTHERS
    assert not OTHERS & known()


def test_a_stage_is_called_what_the_template_lets_it_be_called() -> None:
    from chalicelib.settings import STAGE_PATTERN

    template = json.loads((ROOT / "infra" / "resources.json").read_text("utf-8"))
    assert template["Parameters"]["Stage"]["AllowedPattern"] == STAGE_PATTERN
