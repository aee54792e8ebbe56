"""The pages of limits, errors, records and metrics are complete, and as the code has it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from infra.docs import errors, limits, metrics

ROOT = Path(__file__).parents[2]
TEMPLATE = (ROOT / "infra" / "resources.json").read_text("utf-8")
#: Where somebody outside meets a limit.
_ROOMS = ("domain", "engine", "executors", "surfaces")
_LIMIT = re.compile(r"_?(?:MOST|LONGEST|SHORTEST|LARGEST|MAX|DEEPEST)(?:_[A-Z_]+)?")
#: Limits that nobody outside meets, each with what it is for.
INSIDE = {
    "chalicelib/domain/items.py MOST_REMEMBERED": "told in how-it-works.md",
    "chalicelib/domain/rotation.py MOST_REMEMBERED": "told in astraflow.md, Repeating a request",
    "chalicelib/domain/simulator/ledger.py _MOST_KEYS": "what a ledger remembers for the report",
    "chalicelib/domain/simulator/ledger.py _MOST_LOST": "what a ledger remembers for the report",
    "chalicelib/engine/batons.py LONGEST_HORIZON_S": "the range of a setting, told in settings.md",
    "chalicelib/engine/batons.py SHORTEST_HORIZON_S": "the range of a setting, told in settings.md",
    "chalicelib/engine/query.py _LONGEST_PAUSE_MS": "between two looks of one wait",
    "chalicelib/executors/confirmation.py _LONGEST_HOLD_MS": "between two looks of one delivery",
    "chalicelib/executors/operation.py _MOST_TURNS": "a guard against a kind that never ends",
    "chalicelib/executors/webhook.py _MAX_BODY_BYTES": "read and thrown away",
    "chalicelib/surfaces/operator/tasks.py _LONGEST_OWNER": "an id that no team or group can have",
}


@pytest.mark.parametrize("module", [errors, limits, metrics], ids=lambda module: module.PAGE.name)
def test_a_page_is_up_to_date(module: object) -> None:
    for path, text in module.files().items():  # type: ignore[attr-defined]
        assert path.read_text("utf-8") == text, "run `python -m infra.docs` and commit the result"


def declared() -> Iterator[str]:
    """Every limit that the product's code names: its file and its name."""
    for room in _ROOMS:
        for path in sorted((ROOT / "chalicelib" / room).rglob("*.py")):
            for node in ast.parse(path.read_text("utf-8")).body:
                targets = node.targets if isinstance(node, ast.Assign) else []
                for target in targets:
                    if isinstance(target, ast.Name) and _LIMIT.fullmatch(target.id):
                        yield f"{path.relative_to(ROOT).as_posix()} {target.id}"


def told() -> Iterator[str]:
    """Every limit that the page's generator takes from the code."""
    modules = {name: value.__name__ for name, value in vars(limits).items() if isinstance(value, ModuleType)}
    for module, name in re.findall(r"\b(\w+)\.(_?[A-Z][A-Z_]+)\b", Path(limits.__file__).read_text("utf-8")):
        yield f"{modules[module].replace('.', '/')}.py {name}"


def test_every_limit_is_on_the_page_or_is_nobody_s_outside() -> None:
    every = set(declared())

    assert every - set(told()) - INSIDE.keys() == set(), "give it a line in infra/docs/limits.py"
    assert INSIDE.keys() <= every


def test_every_record_says_when_it_is_written() -> None:
    assert set(metrics.written()) == set(metrics.RECORDS)


def test_every_alarm_has_its_first_look() -> None:
    page = (ROOT / "docs" / "operate.md").read_text("utf-8")
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \| .+ \|$", page, re.MULTILINE)
    names = re.findall(r'"AlarmName": \{"Fn::Sub": "sluice-\$\{Stage\}-([^"]+)"', TEMPLATE)

    assert sorted(re.findall(r"`([a-z-]+)`", " ".join(rows))) == sorted(names)


def test_every_alarm_and_metric_of_the_template_is_on_the_page() -> None:
    page = metrics.PAGE.read_text("utf-8")
    for name in re.findall(r'"(?:AlarmName|MetricNamespace)": \{"Fn::Sub": "([^"]+)"', TEMPLATE):
        assert f"`{name.replace('${Stage}', 'STAGE')}`" in page
    for metric in re.findall(r'"MetricName": "(\w+)"', TEMPLATE):
        assert f"`{metric}`" in page
