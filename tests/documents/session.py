"""A reader who follows a page from its top to its end, on a stack of this machine."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.local.stack import LocalStack

ROOT = Path(__file__).parents[2]
_LOCAL = "http://127.0.0.1:8000"
#: Where a receiver of the reader's own listens; here on any free port.
_RECEIVER = re.compile(r"(127\.0\.0\.1|localhost)(:|\", )9000\b")
#: A word that the reader replaces by what an earlier answer said.
_PLACEHOLDER = re.compile(r"\b(?:[A-Z]+_(?:ID|SECRET|TOKEN)|KEY_OF_[A-Z]+)\b")
#: What a page may call that is a credential of the local stack itself.
_LITERAL = {"YOUR_TOKEN"}
#: How the operator's commands tell the id of what they made.
_TOLD = {
    "TEAM_ID": r"^Team (\S+)",
    "KEY_ID": r"^Key (\S+)",
    "TENANT_ID": r"^Tenant (\S+)",
    "CLIENT_ID": r"^Client id +(\S+)",
    "CLIENT_SECRET": r"^Client secret +(\S+)",
    "USER_ID": r"^Admin .*\((\S+)\)$",
}
_SECONDS = 60


class Session:
    """Runs blocks one after the other and remembers what their answers named."""

    def __init__(self, stack: LocalStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._python: dict[str, Any] = {"__name__": "__main__"}
        self._receiver = _free_port()
        client = stack.document["astraflow"]
        self._known = {"CLIENT_ID": client["client_id"], "CLIENT_SECRET": client["client_secret"]}

    def shell(self, script: str) -> str:
        """What a block of commands prints; it has to succeed. The operator's commands are run one by one, because each
        may need what the one before has made."""
        lines = script.strip().splitlines()
        single = len(lines) > 1 and all(line.startswith("./sluice ") for line in lines)
        return "".join(self._run(part) for part in (lines if single else [script]))

    def python(self, code: str) -> str:
        """What a block of Python prints; what it names is there for the next one of the page."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(self._here(code), "page", "exec"), self._python)  # noqa: S102  (it is what this is for)
        return printed.getvalue()

    def again(self, script: str) -> Iterator[str]:
        """What a block that only reads prints later: the first news need not be the last."""
        ends = time.monotonic() + 45
        while "-d " not in script and "-X " not in script and time.monotonic() < ends:
            yield self.shell(script)
            time.sleep(1.5)

    def _run(self, script: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self._command(script)],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            cwd=self._folder,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "SLUICE_URL": self._stack.base_url,
                "OPERATOR_KEY": self._stack.document["operator"]["key"],
                "COLUMNS": "200",
            },
        )
        assert done.returncode == 0, f"{script}\n{done.stderr}{done.stdout}"
        self._learn(script, done.stdout)
        return done.stdout

    def _command(self, script: str) -> str:
        here = self._here(script).replace("./sluice", f"{sys.executable} -m cli")
        return re.sub(r"\bcurl ", "curl --silent --show-error ", here)

    def _here(self, text: str) -> str:
        """The block with the stack's address and what is known for the words in capitals."""

        def known(found: re.Match[str]) -> str:
            return found[0] if found[0] in _LITERAL else self._known.get(found[0], found[0])

        text = _RECEIVER.sub(rf"\g<1>\g<2>{self._receiver}", text.replace(_LOCAL, self._stack.base_url))
        return _PLACEHOLDER.sub(known, text)

    def _learn(self, script: str, output: str) -> None:
        for known, pattern in _TOLD.items():
            if found := re.findall(pattern, output, re.MULTILINE):
                self._known[known] = found[-1]
        for line in output.splitlines():
            with contextlib.suppress(ValueError):
                self._learn_from(script, json.loads(line))

    def _learn_from(self, script: str, answer: Any) -> None:
        if not isinstance(answer, dict):
            return
        made = answer.get("task", answer)
        kind = next((kind for kind in ("webhooks", "keys", "members") if f"/{kind}" in script), "tasks")
        if "trackingId" in answer:
            self._known.setdefault("TRACKING_ID", answer["trackingId"])
        if isinstance(made, dict) and "id" in made and ("-d " in script or "-X POST" in script):
            self._known[f"{kind.removesuffix('s').upper()}_ID"] = made["id"]
        for name, known in (("access_token", "ACCESS_TOKEN"), ("refresh_token", "REFRESH_TOKEN")):
            if name in answer:
                self._known[known] = answer[name]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
