"""Rules of the rooms that an import alone does not show."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import chalicelib

PRODUCT = Path(chalicelib.__file__).parent
ROOT = PRODUCT.parent
#: Names under which things are put that nobody found a place for.
NOWHERE = {"base", "common", "helper", "helpers", "misc", "shared", "tools", "util", "utils"}
#: The framework's own tracker, where its limits are written down.
_FOREIGN = re.compile(r"\baws/chalice#\d+")
_NUMBER = re.compile(r"(?<![\w&])(?:#|GH-|issue )\d+", re.IGNORECASE)


def reads_environment(source: str) -> bool:
    """Whether a source asks for the process's environment."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "getenvb", "putenv"):
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            return any(alias.name.removesuffix("b") in ("environ", "getenv", "putenv", "*") for alias in node.names)
    return False


def words(source: str) -> Iterator[str]:
    """The comments and docstrings of a source."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string.removeprefix("#")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def issue_numbers(source: str) -> list[str]:
    """What looks like a number of a tracker of ours."""
    return [number for text in words(source) for number in _NUMBER.findall(_FOREIGN.sub("", text))]


def test_only_settings_reads_the_environment() -> None:
    readers = {
        path.relative_to(PRODUCT).as_posix() for path in PRODUCT.rglob("*.py") if reads_environment(path.read_text())
    }

    assert readers == {"settings/__init__.py"}


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['A']",
        "import os as o\no.getenv('A')",
        "from os import environ",
        "from os import getenv as g",
    ],
)
def test_the_rule_sees_every_way_to_read_it(source: str) -> None:
    assert reads_environment(source)


def test_every_room_has_a_name_that_says_what_is_in_it() -> None:
    names = {path.stem for path in PRODUCT.rglob("*") if path.suffix == ".py" or path.is_dir()}

    assert names & NOWHERE == set()


def test_every_room_says_what_it_is_for() -> None:
    silent = {
        path.relative_to(ROOT).as_posix()
        for path in PRODUCT.rglob("*.py")
        if path != PRODUCT / "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    }

    assert silent == set()


def test_no_comment_needs_a_tracker_to_be_understood() -> None:
    sources = [
        ROOT / "app.py",
        *(path for room in ("chalicelib", "cli", "infra") for path in (ROOT / room).rglob("*.py")),
    ]
    numbered = {path.relative_to(ROOT).as_posix(): issue_numbers(path.read_text()) for path in sources}

    assert {path: numbers for path, numbers in numbered.items() if numbers} == {}


@pytest.mark.parametrize(
    ("source", "numbers"),
    [
        ("# see #12", ["#12"]),
        ('"""As issue 12 says."""', ["issue 12"]),
        ("# GH-7", ["GH-7"]),
        ("# the framework (aws/chalice#511)", []),
        ("# RFC 9110", []),
        ('colour = "#123456"', []),
    ],
)
def test_the_rule_knows_a_number_of_ours_from_others(source: str, numbers: list[str]) -> None:
    assert issue_numbers(source) == numbers
