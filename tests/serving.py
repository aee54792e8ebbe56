"""`make serve` as a process over a folder: started, asked, killed, started again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parents[1]
#: What these tests need of a deployment: its callers' servers are on this machine.
SETTINGS = {"OUTBOUND_ALLOW_NETWORKS": "127.0.0.0/8", "ASYNCQUEUE_RATE_LIMIT": "0"}


def started(folder: Path, *, port: int = 0, **environ: str) -> subprocess.Popen[str]:
    """The process, ready or not."""
    return subprocess.Popen(
        [sys.executable, "-m", "infra.serve"],
        cwd=ROOT,
        env={**os.environ, **SETTINGS, "SLUICE_DATA": str(folder), "PORT": str(port), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refused(folder: Path, **environ: str) -> str:
    """The line with which it refuses to start."""
    process = started(folder, **environ)
    try:
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, out) == (1, ""), out
    assert err.count("\n") == 1
    return err


class Serving:
    """A process that serves a folder. Use as a context manager; leaving it kills what still runs."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.process = started(folder, **environ)
        assert self.process.stdout is not None
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Ready in "):
                break
        else:
            raise AssertionError(self.said + self.process.communicate()[1])
        self.base_url: str = json.loads((folder / "serving.json").read_text())["base_url"]
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        secrets = folder / "secrets.json"
        self.operator_key = environ.get("OPERATOR_KEY") or json.loads(secrets.read_text())["OPERATOR_KEY"]

    def __enter__(self) -> Serving:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Let it end; its exit code and what it wrote to standard error."""
        return self._end(number)

    def operator(self, method: str, path: str, **body: Any) -> Any:
        """One request to the operator's API."""
        return self.ask(method, f"/operator{path}", self.operator_key, **body)

    def ask(self, method: str, path: str, key: str, **body: Any) -> Any:
        """One request; what was answered, as JSON."""
        headers = {"Authorization": f"Bearer {key}"}
        reply = requests.request(method, self.base_url + path, headers=headers, json=body or None, timeout=30)
        assert reply.ok, (method, path, reply.status_code, reply.text)
        return reply.json()

    def team_key(self) -> str:
        """The key of a new team."""
        key: str = self.operator("POST", "/teams", name="a team", plan="pro")["apiKey"]["key"]
        return key

    def settled(self, task_id: str, key: str, within_s: float = 20) -> Any:
        """The task once it is at its end."""
        end = time.monotonic() + within_s
        while True:
            task = self.ask("GET", f"/v1/tasks/{task_id}", key)["task"]
            if task["status"] in ("completed", "failed", "timeout", "cancelled"):
                return task
            assert time.monotonic() < end, task
            time.sleep(0.05)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with contextlib.suppress(ValueError):
            for line in self.process.stdout:
                self.said += line

    def _end(self, number: signal.Signals) -> tuple[int, str]:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=10)
        self._reader.join(timeout=10)
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        err = "" if self.process.stderr.closed else self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return code, err
