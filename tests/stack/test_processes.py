"""The stack as processes on a machine: started, joined, asked by the operator, stopped; nothing is left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).parents[2]
CHALICE = str(Path(sys.executable).with_name("chalice"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Checkout:
    """A checkout of its own, so that a stack that somebody is working with is not disturbed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.aws_port = free_port(), free_port()
        for name in ("app.py", "chalicelib", "infra", "cli"):
            (folder / name).symlink_to(ROOT / name)
        (folder / ".chalice").mkdir()
        config = json.loads((ROOT / ".chalice" / "config.json").read_text())
        config["stages"]["local"]["environment_variables"]["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{self.aws_port}"
        (folder / ".chalice" / "config.json").write_text(json.dumps(config))

    def start(self, *command: str) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PORT": str(self.port),
            "AWS_PORT": str(self.aws_port),
            "PYTHONPATH": str(self.folder),
        }
        program = [sys.executable] if command[0] == "-m" else []
        return subprocess.Popen(
            [*program, *command],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def operator(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start("-m", "cli", *arguments)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    @property
    def document(self) -> Any:
        return json.loads((self.folder / ".local" / "stack.json").read_text())


def wait_for(url: str, within_s: float = 20) -> requests.Response:
    end = time.monotonic() + within_s
    while True:
        try:
            return requests.get(url, timeout=5)
        except requests.ConnectionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def running(checkout: Checkout) -> Iterator[subprocess.Popen[str]]:
    process = checkout.start("-m", "infra.local")
    try:
        wait_for(f"http://127.0.0.1:{checkout.port}/health")
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_what_is_there_and_ends_cleanly(
    checkout: Checkout, running: subprocess.Popen[str], number: signal.Signals
) -> None:
    document = checkout.document
    assert document["base_url"] == f"http://127.0.0.1:{checkout.port}"
    assert [team["plan"] for team in document["asyncqueue"]["teams"]] == ["pro", "free"]
    assert (checkout.folder / ".local" / "stack.json").stat().st_mode & 0o077 == 0
    began = time.monotonic()
    running.send_signal(number)
    out, err = running.communicate(timeout=10)
    assert time.monotonic() - began < 3
    assert (running.returncode, err) == (0, "")
    assert document["asyncqueue"]["teams"][0]["api_key"] in out
    assert re.search(r"Ready in \d+\.\d s", out)
    assert not (checkout.folder / ".local" / "stack.json").exists()


def test_a_second_one_says_in_one_line_that_the_port_is_taken(
    checkout: Checkout, running: subprocess.Popen[str]
) -> None:
    second = checkout.start("-m", "infra.local")
    out, err = second.communicate(timeout=20)
    assert second.returncode == 1
    assert out == ""
    assert err.count("\n") == 1
    assert str(checkout.port) in err
    assert "PORT=" in err


def test_chalice_s_own_command_joins_the_running_stack(checkout: Checkout, running: subprocess.Popen[str]) -> None:
    port = free_port()
    joined = checkout.start(CHALICE, "local", "--stage", "local", "--port", str(port), "--no-autoreload")
    try:
        assert wait_for(f"http://127.0.0.1:{port}/health").json()["status"] == "ok"
        key = {"Authorization": f"Bearer {checkout.document['asyncqueue']['teams'][1]['api_key']}"}
        created = requests.post(
            f"http://127.0.0.1:{port}/v1/tasks",
            json={"callbackUrl": f"http://127.0.0.1:{checkout.port}/health", "method": "GET"},
            headers=key,
            timeout=10,
        )
        assert created.status_code == 201, created.text
        task = requests.get(
            f"http://127.0.0.1:{checkout.port}/v1/tasks/{created.json()['task']['id']}?wait=10", headers=key, timeout=20
        ).json()["task"]
        assert task["status"] in ("processing", "completed")
        pasted = {"Authorization": "Bearer your-api-key"}
        assert requests.get(f"http://127.0.0.1:{port}/v1/tasks", headers=pasted, timeout=10).status_code == 200
    finally:
        joined.terminate()
        joined.communicate()


def test_the_operator_makes_teams_and_keys(checkout: Checkout, running: subprocess.Popen[str]) -> None:
    code, out, _ = checkout.operator("--json", "team", "create", "Payments", "--plan", "pro")
    created = json.loads(out)
    assert (code, created["team"]["plan"]) == (0, "pro")
    code, out, _ = checkout.operator("--json", "key", "create", "build server", "--team", created["team"]["id"])
    key = {"Authorization": f"Bearer {json.loads(out)['key']}"}
    assert requests.get(f"http://127.0.0.1:{checkout.port}/v1/tasks", headers=key, timeout=10).status_code == 200
    code, out, _ = checkout.operator("team", "list")
    assert (code, "Payments" in out) == (0, True)
    code, out, err = checkout.operator("key", "create", "x", "--team", "nobody")
    assert (code, out, err) == (4, "", "404: Team not found\n")
    code, _, err = checkout.operator("--operator-key", "wrong" * 4, "team", "list")
    assert (code, err) == (3, "401: Invalid operator key\n")


def test_the_operator_without_a_stack_is_told_what_to_do(checkout: Checkout) -> None:
    code, out, err = checkout.operator("team", "list")
    assert (code, out) == (2, "")
    assert "make run" in err
    code, _, err = checkout.operator("--url", "http://127.0.0.1:9", "--operator-key", "x" * 16, "team", "list")
    assert code == 1
    assert "Nothing answers at http://127.0.0.1:9" in err


def test_it_says_how_to_start_it_and_starts_nothing(checkout: Checkout) -> None:
    asked = checkout.start("-m", "infra.local", "--help")
    out, err = asked.communicate(timeout=20)

    assert (asked.returncode, err) == (0, "")
    assert all(told in out for told in ("PORT", "AWS_PORT", "docs/settings.md", "Ctrl-C"))
    assert not (checkout.folder / ".local").exists()


@pytest.mark.parametrize("argument", ["--port=8010", "8010"])
def test_what_it_does_not_know_is_refused(checkout: Checkout, argument: str) -> None:
    asked = checkout.start("-m", "infra.local", argument)
    out, err = asked.communicate(timeout=20)

    assert (asked.returncode, out) == (2, "")
    assert err.startswith("usage: python -m infra.local")
    assert argument in err
    assert not (checkout.folder / ".local").exists()
