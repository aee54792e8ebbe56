"""`make rehearse`: the story of a deployment, from an empty account to an empty account."""

from __future__ import annotations

import secrets
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.names import API_STAGE, Names
from infra.deploy.secrets import parameter
from infra.deploy.up import stack_name
from infra.rehearsal import flight, plain, smoke
from infra.rehearsal.commands import STAGE, Commands
from infra.rehearsal.earlier import check_out
from infra.rehearsal.emulator import Emulator
from infra.rehearsal.lost import lost
from infra.rehearsal.operate import operate
from infra.rehearsal.receiver import Receiver
from infra.rehearsal.smoke import Site
from infra.rehearsal.transcript import Transcript


class Account:
    """The emulator's AWS as the rehearsal itself looks at it."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        environment = emulator.environment
        self._session = boto3.session.Session(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_REGION"],
        )

    def client(self, service: str) -> Any:
        """A client of the SDK."""
        environment = self._emulator.environment
        return self._session.client(
            service,
            endpoint_url=self._emulator.endpoint,
            verify=environment["AWS_CA_BUNDLE"],
            # An emulator that hangs is ended soon.
            config=Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2}),
        )

    def site_of(self, api_id: str) -> Site:
        """An API under the emulator's own kind of address."""
        url = f"{self._emulator.endpoint}/_aws/execute-api/{api_id}/{API_STAGE}"
        return Site(url, self._emulator.environment["AWS_CA_BUNDLE"])

    def site(self) -> Site:
        """The API of the stack."""
        (stack,) = self.client("cloudformation").describe_stacks(StackName=stack_name(STAGE))["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        return self.site_of(outputs["RestAPIId"])

    def secret(self, name: str, stage: str = STAGE) -> str:
        """A secret of the stage."""
        found = self.client("ssm").get_parameter(Name=parameter(stage, name), WithDecryption=True)
        value: str = found["Parameter"]["Value"]
        return value

    def give_secret(self, name: str, value: str) -> None:
        """Put a secret of the stage where `make deploy` looks for it."""
        self.client("ssm").put_parameter(Name=parameter(STAGE, name), Value=value, Type="SecureString")

    def complain(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """After a failure: show what the functions have logged of errors, while that can still be asked for."""
        if error is None:
            return
        logs = self.client("logs")
        for group in logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]:
            for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]:
                if '"error":"' in event["message"] or "Traceback" in event["message"]:
                    print(f"{group['logGroupName']}  {event['message'].rstrip()}", file=sys.stderr)

    def tables(self) -> list[str]:
        """The tables that there are."""
        names: list[str] = self.client("dynamodb").list_tables()["TableNames"]
        return names


def rehearse(emulator_python: Path, before: str | None, transcript: Transcript, closing: ExitStack) -> None:
    """Raises whatever went wrong."""
    folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="sluice-rehearsal-")))
    with transcript.step("Start an AWS of its own: loopback, TLS, permissions enforced") as notes:
        emulator = closing.enter_context(Emulator(emulator_python, folder))
        notes.append(emulator.endpoint)
    receiver = closing.enter_context(Receiver())
    account, commands = Account(emulator), Commands(emulator.environment)
    closing.push(account.complain)
    flow_key = secrets.token_urlsafe(24)
    account.give_secret("ASYNCFLOW_API_KEY", flow_key)

    earlier = folder / "earlier"
    with transcript.step("Deploy the version before this one, into an empty account") as notes:
        notes.append(f"commit {check_out(earlier, before)}")
        notes.append(commands.deploy_from(earlier))
    site = account.site()
    operator_key = account.secret("OPERATOR_KEY")
    with transcript.step('./sluice team create "Rehearsal" --plan pro') as notes:
        team = commands.sluice(site.url, operator_key, "team", "create", "Rehearsal", "--plan", "pro")
        key = team["apiKey"]["key"]
        notes.append(f"team {team['team']['id']}")
    with transcript.step("Create tasks that are due during and after the upgrade") as notes:
        under_way = flight.take_off(site, key, receiver)
        notes.append(under_way.progress(receiver))

    with transcript.step(f"make deploy STAGE={STAGE}: upgrade to this version") as notes:
        notes.append(commands.deploy())
        notes.append(under_way.progress(receiver))
    with transcript.step(f"make deploy STAGE={STAGE}: once more") as notes:
        said = commands.deploy()
        smoke.expect("No changes" in said, said)
        notes.append(next(line for line in said.splitlines() if "No changes" in line))
    site = account.site()
    with transcript.step('./sluice tenant create "Rehearsal"') as notes:
        tenant = commands.sluice(site.url, operator_key, "tenant", "create", "Rehearsal")
        notes.append(f"tenant {tenant['tenant']['id']}")
    uses: dict[str, Callable[[], str]] = {
        "API Gateway": lambda: smoke.gateway(site),
        "AsyncQueue": lambda: smoke.asyncqueue(site, receiver, key, ""),
        "AsyncFlow": lambda: smoke.asyncflow(site, flow_key),
        "AstraFlow": lambda: smoke.astraflow(site, receiver, tenant["client"]["id"], tenant["client"]["secret"]),
        "Asimov": lambda: smoke.asimov(site, key),
    }
    for name, use in uses.items():
        with transcript.step(name) as notes:
            notes.append(use())
    with transcript.step("Wait for the tasks that were under way, and count") as notes:
        notes.append(flight.land(under_way, site, key, receiver))
    with transcript.step("./sluice task, dead-letter, queue and doctor") as notes:
        notes.append(operate(commands, site.url, operator_key, team["team"]["id"], receiver))

    with transcript.step("A task that nobody would call, and the daily look") as notes:
        notes.append(lost(account.client, Names(STAGE, account="", region=""), site, receiver, key))

    with transcript.step(f"make destroy STAGE={STAGE}: the data stay") as notes:
        notes.append(commands.destroy(STAGE))
        smoke.expect(len(account.tables()) == 3, account.tables())
    with transcript.step(f"make deploy STAGE={STAGE}: takes the data up again") as notes:
        commands.deploy()
        listed = account.site().ask("GET", "/v1/tasks?status=completed&limit=1", 200, smoke.bearer(key))
        smoke.expect(receiver.url in listed["tasks"][0]["callbackUrl"], listed)
        notes.append("what was sealed before is read with the key from before")
    with transcript.step(f"make destroy STAGE={STAGE} DATA=delete") as notes:
        notes.append(commands.destroy(STAGE, f"delete {STAGE}", data=True))
        smoke.expect(account.tables() == [], account.tables())

    copy = folder / "copy"
    plain.lay_out(copy)
    with transcript.step(f"make resources STAGE={plain.PLAIN} and chalice deploy --stage {plain.PLAIN}") as notes:
        notes.append(plain.deploy(commands, copy))
    site, operator_key = account.site_of(plain.api_id(copy)), account.secret("OPERATOR_KEY", plain.PLAIN)
    with transcript.step("AsyncQueue, without partial batches") as notes:
        team = commands.sluice(site.url, operator_key, "team", "create", "Plain")
        notes.append(smoke.asyncqueue(site, receiver, team["apiKey"]["key"], "/plain"))
    with transcript.step(f"chalice delete --stage {plain.PLAIN} and make destroy STAGE={plain.PLAIN}") as notes:
        notes.append(plain.take_away(commands, copy))


def main(emulator_python: Path, before: str | None) -> int:
    """Returns the exit code."""
    transcript = Transcript()
    # What was started is ended, however this ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as closing:
            rehearse(emulator_python, before, transcript, closing)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is told, and all that was started has been ended)
        print(f"\n{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(f"Rehearsed in {transcript.seconds:.0f} s")
    return 0


if __name__ == "__main__":
    # Not resolved: the environment's python is a link to that which made it.
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2] if len(sys.argv) > 2 else None))
