"""The secrets of a stage: made once, kept in SSM Parameter Store, never printed."""

from __future__ import annotations

import secrets
from typing import Any

#: What every stage needs.
MADE = ("OPERATOR_KEY", "KEY_PEPPER")
#: What a stage has when somebody has put it there.
GIVEN = ("ASYNCFLOW_API_KEY",)


def parameter(stage: str, name: str) -> str:
    """What the Parameter Store calls a secret of a stage."""
    return f"/sluice/{stage}/{name}"


def ensure(ssm: Any, stage: str) -> tuple[dict[str, str], list[str]]:
    """The values of the stage's secrets, and which of them were made now."""
    names = {parameter(stage, name): name for name in (*MADE, *GIVEN)}
    found = ssm.get_parameters(Names=list(names), WithDecryption=True)["Parameters"]
    values = {names[entry["Name"]]: entry["Value"] for entry in found}
    made = [name for name in MADE if name not in values]
    for name in made:
        values[name] = secrets.token_urlsafe(32)
        ssm.put_parameter(Name=parameter(stage, name), Value=values[name], Type="SecureString")
    return values, made


def forget(ssm: Any, stage: str) -> None:
    """Delete all secrets of a stage."""
    ssm.delete_parameters(Names=[parameter(stage, name) for name in (*MADE, *GIVEN)])
