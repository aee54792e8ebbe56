"""`make deploy`: everything is checked, built once, and brought up in one stack."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.names import Names
from chalicelib.settings import SettingError, load
from infra.deploy import secrets
from infra.deploy.bucket import Bucket
from infra.deploy.checks import Place, check_place, check_python, check_stage, open_session
from infra.deploy.package import build, read_config, stage_settings
from infra.deploy.problems import NotReadyError
from infra.deploy.stack import Say, Stack
from infra.deploy.template import compact, deployable


@dataclass(frozen=True, slots=True)
class Choices:
    """What the caller may choose; None is the default."""

    architecture: str | None = None
    bucket: str | None = None
    #: ARN of the SNS topic that alarms tell.
    alarm_topic: str | None = None


def deploy(stage: str, choices: Choices, say: Say) -> None:
    """Bring a stage up, or up to date. Raises NotReadyError and StackError."""
    began = time.monotonic()
    session, place, values = equipped(stage, say)

    bucket = Bucket(session.client("s3"), place, choices.bucket)
    if bucket.ensure():
        say(f"Made the bucket {bucket.name} for packages and templates")
    package = build(stage, place.region, choices.architecture)
    key = f"{stage}/{package.digest}.zip"
    size = package.archive.stat().st_size / 1e6
    sent = bucket.put_file(key, package.archive)
    say(f"Package {package.digest[:12]}, {size:.1f} MB, {'sent' if sent else 'is in the bucket already'}")

    stack = Stack(session.client("cloudformation"), stack_name(stage), say)
    template = deployable(package.template, stage, bucket=bucket.name, key=key)
    take_over_key(stack, bucket, template, session.client("kms"), Names(stage, place.account, place.region), say)
    text = compact(template)
    url = bucket.put_text(f"{stage}/{package.digest}.json", text)
    say(f"Stack {stack.name}, template of {len(text) // 1000} KB")
    changed = stack.bring_to(
        url,
        {
            "AsyncFlow": "open" if "ASYNCFLOW_API_KEY" in values else "closed",
            "AlarmTopic": choices.alarm_topic or stack.parameters().get("AlarmTopic", ""),
            "GatewayLogs": gateway_logs(session, stack),
        },
        {"Project": "sluice", "Stage": stage},
    )
    took = time.monotonic() - began
    say(f"Deployed in {took:.0f} s" if changed else f"No changes: {stage} is up to date ({took:.0f} s)")
    say(_addresses(stage, stack.outputs()["EndpointURL"].rstrip("/")))


def ready(stage: str, say: Say) -> tuple[Any, Place]:
    """A session for a stage that may be deployed to, and where it leads. Raises NotReadyError."""
    check_stage(stage)
    check_python(sys.version_info[:2])
    session = open_session()
    place = check_place(session)
    say(f"Stage {stage}, account {place.account}, region {place.region}, as {place.caller.rpartition(':')[2]}")
    return session, place


def equipped(stage: str, say: Say) -> tuple[Any, Place, dict[str, str]]:
    """A session for a stage whose settings are right, where it leads, and its secrets; those that it lacked are made.
    Raises NotReadyError."""
    session, place = ready(stage, say)
    values, made = secrets.ensure(session.client("ssm"), stage)
    for name in made:
        say(f"Made the secret {secrets.parameter(stage, name)} in the Parameter Store")
    check_settings(stage, place, values)
    return session, place, values


def check_settings(stage: str, place: Place, values: dict[str, str]) -> None:
    """Read the settings as the functions will."""
    environment = {**stage_settings(read_config(), stage), "AWS_REGION": place.region, **values}
    try:
        if load(environment).data is not None:
            raise SettingError("SLUICE_DATA must not be set for a stage: a function keeps nothing on its disk")
    except SettingError as error:
        raise NotReadyError(f"{error} (the stage's settings stand in .chalice/config.json)") from None


def take_over_key(stack: Stack, bucket: Bucket, template: Mapping[str, Any], kms: Any, names: Names, say: Say) -> None:
    """Begin a new stack with the key that an earlier one of the stage left: without it its data cannot be read."""
    if not stack.is_new():
        return
    try:
        key = kms.describe_key(KeyId=names.data_key)["KeyMetadata"]["KeyId"]
    except kms.exceptions.NotFoundException:
        return
    left = {"DataKey": {"KeyId": key}, "DataKeyAlias": {"AliasName": names.data_key}}
    alone = {"Resources": {name: template["Resources"][name] for name in left}}
    say(f"Takes over the key {names.data_key}")
    stack.take_over(
        bucket.put_text(f"{names.stage}/key.json", compact(alone)),
        [
            {
                "ResourceType": template["Resources"][name]["Type"],
                "LogicalResourceId": name,
                "ResourceIdentifier": identifier,
            }
            for name, identifier in left.items()
        ],
    )


def stack_name(stage: str) -> str:
    """The stack of a stage."""
    return f"sluice-{stage}"


def gateway_logs(session: Any, stack: Stack) -> str:
    """Whether this stack is to give API Gateway its role for logs, of which an account has one in each region."""
    before = stack.parameters().get("GatewayLogs")
    if before is not None:
        return before
    account = session.client("apigateway").get_account()
    return "shared" if account.get("cloudwatchRoleArn") else "own"


def _addresses(stage: str, url: str) -> str:
    operator_key = secrets.parameter(stage, "OPERATOR_KEY")
    return "\n".join(
        (
            "",
            f"  AsyncQueue  {url}/v1",
            f"  AsyncFlow   {url}/asyncflow",
            f"  AstraFlow   {url}/api/v1   tokens: {url}/oauth/token",
            f"  Asimov      {url}/api",
            "",
            "Next, as the operator:",
            "",
            f"  export SLUICE_URL={url}",
            "  export OPERATOR_KEY=$(aws ssm get-parameter --with-decryption --query Parameter.Value --output text "
            f"--name {operator_key})",
            '  ./sluice team create "First team"',
        )
    )
