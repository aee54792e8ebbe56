"""`sluice doctor`: each fault with the command that mends it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cli_terminal import Operator, eventually
from typer.testing import CliRunner

from cli.__main__ import app
from cli.exits import Exit


def diagnosed(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and the checks by their names."""
    done = CliRunner().invoke(app, ["doctor", "--json", *arguments])
    told = json.loads(done.stdout)
    assert told["ok"] == (done.exit_code == 0)
    return done.exit_code, {check["name"]: check for check in told["checks"]}


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of a server that is no Sluice."""

    class Teapot(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Teapot)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_stack_that_is_well_passes_every_check(operator: Operator) -> None:
    code, checks = diagnosed("--url", operator.url, "--operator-key", operator.key)
    assert code == 0
    assert {check["state"] for check in checks.values()} <= {"ok", "warning"}
    assert {"reach", "part tasks", "part queue", "clock", "operator key", "queues", "dead letters"} <= checks.keys()
    code, out, err = operator.run("doctor")
    assert (code, err) == (0, "")
    assert out.startswith("ok       profiles: none\n")


def test_letters_that_wait_are_a_warning_with_the_command_that_shows_them(operator: Operator) -> None:
    operator.bury("junk")
    eventually(operator.letters)
    code, checks = diagnosed("--url", operator.url, "--operator-key", operator.key)
    assert (code, checks["dead letters"]["state"], checks["dead letters"]["mend"]) == (
        0,
        "warning",
        "sluice dead-letter list",
    )


def test_a_wrong_key_is_told_from_a_missing_one(operator: Operator) -> None:
    code, checks = diagnosed("--url", operator.url, "--operator-key", "wrong" * 4)
    assert (code, checks["operator key"]["state"]) == (Exit.AUTH, "failed")
    assert "OPERATOR_KEY" in checks["operator key"]["mend"]
    code, checks = diagnosed("--url", operator.url)
    assert (code, checks["deployment"]["state"]) == (Exit.AUTH, "failed")


def test_nothing_that_answers_is_mended_by_starting_it() -> None:
    code, checks = diagnosed("--url", "http://127.0.0.1:9", "--operator-key", "k" * 16)
    assert (code, checks["reach"]["mend"]) == (Exit.API_ERROR, "make run")
    code, checks = diagnosed("--url", "http://nowhere.invalid", "--operator-key", "k" * 16)
    assert (code, checks["reach"]["mend"][:11]) == (Exit.API_ERROR, "make deploy")


def test_an_address_that_is_another_service_s_is_found_out(stranger: str) -> None:
    code, checks = diagnosed("--url", stranger, "--operator-key", "k" * 16)
    assert (code, checks["reach"]["found"]) == (Exit.API_ERROR, "404, and it is no Sluice")
    assert "base URL" in checks["reach"]["mend"]


def test_a_file_that_others_may_read_is_mended_by_its_mode(operator: Operator, nothing_of_ours: Path) -> None:
    nothing_of_ours.parent.mkdir()
    nothing_of_ours.touch(0o644)
    code, checks = diagnosed("--url", operator.url, "--operator-key", operator.key)
    assert (code, checks["profiles"]["mend"]) == (Exit.USAGE, f"chmod 600 {nothing_of_ours}")
