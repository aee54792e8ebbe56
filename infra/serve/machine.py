"""The whole product in one process over a data folder: the API, and everything that wakes the handlers."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from chalicelib import wiring
from chalicelib.wiring.parts import MachineParts
from infra.host.environment import environment
from infra.host.files import remove_if_ours, write_private
from infra.host.functions import PROJECT, load_config, time_limit
from infra.host.mappings import event_sources
from infra.host.pollers import Poller
from infra.host.ports import LOOPBACK, claim
from infra.host.server import ApiServer
from infra.host.stack import Stack
from infra.host.ticking import Ticker, schedules
from infra.serve.folder import SECRETS_FILE, SERVING_FILE, held, secrets_in
from infra.serve.mailbox import EmbeddedMailbox
from infra.serve.rounds import Round, expiry, firing

#: The stage, unless another is set: any but the local one, whose keys everybody knows.
STAGE = "machine"


class Machine(Stack):
    """Everything is up while it is entered. Port 0 takes any free one."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        super().__init__()
        self.folder = folder.absolute()
        self._port = port
        self._secrets = "as they were given"
        self.base_url = ""

    @property
    def banner(self) -> str:
        """Where everything is, and how to begin."""
        lines = {"API": self.base_url, "Docs": f"{self.base_url}/docs", "Data": self.folder, "Secrets": self._secrets}
        return "\n".join(
            [
                "Sluice, on this machine",
                "",
                *(f"  {name:<8}  {value}" for name, value in lines.items()),
                "",
                "Make a team:",
                "",
                f'  SLUICE_DATA={self.folder} ./sluice team create "My team"',
                "",
            ]
        )

    def _start(self, closing: ExitStack) -> None:
        (listener,) = claim({"PORT": self._port}, "make serve")
        closing.callback(listener.close)
        self.base_url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        closing.enter_context(held(self.folder))
        closing.enter_context(environment(served(os.environ, self.folder)))
        if (self.folder / SECRETS_FILE).exists():
            self._secrets = str(self.folder / SECRETS_FILE)

        # Whatever this process assembled before knew another environment.
        closing.callback(wiring.use, wiring.use(None))
        app = importlib.import_module("app").app
        here = wiring.platform()
        if not isinstance(here.parts, MachineParts):
            raise TypeError("the platform is not that of a data folder")
        embedded = here.parts.embedded
        closing.callback(embedded.database.close)
        embedded.recover(here.parts.clock.now())

        config = load_config(PROJECT, app)
        queues = {queue.name: queue for queue in embedded.queues}
        names = here.settings.names
        threads: list[Round | Poller | Ticker | ApiServer] = [firing(embedded), expiry(embedded)]
        threads += [
            Poller(source, EmbeddedMailbox(queues[source.queue], names, embedded.database))
            for source in event_sources(app, lambda function: time_limit(config, function))
        ]
        threads += [Ticker(each) for each in schedules(app, lambda function: time_limit(config, function))]
        # The API last: whoever reaches it finds everything behind it.
        threads.append(ApiServer(app, config, listener))
        for thread in threads:
            thread.start()
            closing.callback(thread.stop)

        document = {"base_url": self.base_url}
        path = self.folder / SERVING_FILE
        write_private(path, document)
        closing.callback(remove_if_ours, path, document)


def served(given: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment of the app: what was given, and what the folder keeps."""
    kept = {name: value for name, value in given.items() if value}
    return {
        "SLUICE_STAGE": STAGE,
        **secrets_in(folder, kept),
        **kept,
        "SLUICE_DATA": str(folder),
        "PARTIAL_BATCH": "on",
    }
