"""`make rotate-operator-key`: another key opens `/operator` of a stage, and the one before opens nothing more."""

from __future__ import annotations

import secrets as chance
from typing import Any

from chalicelib.names import Names
from infra.deploy import secrets
from infra.deploy.problems import NotReadyError
from infra.deploy.stack import Say
from infra.deploy.up import ready

_NAME = "OPERATOR_KEY"


def rotate_operator_key(stage: str, say: Say) -> None:
    """Make a new operator key, keep it, and let every process of the API go that still knows the old one.

    Doing it twice makes a second new key; a stop in between is mended by doing it again. Raises NotReadyError.
    """
    session, _ = ready(stage, say)
    ssm, functions = session.client("ssm"), session.client("lambda")
    function = api_function(stage)
    name = secrets.parameter(stage, _NAME)
    if not ssm.get_parameters(Names=[name])["Parameters"]:
        raise NotReadyError(f"The stage {stage} has no operator key yet: make deploy STAGE={stage}")
    stored = ssm.put_parameter(Name=name, Value=chance.token_urlsafe(32), Type="SecureString", Overwrite=True)
    say(f"Version {stored['Version']} of {name} is kept in the Parameter Store")
    _renew(functions, function, f"Operator key {stored['Version']}")
    say(f"The processes of {function} that knew the key before are gone")


def api_function(stage: str) -> str:
    """The function behind the API, whose name is the stage's own."""
    return Names(stage=stage, account="", region="").tasks_table.removesuffix("-tasks")


def _renew(functions: Any, function: str, description: str) -> None:
    """Change something of a function's configuration: Lambda then starts new processes for what is asked from now on.

    docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: a secret is read once per process.
    """
    try:
        functions.update_function_configuration(FunctionName=function, Description=description)
    except functions.exceptions.ResourceNotFoundException:
        raise NotReadyError(f"There is no function {function} in this region: is the stage deployed here?") from None
    functions.get_waiter("function_updated_v2").wait(FunctionName=function)
