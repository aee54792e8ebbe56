"""No text makes a regular expression of ours take long: 64 KiB of whatever it likes least cost it as good as nothing.

Each pattern is tried in the ways in which its module uses it. On the machine that the figures in the documents come
from, 10 ms are allowed; here they are told as a multiple of a plain walk over the same text, timed in the same run.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from itertools import product
from types import ModuleType
from typing import Any

import pytest

import chalicelib

SIZE = 65_536
#: Short texts first: what grows exponentially shows in a few letters, what grows with the square in some thousand.
SIZES = (20, 256, 4_096, SIZE)
#: A walk over 64 KiB, letter by letter, takes 1.7 ms or more: five of them are below 10 ms where they take the least.
WALKS = 5.0

#: What the text repeats: words of our grammars, their beginnings, and what separates them.
UNITS = (
    *("a", "A", "1", "é", "-", ".", ":", "=", "/", "@", '"', "\\", " ", "\t", ",", ";", "#", "[", "\x01"),
    *('\\"', "a=", "a.", "a@", "a@a.", "a,", 'a=";', '"a",', "a-", "key", "key ", "key=,", "://", "://a", "at_", "0x"),
)
#: What stands around it, so that it almost fits.
AROUND = (("", ""), ("a", "!"), ('"', "\n"), ("a=", '"'), ("x://", " "))

METHODS = {"match", "fullmatch", "search", "sub", "findall", "finditer"}
Use = tuple[re.Pattern[Any], str]


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        yield importlib.import_module(found.name)


def uses(module: ModuleType) -> Iterator[tuple[str, str, re.Pattern[Any]]]:
    """The patterns that a module uses, its own or another's: name, method and pattern of each."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in METHODS
            and isinstance(node.value, ast.Name | ast.Attribute)
        ):
            found.add((ast.unparse(node.value), node.attr))
    for name, method in sorted(found):
        value: Any = module
        for step in name.split("."):
            value = getattr(value, step, None)
        if isinstance(value, re.Pattern):
            yield name, method, value


USES = [
    pytest.param(pattern, method, id=f"{module.__name__.removeprefix('chalicelib.')}.{name}.{method}")
    for module in modules()
    for name, method, pattern in uses(module)
]


def text(unit: str, around: tuple[str, str], size: int) -> str:
    before, behind = around
    return before + (unit * (size // len(unit) + 1))[: size - len(before) - len(behind)] + behind


def call(pattern: re.Pattern[Any], method: str, given: Any) -> Callable[[], object]:
    if method == "sub":
        return lambda: pattern.sub(given[:0], given)
    if method == "finditer":
        return lambda: sum(1 for _ in pattern.finditer(given))
    return lambda: getattr(pattern, method)(given)


def cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU, of three tries the shortest unless the first is short enough."""
    shortest = float("inf")
    for _ in range(3):
        began = time.process_time()
        work()
        shortest = min(shortest, time.process_time() - began)
        if shortest < 0.001:
            break
    return shortest


@pytest.fixture(scope="module")
def walk() -> float:
    letters = text("a", AROUND[0], SIZE)
    return cpu(lambda: [letter for letter in letters if letter != "b" and letter.isalnum()])


def too_slow(pattern: re.Pattern[Any], method: str, limit: float) -> str | None:
    """A text that takes longer than `limit` seconds of CPU, described; None when there is none."""
    for size, unit, around in product(SIZES, UNITS, AROUND):
        given: Any = text(unit, around, size)
        took = cpu(call(pattern, method, given.encode() if isinstance(pattern.pattern, bytes) else given))
        if took > limit:
            return f"{around[0] + unit!r}...{around[1]!r}, {size} long: {took * 1000:.1f} ms of {limit * 1000:.1f}"
    return None


def test_every_pattern_is_tried() -> None:
    """Patterns stand at the top of a module, where they are found, and each is used somewhere."""
    tried = {each.values[0].pattern for each in USES}
    for module in modules():
        for name, value in vars(module).items():
            assert not isinstance(value, re.Pattern) or value.pattern in tried, f"{module.__name__}.{name} is not used"


@pytest.mark.parametrize(("pattern", "method"), USES)
def test_no_text_takes_long(pattern: re.Pattern[Any], method: str, walk: float) -> None:
    assert too_slow(pattern, method, WALKS * walk) is None


@pytest.mark.parametrize(
    "careless",
    [r"(?:a+)+b", r'"(?:[^"\\]|\\.)*"', r"\s*=?\s*x", r"(\w+)@"],
    ids=["exponential", "quotes", "gaps", "run"],
)
def test_a_careless_pattern_is_found(careless: str, walk: float) -> None:
    assert too_slow(re.compile(careless), "search", WALKS * walk)
