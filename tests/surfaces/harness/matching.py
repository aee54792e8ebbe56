"""The manuals' fixtures as data, and how an answer is held against what the manual shows.

A fixture file is a mapping with `fixtures` (and `shapes`, which only holds YAML anchors). A fixture has

- `id`, and `manual`: the document, the heading and a short quote it comes from; `reading`: the row of the readings
  that settles it where the manual leaves something open; `note`: what a reader should know
- `given`: named preparations (see `preparations.py` beside the fixtures)
- `sinks`: servers that the product calls, name -> script, or name -> {answers: script, instead_of: the manual's URL}
- `steps`, or one `request` and `expect` alone; `tries`: how often a race with the worker may be run anew

A step is one of

- `request` (`line`, `headers`, `key`, and `json` or the literal `text`) with `expect` (`status`, `headers`, `without`,
  `body`) and `within`, the seconds that the right answer may lag; a header that is null is not sent, and neither is a
  key that is null
- `create`: what this API runs, a task or a message, made from this JSON; binds its id
- `settle`: the engine works until what was created last is there, for at most `within` seconds
- `received`: the sink's name, with `requests` (each `method`, `headers`, `without`, `json` or `text`), or `gaps` in
  seconds between them, and `within`
- `pause`: seconds in which nothing is asked

`{name}` stands for a bound value. `<type>` stands for any value of the type, `<type:name>` also binds it (or compares,
when it is bound already), `<type range>` narrows it: `<int 15..>`, `<time {due}..>`, `<one pending|delayed>`.
A mapping is exact: no key more, no key fewer, except that `key?` may be absent and `"..."` allows others of one form.
`{"<list 10>": item}` is a list of ten such items.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

Bindings = dict[str, str]

PLACEHOLDER = re.compile(r"<(\w+)(?::(\w+))?(?: ([^<>]+))?>")
_BOUND = re.compile(r"\{([a-z]\w*)\}")
_LIST = re.compile(r"<list(?: ([\d.]+))?>")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: The three forms of a time: milliseconds in AsyncQueue, whole seconds in AsyncFlow, these with an offset in Asimov.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")
_TRACKING_ID = re.compile(r"ASF-[0-9A-F]{32}")
_ABSENT = object()


# --- the fixtures ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Where in a manual a fixture comes from: which of its documents, the heading, and the words themselves."""

    document: str
    heading: str
    quote: str


@dataclass(frozen=True, slots=True)
class Sink:
    """A server that the product calls, and the URL of the manual's example it stands in for, if any."""

    answers: str
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Fixture:
    """One example or statement of a manual, as exchanges that must go as written."""

    id: str
    manual: Source
    steps: tuple[Mapping[str, Any], ...]
    given: tuple[str, ...] = ()
    sinks: Mapping[str, Sink] | None = None
    reading: str | None = None
    note: str | None = None
    tries: int = 1


_STEP_KEYS = {
    "request": {"request", "expect", "within"},
    "create": {"create"},
    "settle": {"settle", "within"},
    "received": {"received", "requests", "gaps", "within"},
    "pause": {"pause"},
}
_REQUEST_KEYS = {"line", "headers", "key", "json", "text"}
_EXPECT_KEYS = {"status", "headers", "without", "body"}
_RECEIVED_KEYS = {"method", "headers", "without", "json", "text"}


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML without dates: a time in a fixture is the text that stands there."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@cache
def load(folder: Path) -> tuple[Fixture, ...]:
    """Every fixture of the folder, in the order of the files' names.

    Raises:
        ValueError: a key that no fixture has, a step that is none, or an id used twice.
    """
    fixtures = tuple(
        _fixture(entry)
        for path in sorted(folder.glob("*.yaml"))
        for entry in yaml.load(path.read_text("utf-8"), _Loader)["fixtures"]  # noqa: S506 - a SafeLoader
    )
    ids = [fixture.id for fixture in fixtures]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise ValueError(f"fixture ids used twice: {', '.join(twice)}")
    return fixtures


def _fixture(entry: dict[str, Any]) -> Fixture:
    entry = dict(entry)
    where = str(entry.get("id"))
    steps = entry.pop("steps", None) or [{name: entry.pop(name) for name in _STEP_KEYS["request"] & set(entry)}]
    for step in steps:
        _check_step(step, where)
    sinks = {
        name: Sink(**sink) if isinstance(sink, dict) else Sink(str(sink))
        for name, sink in entry.pop("sinks", {}).items()
    }
    try:
        return Fixture(
            manual=Source(**entry.pop("manual")),
            steps=tuple(steps),
            sinks=sinks,
            given=tuple(entry.pop("given", ())),
            **entry,
        )
    except TypeError as error:
        raise ValueError(f"{where}: {error}") from None


def _check_step(step: dict[str, Any], where: str) -> None:
    kind = next((name for name in _STEP_KEYS if name in step), None)
    if kind is None:
        raise ValueError(f"{where}: {', '.join(step)} is no step")
    _check_keys(step, _STEP_KEYS[kind], where)
    if kind == "request":
        _check_keys(step["request"], _REQUEST_KEYS, where)
        _check_keys(step.get("expect", {}), _EXPECT_KEYS, where)
        if "status" not in step.get("expect", {}):
            raise ValueError(f"{where}: a request without an expected status")
    for request in step.get("requests", ()):
        _check_keys(request, _RECEIVED_KEYS, where)


def _check_keys(mapping: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(set(mapping) - known):
        raise ValueError(f"{where}: unknown {', '.join(unknown)}")


# --- bound values ------------------------------------------------------------------------------------------------


def fill(value: Any, bindings: Mapping[str, str]) -> Any:
    """The value with every `{name}` in its texts replaced by what is bound to the name.

    Raises:
        LookupError: nothing is bound to a name.
    """
    if isinstance(value, str):
        return _BOUND.sub(lambda match: _bound(match[1], bindings), value)
    if isinstance(value, Mapping):
        return {key: fill(member, bindings) for key, member in value.items()}
    if isinstance(value, list):
        return [fill(item, bindings) for item in value]
    return value


def _bound(name: str, bindings: Mapping[str, str]) -> str:
    if name not in bindings:
        raise LookupError(f"nothing is bound to {{{name}}}")
    return bindings[name]


# --- the comparison ----------------------------------------------------------------------------------------------


def mismatches(expected: Any, actual: Any, bindings: Bindings, path: str = "$") -> list[str]:
    """Every place where `actual` is not what `expected` describes, as `path: what was expected, what came`.

    An empty list means that they match. `<type:name>` placeholders add to `bindings`.

    Raises:
        ValueError: an unknown placeholder.
        LookupError: a `{name}` that is not bound.
    """
    if isinstance(expected, Mapping):
        if len(expected) == 1 and (listed := _LIST.fullmatch(next(iter(expected)))):
            return _list_mismatches(listed[1], next(iter(expected.values())), actual, bindings, path)
        return _mapping_mismatches(expected, actual, bindings, path)
    if isinstance(expected, list):
        if not isinstance(actual, list):
            return [f"{path}: expected a list, got {_shown(actual)}"]
        if len(expected) != len(actual):
            return [f"{path}: expected {len(expected)} items, got {len(actual)}"]
        return [
            problem
            for index, (item, came) in enumerate(zip(expected, actual, strict=True))
            for problem in mismatches(item, came, bindings, f"{path}[{index}]")
        ]
    if isinstance(expected, str):
        expected = fill(expected, bindings)
        if placeholder := PLACEHOLDER.fullmatch(expected):
            return _placeholder_mismatches(placeholder, actual, bindings, path)
    if type(expected) is not type(actual) or expected != actual:
        return [f"{path}: expected {_shown(expected)}, got {_shown(actual)}"]
    return []


def _mapping_mismatches(expected: Mapping[str, Any], actual: Any, bindings: Bindings, path: str) -> list[str]:
    if not isinstance(actual, Mapping):
        return [f"{path}: expected an object, got {_shown(actual)}"]
    problems = []
    named = set()
    for key, member in expected.items():
        if key == "...":
            continue
        name = key.removesuffix("?")
        named.add(name)
        came = actual.get(name, _ABSENT)
        if came is not _ABSENT:
            problems += mismatches(member, came, bindings, f"{path}.{name}")
        elif not key.endswith("?"):
            problems.append(f"{path}.{name}: missing")
    for name in sorted(set(actual) - named):
        if "..." in expected:
            problems += mismatches(expected["..."], actual[name], bindings, f"{path}.{name}")
        else:
            problems.append(f"{path}.{name}: not expected, got {_shown(actual[name])}")
    return problems


def _list_mismatches(length: str | None, item: Any, actual: Any, bindings: Bindings, path: str) -> list[str]:
    if not isinstance(actual, list):
        return [f"{path}: expected a list, got {_shown(actual)}"]
    problems = []
    if length and not _within(len(actual), length if ".." in length else f"{length}..{length}", int):
        problems.append(f"{path}: expected {length} items, got {len(actual)}")
    for index, came in enumerate(actual):
        problems += mismatches(item, came, bindings, f"{path}[{index}]")
    return problems


def _placeholder_mismatches(placeholder: re.Match[str], actual: Any, bindings: Bindings, path: str) -> list[str]:
    kind, name, limits = placeholder.groups()
    if kind not in _KINDS:
        raise ValueError(f"{path}: {placeholder[0]} is no placeholder")
    if not _KINDS[kind](actual, limits):
        return [f"{path}: expected {placeholder[0]}, got {_shown(actual)}"]
    if name and bindings.setdefault(name, str(actual)) != str(actual):
        return [f"{path}: expected {name} {_shown(bindings[name])}, got {_shown(actual)}"]
    return []


def _within(value: Any, limits: str | None, parse: Callable[[str], Any]) -> bool:
    low, _, high = (limits or "..").partition("..")
    return (not low or parse(low) <= value) and (not high or value <= parse(high))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_time(value: Any, form: re.Pattern[str]) -> bool:
    if not isinstance(value, str) or not form.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


_KINDS: dict[str, Callable[[Any, str | None], bool]] = {
    "any": lambda value, _: True,
    "bool": lambda value, _: isinstance(value, bool),
    "int": lambda value, limits: _is_number(value) and isinstance(value, int) and _within(value, limits, int),
    "match": lambda value, pattern: isinstance(value, str) and re.fullmatch(pattern or "", value) is not None,
    "moment": lambda value, limits: _is_time(value, _MOMENT) and _within(value, limits, str),
    "number": lambda value, limits: _is_number(value) and _within(value, limits, float),
    "one": lambda value, words: value in (words or "").split("|"),
    "second": lambda value, limits: _is_time(value, _SECOND) and _within(value, limits, str),
    "string": lambda value, _: isinstance(value, str),
    "team": lambda value, _: isinstance(value, str) and re.fullmatch(r"\S+", value) is not None,
    "time": lambda value, limits: _is_time(value, _TIME) and _within(value, limits, str),
    "tracking": lambda value, _: isinstance(value, str) and _TRACKING_ID.fullmatch(value) is not None,
    "uuid": lambda value, _: isinstance(value, str) and _UUID.fullmatch(value) is not None,
}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
