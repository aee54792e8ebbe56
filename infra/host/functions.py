"""The Lambda functions as they are called here: their time limits and the context they are given."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalice.config import Config
from chalice.constants import DEFAULT_LAMBDA_MEMORY_SIZE, DEFAULT_LAMBDA_TIMEOUT

#: The root of the project.
PROJECT = Path(__file__).parents[2]
#: Whose limits hold here: what runs here stands in for the deployed one.
_STAGE = "prod"


def load_config(project: Path, app: Any) -> Config:
    """Chalice's view of `.chalice/config.json` for `app`; of an empty one where the project has none."""
    path = project / ".chalice" / "config.json"
    on_disk = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return Config(
        chalice_stage=_STAGE,
        user_provided_params={"chalice_app": app, "project_dir": str(project)},
        config_from_disk=on_disk,
        default_params={},
    )


def time_limit(config: Config, function: str) -> int:
    """Seconds after which Lambda stops `function` (`attempt`, `api_handler`)."""
    seconds: int | None = config.scope(_STAGE, function).lambda_timeout
    return seconds or int(DEFAULT_LAMBDA_TIMEOUT)


def memory_size(config: Config, function: str) -> int:
    """Megabytes that Lambda gives to `function`."""
    megabytes: int | None = config.scope(_STAGE, function).lambda_memory_size
    return megabytes or int(DEFAULT_LAMBDA_MEMORY_SIZE)


@dataclass(frozen=True, slots=True)
class Context:
    """The second argument of a Lambda handler, as far as the service documents it."""

    function_name: str
    time_limit_s: float
    memory_limit_in_mb: int = DEFAULT_LAMBDA_MEMORY_SIZE
    function_version: str = "$LATEST"
    invoked_function_arn: str = ""
    log_group_name: str = ""
    log_stream_name: str = ""
    identity: None = None
    client_context: None = None
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    _started: float = field(default_factory=time.monotonic)

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would stop the function; never negative."""
        return max(0, int((self._started + self.time_limit_s - time.monotonic()) * 1000))
