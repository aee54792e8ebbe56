"""What functions ask of AWS, and what they may ask: pairs of an action and the ARN it is for."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.apply import load_template
from infra.bench.deployment import NAMES
from infra.bench.meter import Meter
from infra.deploy.literal import Literal

ROOT = Path(__file__).parents[2]
FUNCTIONS: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text("utf-8"))["lambda_functions"]
#: A permission: what, and for which resource.
Permission = tuple[str, str]

#: A key has no name: any id will do.
_LITERAL = Literal(load_template(), NAMES, {"DataKey": "1234abcd-12ab-34cd-56ef-1234567890ab"})
#: Function -> the log group it writes to, and the queue that Lambda reads for it.
_LOGS = {
    "api_handler": "ApiLogs",
    "attempt": "AttemptLogs",
    "webhook": "WebhookLogs",
    "rescue": "RescueLogs",
    "backstop": "BackstopLogs",
}
QUEUES = {"attempt": "TasksQueue", "webhook": "WebhooksQueue", "rescue": "DeadLettersQueue"}


def arn(logical_id: str) -> str:
    """The ARN of a resource of the template."""
    found: str = _LITERAL.render({"Fn::GetAtt": [logical_id, "Arn"]})
    return found


def granted(function: str, policy: Mapping[str, Any] | None = None) -> set[Permission]:
    """What a function's policy file allows."""
    if policy is None:
        policy = json.loads((ROOT / ".chalice" / FUNCTIONS[function]["iam_policy_file"]).read_text("utf-8"))
    return {
        (action, resource)
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in _listed(_LITERAL.render(statement["Resource"]))
    }


def of_the_platform(function: str) -> set[Permission]:
    """What Lambda does in the function's name, which no call of ours shows: its log, and its queue's messages.

    docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html and .../services-sqs-configure.html
    """
    needed = {(f"logs:{action}", arn(_LOGS[function])) for action in ("CreateLogStream", "PutLogEvents")}
    if function in QUEUES:
        taken = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
        needed |= {(f"sqs:{action}", arn(QUEUES[function])) for action in taken}
    return needed


class Listener(Meter):
    """Notes what SDK clients ask for, and in the name of which function."""

    def __init__(self, *_: object) -> None:
        self.used: dict[str, set[Permission]] = defaultdict(set)
        self.function: str | None = None

    def watch(self, client: Any) -> None:
        client.meta.events.register("provide-client-params.*.*", self._asked)

    def charge(self, *_: object) -> None:
        """Nothing is billed here."""

    @contextmanager
    def speaking(self, function: str) -> Iterator[None]:
        """What is asked for inside is asked for by this function."""
        self.function = function
        try:
            yield
        finally:
            self.function = None

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.service_name
        if self.function is not None:
            self.used[self.function] |= set(_permissions(service, model.name, params))


def _permissions(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Permission]:
    """What a call needs, as the Service Authorization Reference has it."""
    region, account = NAMES.region, NAMES.account
    match service:
        case "dynamodb" if operation == "TransactWriteItems":
            # A transaction needs what each of its parts would need alone.
            for part in params["TransactItems"]:
                for kind, write in part.items():
                    yield f"dynamodb:{kind}Item", f"arn:aws:dynamodb:{region}:{account}:table/{write['TableName']}"
        case "dynamodb":
            for name in params.get("RequestItems", {params.get("TableName"): None}):
                table = f"arn:aws:dynamodb:{region}:{account}:table/{name}"
                yield (
                    f"dynamodb:{operation}",
                    f"{table}/index/{params['IndexName']}" if "IndexName" in params else table,
                )
        case "sqs":
            yield f"sqs:{operation}", NAMES.queue_arn(params["QueueUrl"].rpartition("/")[2])
        case "scheduler":
            # Schedules have names of their own; the group is what can be told apart.
            yield f"scheduler:{operation}", f"arn:aws:scheduler:{region}:{account}:schedule/{params['GroupName']}/*"
            if operation == "CreateSchedule":
                yield "iam:PassRole", params["Target"]["RoleArn"]
        case "kms":
            # The alias is given; what is allowed is the key behind it.
            yield f"kms:{operation}", arn("DataKey")
        case "ssm":
            for name in params["Names"]:
                yield f"ssm:{operation}", f"arn:aws:ssm:{region}:{account}:parameter{name}"
        case _:
            raise NotImplementedError(f"{service}:{operation}: what does it need?")


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
