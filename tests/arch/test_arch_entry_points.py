"""`app.py` is a table of contents: it declares what Lambda calls, and decides nothing."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from chalice.app import ScheduledEventConfig, SQSEventConfig

import chalicelib
from app import app, names
from infra.apply import load_template, resources

ROOT = Path(chalicelib.__file__).parents[1]
SOURCE = (ROOT / "app.py").read_text("utf-8")
TREE = ast.parse(SOURCE)
MOST_LINES = 150

FUNCTIONS = [node for node in ast.walk(TREE) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_it_fits_on_a_few_screens() -> None:
    assert len(SOURCE.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_every_handler_is_one_call(function: ast.FunctionDef) -> None:
    body = function.body[1:] if ast.get_docstring(function) else function.body

    assert ast.get_docstring(function)
    assert len(body) == 1
    assert isinstance(body[0], ast.Return)
    assert isinstance(body[0].value, ast.Call)


def test_it_imports_the_framework_and_the_product_alone() -> None:
    imported = {
        name.partition(".")[0]
        for node in ast.walk(TREE)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }

    assert imported == {"__future__", "typing", "chalice", "chalicelib"}


def test_of_the_product_it_knows_the_edges_alone() -> None:
    rooms = {
        part
        for node in ast.walk(TREE)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("chalicelib")
        for part in (
            [alias.name for alias in node.names] if node.module == "chalicelib" else [str(node.module).split(".")[1]]
        )
    }

    assert rooms <= {"settings", "surfaces", "workers"}


def test_it_decides_nothing() -> None:
    decisions = (ast.If, ast.IfExp, ast.For, ast.While, ast.Try, ast.With, ast.Match, ast.Lambda, ast.BoolOp)

    assert [type(node).__name__ for node in ast.walk(TREE) if isinstance(node, decisions)] == []


def sources() -> list[SQSEventConfig]:
    return [source for source in app.event_sources if not isinstance(source, ScheduledEventConfig)]


def config() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text())
    return loaded


def test_every_event_source_is_a_queue_of_the_template() -> None:
    queues = {
        resource["Properties"]["QueueName"]["Fn::Sub"].replace("${Stage}", names.stage)
        for resource in resources(load_template()).values()
        if resource["Type"] == "AWS::SQS::Queue"
    }

    assert {type(source) for source in sources()} == {SQSEventConfig}
    assert {source.queue for source in sources()} == queues


def test_every_queue_has_one_handler() -> None:
    queues = [source.queue for source in sources()]

    assert len(queues) == len(set(queues))


def test_the_one_schedule_starts_the_backstop() -> None:
    scheduled = [source for source in app.event_sources if isinstance(source, ScheduledEventConfig)]

    assert [(source.name, source.schedule_expression.to_string()) for source in scheduled] == [
        ("backstop", "rate(1 hour)")
    ]


def test_every_function_has_its_limits_and_every_limit_its_function() -> None:
    declared = {"api_handler", *(source.name for source in app.event_sources)}
    limits = config()["lambda_functions"]

    assert set(limits) == declared
    assert all(limit["lambda_timeout"] > 0 and limit["lambda_memory_size"] >= 128 for limit in limits.values())


def test_every_handler_in_the_file_is_an_event_source() -> None:
    assert {function.name for function in FUNCTIONS} == {source.name for source in app.event_sources}
