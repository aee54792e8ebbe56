"""What holds for every command: it explains itself with an example, takes `--json` anywhere, and ends as documented."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from cli.everywhere import hoisted
from cli.exits import MEANINGS, Exit
from infra.docs.commands import PAGE, all_commands, files

ROOT = Path(__file__).parents[2]
COMMANDS = dict(all_commands())


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_explains_itself_with_an_example_of_itself(path: str) -> None:
    done = CliRunner().invoke(app, [*path.split(), "--help"])
    assert done.exit_code == 0
    example = COMMANDS[path].epilog or ""
    assert example.startswith(f"Example: sluice {path}")
    assert "Example: sluice" in done.stdout


@pytest.mark.parametrize("path", COMMANDS)
def test_an_example_is_one_that_the_command_takes(path: str) -> None:
    """Nothing answers at this address: what is understood comes so far, anything else ends as wrong usage."""
    words = shlex.split((COMMANDS[path].epilog or "").removeprefix("Example: sluice "))
    if words[0] == "profile":
        words += ["--operator-key", "k"] if "add" in words else []
        expected = {Exit.OK, Exit.USAGE} if words[1] in ("use", "remove") else {Exit.OK}
        understood = CliRunner().invoke(app, words)
        assert understood.exit_code in expected, understood.stderr
        return
    words = [word for word in words if word not in ("--profile", "prod")]
    tried = CliRunner().invoke(app, ["--url", "http://127.0.0.1:9", "--operator-key", "k" * 16, *words])
    assert tried.exit_code == Exit.API_ERROR, tried.stderr
    assert "Nothing answers at" in tried.stderr or "nothing answers" in tried.stdout


def test_the_page_of_commands_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == files()[PAGE], "docs/cli.md is out of date: run `make docs`"


def test_every_exit_code_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    assert set(MEANINGS) == set(Exit)
    for code, meaning in MEANINGS.items():
        assert f"| `{code.value}` | {meaning} |" in page


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("team list --json", "--json team list"),
        ("team list --profile prod --json", "--profile prod --json team list"),
        ("team create --url=https://x.example Payments", "--url=https://x.example team create Payments"),
        ("profile add prod --url https://x.example", "profile add prod --url https://x.example"),
        ("profile add prod --url https://x.example --json", "--json profile add prod --url https://x.example"),
        ("team create -- --json", "team create -- --json"),
        ("team list --url", "--url team list"),
    ],
)
def test_where_and_how_may_stand_anywhere(given: str, expected: str) -> None:
    assert hoisted(given.split()) == expected.split()


STATUSES = {401: 3, 403: 3, 404: 4, 409: 1, 418: 1, 429: 5, 500: 1, 503: 1, 504: 6}


@pytest.fixture(scope="module")
def answering() -> Iterator[str]:
    """A server that answers each path with the status that it names."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = re.search(r"([0-9]{3})$", self.path)
            self.send_response(int(found[1]) if found else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"error":"no \\u001b[31mluck"}')

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("status", "code"), STATUSES.items())
def test_a_refusal_ends_with_the_exit_code_of_its_status(answering: str, status: int, code: int) -> None:
    done = CliRunner().invoke(app, ["--url", answering, "--operator-key", "k", "team", "show", str(status)])
    assert (done.exit_code, done.stdout) == (code, "")
    # What a server says does nothing to a terminal.
    assert done.stderr == f"{status}: no ?[31mluck\n"


def test_a_shell_completes_commands() -> None:
    environment = {**os.environ, "_SLUICE_COMPLETE": "complete_bash", "COMP_WORDS": "sluice dead", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "cli"], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["dead-letter"]


def test_nothing_but_text_is_written_where_there_is_no_terminal() -> None:
    done = subprocess.run([sys.executable, "-m", "cli", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "\x1b[" not in done.stdout
    json_help = subprocess.run(
        [sys.executable, "-m", "cli", "profile", "list", "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(json_help.stdout)["profiles"] == []
