"""What must be right before anything is built or sent: stage, Python, region, credentials.

Each check raises `NotReadyError` with a sentence that says what to change.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError, ProfileNotFound

from chalicelib.settings import LOCAL_STAGE
from infra.apply import load_template
from infra.deploy.problems import NotReadyError

#: The minor versions of Python that Lambda runs and Sluice supports. Chalice deploys for the one that runs it.
RUNTIMES = ((3, 11), (3, 12), (3, 13), (3, 14))

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_HOW = "`aws configure` or `aws sso login` sets them up; AWS_PROFILE chooses among several"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stage goes: an account and a region, and who asks."""

    account: str
    region: str
    caller: str


def check_stage(stage: str) -> None:
    """A stage's name becomes part of every resource's name."""
    pattern = load_template()["Parameters"]["Stage"]["AllowedPattern"]
    if not stage:
        raise NotReadyError("Name the stage: make deploy STAGE=prod")
    if stage == LOCAL_STAGE:
        raise NotReadyError("The stage `local` is that of `make run`, with keys that the manuals print; take another")
    if not re.fullmatch(pattern, stage):
        raise NotReadyError(
            f"The stage {stage!r} must begin with a lower-case letter and have at most 20 lower-case letters, digits "
            "and hyphens"
        )


def check_python(version: tuple[int, int]) -> None:
    """The functions run on the minor version of Python that builds them."""
    if version not in RUNTIMES:
        known = ", ".join(f"{major}.{minor}" for major, minor in RUNTIMES)
        raise NotReadyError(
            f"Python {version[0]}.{version[1]} builds for a Lambda runtime of the same version, which there is not; "
            f"take one of {known}: rm -r .venv; make PYTHON=python3.13 setup"
        )


def check_place(session: Any) -> Place:
    """The region and the account that the credentials of `session` (a boto3 session) lead to."""
    region = session.region_name
    if not region:
        raise NotReadyError("No region: set AWS_REGION, such as AWS_REGION=eu-central-1, or one in your AWS profile")
    try:
        caller = session.client("sts").get_caller_identity()
    except (NoCredentialsError, PartialCredentialsError):
        raise NotReadyError(f"No AWS credentials, or only half of them: {_HOW}") from None
    except ClientError as error:
        raise NotReadyError(_refusal(error)) from None
    except BotoCoreError as error:
        raise NotReadyError(f"AWS does not answer in the region {region!r}: {error}") from None
    return Place(caller["Account"], region, caller["Arn"])


def open_session() -> Any:
    """A boto3 session for the profile and region of the environment."""
    try:
        # The SDK reads AWS_DEFAULT_REGION alone, the AWS CLI both.
        return boto3.session.Session(region_name=os.environ.get("AWS_REGION"))
    except ProfileNotFound as error:
        raise NotReadyError(f"{error}: AWS_PROFILE names a profile that ~/.aws does not have") from None


def _refusal(error: ClientError) -> str:
    code = error.response["Error"]["Code"]
    if code in _EXPIRED:
        return f"The AWS credentials have expired: {_HOW}"
    return f"AWS does not accept the credentials ({code}): {_HOW}"
