"""The whole product in one process: an AWS in memory, the API, and everything that wakes the Lambda handlers."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from chalicelib import wiring
from chalicelib.names import Names
from infra.apply import apply, load_template
from infra.host.environment import environment
from infra.host.files import remove_if_ours, write_private
from infra.host.functions import PROJECT, load_config, time_limit
from infra.host.mappings import event_sources
from infra.host.pollers import Poller
from infra.host.ports import LOOPBACK, claim
from infra.host.server import ApiServer
from infra.host.stack import Stack
from infra.host.ticking import Ticker, schedules
from infra.local.aws import ACCOUNT, REGION, AwsServer, LocalAws, local_aws
from infra.local.banner import banner
from infra.local.environment import STAGE, local_environment
from infra.local.expiry import Expiry
from infra.local.firing import Firing, Jitter, on_the_second
from infra.local.indexes import sorted_indexes
from infra.local.mailbox import MotoMailbox
from infra.local.schedules import schedule_guard
from infra.local.state import made_up


def _the_app() -> Any:
    return importlib.import_module("app").app


def _the_seed() -> dict[str, Any]:
    seeded: dict[str, Any] = importlib.import_module("infra.local.seed").seed()
    return seeded


class LocalStack(Stack):
    """Everything is up while it is entered.

    `load_app` returns the Chalice app and `seed` puts first data in and returns what of it scripts need; both run with
    the local environment set and AWS at hand, and neither is imported before. Port 0 takes any free one.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        aws_port: int = 0,
        folder: Path = PROJECT / ".local",
        load_app: Callable[[], Any] = _the_app,
        seed: Callable[[], dict[str, Any]] = _the_seed,
        jitter: Jitter = on_the_second,
    ) -> None:
        super().__init__()
        self._ports = {"PORT": port, "AWS_PORT": aws_port}
        self._folder = folder
        self._load_app = load_app
        self._seed = seed
        self._jitter = jitter
        self.names = Names(stage=STAGE, account=ACCOUNT, region=REGION)
        self.base_url = ""
        self.aws_endpoint_url = ""
        #: What `.local/stack.json` holds while the stack is up.
        self.document: dict[str, Any] = {}
        self.aws: LocalAws
        self._pollers: list[Poller] = []

    @property
    def banner(self) -> str:
        """Where everything is, and how to begin."""
        return banner(self.document)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No function is woken while this is entered: messages stay where they are."""
        for poller in self._pollers:
            poller.pause()
        try:
            yield
        finally:
            for poller in self._pollers:
                poller.resume()

    def _start(self, closing: ExitStack) -> None:
        api_listener, aws_listener = claim(self._ports, "make run")
        closing.callback(api_listener.close)
        closing.callback(aws_listener.close)
        self.base_url = f"http://{LOOPBACK}:{api_listener.getsockname()[1]}"
        self.aws_endpoint_url = f"http://{LOOPBACK}:{aws_listener.getsockname()[1]}"

        closing.enter_context(
            environment(local_environment(os.environ, made_up(self._folder, os.environ.get("ASYNCFLOW_SEED"))))
        )
        self.aws = closing.enter_context(local_aws())
        self.aws.lock.guards.append(schedule_guard())
        closing.enter_context(sorted_indexes(self.aws.lock))
        apply(load_template(), self.names, self.aws.client)

        # Whatever this process assembled before knew another environment.
        closing.callback(wiring.use, wiring.use(None))
        app = self._load_app()
        config = load_config(PROJECT, app)
        threads: list[AwsServer | Firing | Expiry | Poller | Ticker | ApiServer] = [
            AwsServer(aws_listener),
            Firing(self.names, self.aws.client, self.aws.lock, self._jitter),
            Expiry(self.names, self.aws.lock),
        ]
        self._pollers = [
            Poller(source, MotoMailbox(source.queue, self.names, self.aws.client("sqs"), self.aws.lock))
            for source in event_sources(app, lambda function: time_limit(config, function))
        ]
        threads.extend(self._pollers)
        threads.extend(Ticker(each) for each in schedules(app, lambda function: time_limit(config, function)))
        seeded = self._seed()
        # The API last: whoever reaches it finds everything behind it.
        threads.append(ApiServer(app, config, api_listener))
        for thread in threads:
            thread.start()
            closing.callback(thread.stop)

        self.document = {"base_url": self.base_url, **seeded, "aws_endpoint_url": self.aws_endpoint_url}
        path = self._folder / "stack.json"
        write_private(path, self.document)
        closing.callback(remove_if_ours, path, self.document)
