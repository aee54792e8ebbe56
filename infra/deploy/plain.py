"""`make resources`: all but the functions and the API in a stack, for a stage that `chalice deploy` puts over it.

`chalice deploy` calls AWS by itself and resolves nothing, so that policies and environment are written out for it, into
`.chalice`: a stage in the configuration, and a copy of each policy with its ARNs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib.names import Names
from chalicelib.settings.references import NEEDS
from infra.apply import load_template, resources
from infra.deploy import secrets
from infra.deploy.bucket import Bucket
from infra.deploy.literal import Literal
from infra.deploy.package import PROJECT, read_config, stage_settings
from infra.deploy.stack import Say, Stack
from infra.deploy.template import compact, for_stage
from infra.deploy.up import Choices, equipped, gateway_logs, take_over_key


def stack_name(stage: str) -> str:
    """The stack of a stage whose functions `chalice deploy` makes."""
    return f"sluice-{stage}-resources"


def resources_alone(stage: str) -> dict[str, Any]:
    """The template without what adds to functions and API, for a stage."""
    template: dict[str, Any] = for_stage({**load_template(), "Resources": resources(load_template())}, stage)
    del template["Parameters"]["Stage"]
    del template["Parameters"]["AsyncFlow"], template["Conditions"]["OpenAsyncFlow"]
    return template


def prepare(stage: str, choices: Choices, say: Say) -> None:
    """Bring the resources of a stage up, and write what `chalice deploy` needs. Raises NotReadyError and StackError."""
    session, place, values = equipped(stage, say)
    bucket = Bucket(session.client("s3"), place, choices.bucket)
    bucket.ensure()
    stack = Stack(session.client("cloudformation"), stack_name(stage), say)
    template, names = resources_alone(stage), Names(stage, place.account, place.region)
    take_over_key(stack, bucket, template, session.client("kms"), names, say)
    url = bucket.put_text(f"{stage}/resources.json", compact(template))
    parameters = {"AlarmTopic": choices.alarm_topic or "", "GatewayLogs": gateway_logs(session, stack)}
    say(f"Stack {stack.name}")
    if not stack.bring_to(url, parameters, {"Project": "sluice", "Stage": stage}):
        say("  No changes")
    write_stage(PROJECT, names, stack.physical_ids(), sorted(values), choices.architecture)
    say(f"Wrote the stage {stage} and its policies to .chalice; next: .venv/bin/chalice deploy --stage {stage}")


def write_stage(
    project: Path,
    names: Names,
    physical_ids: Mapping[str, str],
    kept_secrets: list[str],
    architecture: str | None = None,
) -> None:
    """Write a stage into the project's Chalice configuration, with a policy file of its own for each function."""
    folder = project / ".chalice"
    config = read_config(project)
    literal = Literal(load_template(), names, physical_ids)
    functions = {}
    for function, limits in config["lambda_functions"].items():
        shared = folder / limits["iam_policy_file"]
        own = f"{shared.stem}-{names.stage}.json"
        policy = literal.render(json.loads(shared.read_text("utf-8")))
        (folder / own).write_text(json.dumps(policy, indent=2) + "\n", "utf-8")
        functions[function] = {
            "iam_policy_file": own,
            "environment_variables": {
                "SLUICE_FUNCTION": function,
                **{
                    name: f"ssm:{secrets.parameter(names.stage, name)}"
                    for name in kept_secrets
                    if name in NEEDS[function]
                },
            },
        }
    stage = config.setdefault("stages", {}).get(names.stage, {})
    environment = {
        **stage_settings(config, names.stage),
        "SLUICE_ACCOUNT_ID": names.account,
    }
    config["stages"][names.stage] = {
        **stage,
        **({"lambda_architecture": architecture} if architecture else {}),
        "environment_variables": environment,
        "lambda_functions": functions,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
