"""`SECURITY.md` names a test for everything that it promises, and each of them is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from chalicelib.domain import keys, passwords, tokens
from chalicelib.engine.guesses import PER_ACCOUNT, PER_ADDRESS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| how it is tried")]


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_test_that_is_named_is_there(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))

    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_names_its_test() -> None:
    assert len(ROWS) > 40
    assert [row for row in ROWS if not re.search(r"`tests/[\w/]+\.py::\w+` \|$", row)] == []


def test_the_forms_that_scanners_look_for_are_those_of_the_code() -> None:
    assert f"`{keys.PATTERN.pattern}`" in PAGE
    assert f"`{tokens.PATTERN.pattern}`" in PAGE
    assert f"scrypt (2^{passwords.STANDARD.log_n}, {passwords.STANDARD.r}, {passwords.STANDARD.p})" in PAGE
    assert f"{PER_ACCOUNT.limit} in {PER_ACCOUNT.window_ms // 60_000} minutes for an account" in PAGE
    assert f"{PER_ADDRESS.limit} from one address" in PAGE
