"""What the page about AstraFlow says of tokens, users, limits and the operator's commands is what the code does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.domain import passwords
from chalicelib.domain.access import ROLE_SCOPES, SCOPES, Role, TokenKind
from chalicelib.domain.tokens import LIFETIME_MS, REPEAT_MS
from chalicelib.engine.guesses import PER_ACCOUNT, PER_ADDRESS, WINDOW_MS
from chalicelib.settings import load
from chalicelib.surfaces.oauth.forms import grant_types
from chalicelib.surfaces.oauth.routes import surface as oauth
from cli.__main__ import app

PAGE = (Path(__file__).parents[3] / "docs" / "astraflow.md").read_text("utf-8")
TEXT = " ".join(PAGE.split())
SETTINGS = load({"OPERATOR_KEY": "x" * 16, "KEY_PEPPER": "x" * 16})
HOURS = {3_600_000: "an hour"}
NUMBERS = {5: "Five", 50: "fifty"}
RATE = SETTINGS.astraflow_rate
#: scrypt's memory.
_MIB = 128 * passwords.STANDARD.r * 2**passwords.STANDARD.log_n // 2**20


@pytest.mark.parametrize(
    "sentence",
    [
        f"An access token lives {HOURS[LIFETIME_MS[TokenKind.ACCESS]]},",
        f"a refresh token {LIFETIME_MS[TokenKind.REFRESH] // 86_400_000} days.",
        f"the same request within {REPEAT_MS // 1000} seconds gets the same pair, once.",
        f"{NUMBERS[PER_ACCOUNT.limit]} wrong passwords** in {WINDOW_MS // 60_000} minutes for one account",
        f"or {NUMBERS[PER_ADDRESS.limit]} from one address",
        f"`password` (at least {passwords.SHORTEST} characters)",
        f"their scrypt hash with {_MIB} MiB.",
        f"A client has {RATE.limit} requests in any {RATE.window_ms // 1000} seconds",
    ],
)
def test_the_numbers_are_those_of_the_code(sentence: str) -> None:
    assert sentence in TEXT


def test_the_scopes_and_roles_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `([a-z]+:[a-z]+)` \|(.*)\|$", PAGE, re.MULTILINE)
    told = {scope: [cell.strip() for cell in cells.split("|")][1:] for scope, cells in rows}

    assert set(told) == set(SCOPES)
    for column, role in enumerate((Role.ADMIN, Role.MEMBER, Role.VIEWER)):
        assert {scope for scope, cells in told.items() if cells[column] == "yes"} == ROLE_SCOPES[role]


def test_every_grant_and_every_endpoint_is_there() -> None:
    assert re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| ", PAGE, re.MULTILINE)[: len(grant_types(SETTINGS))] == list(
        grant_types(SETTINGS)
    )
    for path in oauth.endpoints:
        assert path in PAGE


def test_every_command_is_one_that_there_is() -> None:
    commands = re.findall(r"^\./sluice (.+)$", PAGE, re.MULTILINE)

    assert len(commands) > 4
    for command in commands:
        words = [word for word in shlex.split(command) if not word.startswith("-")]
        options = [word for word in shlex.split(command) if word.startswith("-")]
        told = CliRunner().invoke(app, [*words[:2], "--help"], env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"})
        assert told.exit_code == 0, command
        assert all(option in told.stdout for option in options), command
