"""Everything that a deployment can be asked for, told once, so that every call to AWS that the code knows is made."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Mapping
from typing import Any

import boto3
from policies.permissions import FUNCTIONS, Listener

from chalicelib import wiring, workers
from chalicelib.aws.clients import Clients
from chalicelib.aws.keyring import AwsKeyRing
from chalicelib.aws.secrets import AwsSecrets
from chalicelib.domain.literals import ASYNCFLOW_KEY
from chalicelib.domain.timing import iso_milliseconds
from chalicelib.settings import load
from infra.apply import load_template
from infra.bench.deployment import NAMES, Deployment, Reply
from infra.bench.scripted import settings
from infra.deploy.secrets import GIVEN, MADE, parameter
from infra.deploy.template import for_stage

#: More than a row holds, however it is packed: it is stored by itself.
LARGE = "".join(f"{number:x}" for number in random.Random(1).choices(range(16), k=9_000))
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
PASSWORD = "a long enough pass phrase"
CALLBACK = "https://api.customer.com/hooks"


class Stage(Deployment):
    """A deployment whose functions are listened to."""

    def __init__(self) -> None:
        self.listener = Listener()
        self._instances: dict[str, wiring.Platform] = {}
        super().__init__(lambda _: self.listener)

    def request(
        self, method: str, path: str, key: str | None, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        with self.listener.speaking("api_handler"):
            reply = super().request(method, path, key, body, headers)
        if reply.status >= 400:
            raise AssertionError(f"{method} {path}: {reply.status} {reply.json}")
        return reply

    def deliver(self, function: str, most: int = 10) -> None:
        if function not in self._instances:
            # Of its own, as a function has it: what another one holds in memory it has to ask for.
            self._instances[function] = wiring.assemble(self._instance(), settings(NAMES))
        before = wiring.use(self._instances[function])
        try:
            with self.listener.speaking(function):
                super().deliver(function, most)
        finally:
            wiring.use(before)

    def drain(self) -> None:
        """Let the workers work until nothing is left to do."""
        for function, queue in (("attempt", NAMES.tasks_queue), ("webhook", NAMES.webhooks_queue)) * 8:
            while self.waiting(queue):
                self.clock.sleep(HOUR_MS)
                self.deliver(function)

    def look(self) -> None:
        """One run of the backstop."""
        with self.listener.speaking("backstop"):
            workers.backstop(900_000)

    def waiting(self, queue: str) -> int:
        """How many messages a queue holds."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
        held = self.uncounted["sqs"].get_queue_attributes(QueueUrl=self._url(queue), AttributeNames=names)["Attributes"]
        return sum(int(held[name]) for name in names)

    def wake(self, function: str, message: Any) -> None:
        """Let a message turn up in a worker's queue."""
        queue = {"attempt": NAMES.tasks_queue, "webhook": NAMES.webhooks_queue, "rescue": NAMES.dead_letters_queue}
        body = message if isinstance(message, str) else json.dumps(message)
        self.uncounted["sqs"].send_message(QueueUrl=self._url(queue[function]), MessageBody=body)
        self.deliver(function)

    def later(self, ms: int) -> str:
        """An instant so many milliseconds from now."""
        return iso_milliseconds(self.clock.now() + ms)


def tell(stage: Stage) -> None:
    """All stories."""
    cold_starts(stage)
    asyncqueue(stage)
    asyncflow(stage)
    astraflow(stage)
    asimov(stage)
    messages_gone_astray(stage)
    stage.request("GET", "/health", None)
    messages_of_newer_code(stage)
    lost_messages(stage)


def cold_starts(stage: Stage) -> None:
    """Each function reads its secrets when it is first asked something; who stores something makes the month's key."""
    clients = Clients(NAMES.region)
    for client in (clients.ssm, clients.kms, clients.dynamodb):
        stage.listener.watch(client)
    for name in (*MADE, *GIVEN):
        kept = {"Name": parameter(NAMES.stage, name), "Value": f"the {name} of this stage", "Type": "SecureString"}
        boto3.client("ssm", region_name=NAMES.region).put_parameter(**kept)
    for function in FUNCTIONS:
        with stage.listener.speaking(function):
            load(environment(function), lambda region, endpoint_url, references: AwsSecrets(clients)(references))
    # The first answer that a worker seals in a month, by the clock of the machine.
    ring = AwsKeyRing(clients, NAMES.tasks_table, NAMES.data_key, NAMES.stage)
    with stage.listener.speaking("attempt"):
        ring.key("a team", 1, make=True)


def environment(function: str) -> dict[str, str]:
    """What the template puts into a function's environment, where AsyncFlow is open."""
    name = "APIHandler" if function == "api_handler" else function.title()
    variables = for_stage(load_template(), NAMES.stage)["Resources"][name]["Properties"]["Environment"]["Variables"]
    given = {"SLUICE_STAGE": NAMES.stage, "AWS_REGION": NAMES.region, **variables, "SLUICE_ACCOUNT_ID": NAMES.account}
    return {name: value["Fn::If"][1] if isinstance(value, dict) else value for name, value in given.items()}


def operator(stage: Stage, method: str, path: str, body: Any = None) -> Any:
    """A request of the operator."""
    return stage.request(method, f"/operator{path}", wiring.platform().settings.operator_key, body).json


def asyncqueue(stage: Stage) -> None:
    created = operator(stage, "POST", "/teams", {"name": "A team", "plan": "pro"})
    team, key = created["team"]["id"], created["apiKey"]["key"]
    operator(stage, "GET", "/teams")
    operator(stage, "GET", f"/teams/{team}")
    other = operator(stage, "POST", f"/teams/{team}/keys", {"name": "Another key"})
    stage.request("POST", f"/v1/keys/{other['id']}/rotate", key, {})
    stage.request("DELETE", f"/v1/keys/{other['id']}", key)
    stage.request("POST", "/v1/signing-secret/rotate", key, {})

    def create(**fields: Any) -> str:
        task: str = stage.request("POST", "/v1/tasks", key, {"callbackUrl": CALLBACK, **fields}).json["task"]["id"]
        return task

    create(body=LARGE, onCompleteUrl=CALLBACK)
    stage.servers.body = LARGE
    stage.drain()
    stage.servers.body = "{}"
    scheduled = create(delayUntil=stage.later(DAY_MS))
    stage.request("POST", f"/v1/tasks/{scheduled}/cancel", key)
    create(delayUntil=stage.later(DAY_MS))
    stage.clock.sleep(DAY_MS)
    stage.fire()
    stage.servers.status = 503
    failing = create(maxRetries=10, onCompleteUrl=CALLBACK)
    stage.drain()
    stage.servers.status = 200
    with stage.elsewhere():
        stage.request("GET", f"/v1/tasks/{failing}", key)
    stage.request("GET", f"/v1/tasks/{failing}/attempts", key)
    stage.request("GET", "/v1/tasks?limit=50", key)
    stage.request("GET", "/v1/tasks?status=completed", key)
    twice = {"Idempotency-Key": "order-1"}
    for _ in range(2):
        stage.request("POST", "/v1/tasks", key, {"callbackUrl": CALLBACK, "body": LARGE}, twice)


def asyncflow(stage: Stage) -> None:
    group = {"X-API-KEY": ASYNCFLOW_KEY, "X-STUDENT-GROUP": "group-1"}
    message = {"destination": "warehouse", "content": "Twelve boxes"}
    accepted = stage.request("POST", "/asyncflow", None, message, group).json
    stage.drain()
    stage.request("GET", f"/asyncflow/{accepted['trackingId']}", None, None, group)
    stage.request("GET", "/asyncflow", None, None, group)
    stage.request("GET", "/asyncflow/report", None, None, group)
    operator(stage, "PUT", "/asyncflow/profile", {"profile": "calm"})
    operator(stage, "DELETE", "/asyncflow/profile")
    operator(stage, "GET", "/asyncflow/report")


def astraflow(stage: Stage) -> None:
    made = operator(stage, "POST", "/astraflow/tenants", {"name": "Acme", "adminEmail": "admin@example.com"})
    tenant, client = made["tenant"]["id"], made["client"]
    operator(stage, "GET", "/astraflow/tenants")
    operator(stage, "POST", f"/astraflow/tenants/{tenant}/clients/{client['id']}/disable")
    operator(stage, "POST", f"/astraflow/tenants/{tenant}/clients/{client['id']}/enable")
    basic = base64.b64encode(f"{client['id']}:{client['secret']}".encode()).decode()

    def token(path: str, **parameters: str) -> Any:
        return stage.request("POST", f"/oauth/{path}", None, parameters, {"Authorization": f"Basic {basic}"}).json

    admin = made["admin"]
    pair = token("token", grant_type="password", username=admin["email"], password=admin["password"])
    pair = token("token", grant_type="refresh_token", refresh_token=pair["refresh_token"])

    def ask(method: str, path: str, body: Any = None) -> Any:
        # Asked for each time: in these stories an hour is soon over.
        access = token("token", grant_type="client_credentials")["access_token"]
        return stage.request(method, path, access, body)

    token("introspect", token=pair["access_token"])
    token("revoke", token=pair["refresh_token"])

    ask("GET", "/api/v1/users")
    ask("POST", "/api/v1/users", {"email": "ada@example.com", "password": PASSWORD})
    hooks = [
        ask("POST", "/api/v1/webhooks", {"url": CALLBACK, "event": f"task.{event}"}).json["id"]
        for event in ("created", "updated", "due")
    ]
    task = {"name": "Write", "due_date": stage.later(DAY_MS), "priority": "high"}
    item = ask("POST", "/api/v1/tasks", task).json["id"]
    ask("PUT", f"/api/v1/tasks/{item}", {"status": "active", "due_date": stage.later(40 * DAY_MS)})
    ask("GET", f"/api/v1/tasks/{item}")
    ask("GET", "/api/v1/tasks")
    ask("GET", "/api/v1/tasks?status=active")
    stage.clock.sleep(40 * DAY_MS)
    stage.fire()
    stage.drain()
    deliveries = ask("GET", f"/api/v1/webhooks/{hooks[2]}/deliveries").json["deliveries"]
    stage.servers.status = 503
    ask("POST", f"/api/v1/webhooks/{hooks[2]}/ping")
    stage.drain()
    stage.servers.status = 410
    ask("POST", f"/api/v1/webhooks/{hooks[2]}/deliveries/{deliveries[0]['id']}/replay")
    stage.clock.sleep(DAY_MS)
    stage.drain()
    stage.servers.status = 200
    ask("DELETE", f"/api/v1/tasks/{item}")
    ask("DELETE", f"/api/v1/webhooks/{hooks[0]}")


def asimov(stage: Stage) -> None:
    started = stage.request("POST", "/api/primes", None, {"below": 100}, {"X-Request-Mode": "async"}).json
    stage.drain()
    stage.request("GET", f"/api/tasks/{started['id']}", None)


def messages_gone_astray(stage: Stage) -> None:
    """What comes late, too early, twice, damaged, or after everything else failed."""
    _, key = stage.team()

    def create(**fields: Any) -> str:
        task: str = stage.request("POST", "/v1/tasks", key, {"callbackUrl": CALLBACK, **fields}).json["task"]["id"]
        return task

    def attempt(task: str, **more: Any) -> dict[str, Any]:
        return {"type": "attempt", "task": task, "n": 1, "due": stage.clock.now(), "v": 1, **more}

    stage.servers.body = LARGE
    finished = create()
    stage.drain()
    late = {
        "type": "outcome",
        "token": "0" * 16,
        "ended": stage.clock.now(),
        "waited": 1,
        "verdict": "done",
        "status": 200,
    }
    stage.wake("attempt", {**attempt(finished), **late})
    stage.wake("rescue", attempt(finished))

    stage.wake("rescue", attempt(create(delayUntil=stage.later(DAY_MS))))
    stage.wake("rescue", attempt(create(delayUntil=stage.later(HOUR_MS // 60))))
    given_up = create(onCompleteUrl=CALLBACK)
    stage.wake("rescue", attempt(given_up, rearmed=True))
    stage.wake("rescue", {"type": "webhook", "task": given_up, "v": 1})
    stage.wake("rescue", {"type": "webhook", "task": given_up, "rearmed": True, "v": 1})
    stage.wake("rescue", "no message of ours")
    operator(stage, "GET", "/queues")
    for letter in operator(stage, "GET", "/dead-letters")["deadLetters"]:
        path = f"/dead-letters/{letter['id']}"
        if letter["reason"] == "unreadable":
            operator(stage, "DELETE", path)
        else:
            operator(stage, "POST", f"{path}/redrive")
    stage.drain()


def messages_of_newer_code(stage: Stage) -> None:
    """Each worker hands them back; nothing after this is told, for they stay."""
    for function in ("attempt", "webhook", "rescue"):
        stage.wake(function, {"v": 99})


def lost_messages(stage: Stage) -> None:
    """A task and a webhook of which nobody knows any more, and the look that finds them."""
    created = operator(stage, "POST", "/teams", {"name": "A team", "plan": "pro"})
    order = {"callbackUrl": CALLBACK, "onCompleteUrl": CALLBACK}
    stage.request("POST", "/v1/tasks", created["apiKey"]["key"], order)
    stage.deliver("attempt")
    stage.request("POST", "/v1/tasks", created["apiKey"]["key"], order)
    stage.clock.sleep(2 * HOUR_MS)
    stage.look()
