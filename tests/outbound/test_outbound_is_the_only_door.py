"""No other room of the product opens a connection by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import chalicelib

PRODUCT = Path(chalicelib.__file__).parent
DOOR = PRODUCT / "outbound"

NETWORK_MODULES = (
    "aiohttp",
    "asyncio",
    "ftplib",
    "h11",
    "http.client",
    "http.server",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "urllib.request",
    "urllib3",
)


def imported(source: str) -> Iterator[str]:
    """Every dotted name that the source imports, also by a call with a literal name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (ast.literal_eval(argument) for argument in node.args if isinstance(argument, ast.Constant))


def network_modules(source: str) -> set[str]:
    return {
        module
        for name in imported(source)
        for module in NETWORK_MODULES
        if name == module or name.startswith(module + ".")
    }


def test_only_the_outbound_room_talks_to_the_network() -> None:
    sources = {path: path.read_text("utf-8") for path in PRODUCT.rglob("*.py")}
    talkers = {path for path, source in sources.items() if network_modules(source)}

    assert talkers
    assert {path for path in talkers if not path.is_relative_to(DOOR)} == set()


@pytest.mark.parametrize(
    "source",
    [
        "import socket",
        "import os, ssl as s",
        "from http import client",
        "from http.client import HTTPConnection",
        "import urllib.request",
        "def f():\n    from urllib import request",
        "importlib.import_module('requests')",
        "__import__('httpx')",
    ],
)
def test_the_rule_sees_every_way_to_import(source: str) -> None:
    assert network_modules(source)


@pytest.mark.parametrize("source", ["import http", "from urllib.parse import quote", "from chalicelib import socket"])
def test_the_rule_does_not_see_ghosts(source: str) -> None:
    assert not network_modules(source)
