"""The commands that a user types, run as they are."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.deploy.package import PROJECT

STAGE = "rehearsal"
#: The emulator runs functions on this machine, so they are built for its processor.
ARCHITECTURE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")


class CommandError(Exception):
    """A command ended with a failure; the message is what it said."""


class Commands:
    """Runs commands in the environment of a rehearsal."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {**os.environ, **environment}

    def deploy(self) -> str:
        """`make deploy`; what it said."""
        return self._run(["make", "--no-print-directory", "deploy", f"STAGE={STAGE}", f"ARCHITECTURE={ARCHITECTURE}"])

    def deploy_from(self, project: Path) -> str:
        """The same of another checkout, with the tools of this one; what it said."""
        command = [sys.executable, "-m", "infra.deploy", "up", STAGE, "--architecture", ARCHITECTURE]
        return self._run(command, folder=project)

    def resources(self, project: Path, stage: str) -> str:
        """`make resources` of another checkout, with the tools of this one; what it said."""
        command = [sys.executable, "-m", "infra.deploy", "resources", stage, "--architecture", ARCHITECTURE]
        return self._run(command, folder=project)

    def chalice(self, project: Path, *arguments: str) -> str:
        """Chalice's own command in another checkout; what it said."""
        return self._run([str(Path(sys.executable).with_name("chalice")), *arguments], folder=project)

    def destroy_in(self, project: Path, stage: str) -> str:
        """`make destroy DATA=delete` of another checkout, confirmed; what it said."""
        command = [sys.executable, "-m", "infra.deploy", "down", stage, "--data", "delete"]
        return self._run(command, folder=project, typed=f"{stage}\ndelete {stage}\n")

    def destroy(self, *typed: str, data: bool = False) -> str:
        """`make destroy` with what is typed when it asks; what it said."""
        command = ["make", "--no-print-directory", "destroy", f"STAGE={STAGE}", *(["DATA=delete"] if data else [])]
        return self._run(command, typed="".join(f"{line}\n" for line in typed))

    def sluice(self, url: str, operator_key: str, *arguments: str) -> Any:
        """The operator's command; its JSON."""
        environment = {"SLUICE_URL": url, "OPERATOR_KEY": operator_key}
        return json.loads(self._run(["./sluice", "--json", *arguments], environment=environment))

    def _run(
        self,
        command: list[str],
        *,
        folder: Path = PROJECT,
        typed: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> str:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**self._environment, **(environment or {})},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout.rstrip()
