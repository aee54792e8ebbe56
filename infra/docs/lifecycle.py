"""The life of a task as a diagram and two tables, drawn from the table that the engine runs on."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path

from chalicelib.domain.lifecycle import TRANSITIONS, Event
from chalicelib.domain.listing import view_of
from chalicelib.domain.task import TERMINAL, Status

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "lifecycle.md"

_PAGE = """\
# The life of a task

<!-- Written by `make docs` from chalicelib/domain/lifecycle.py. Do not edit. -->

Whatever it is and whichever API it came by, a task lives by one table: these statuses, these events, and nothing else.
The engine runs on it, and the drawing is made from it.

```mermaid
{diagram}
```

## Statuses

AsyncQueue's names are in the last column: a queued task whose time is ahead is `delayed`.

{statuses}

## Events

Whatever is not in this table cannot happen: a finished task never changes.

{events}
"""

#: A member of an enumeration with the comment that says what it means.
_MEMBER = re.compile(r"((?:^ +#: .*\n)+) +(\w+) = ", re.MULTILINE)


def files() -> dict[Path, str]:
    """The page."""
    return {TARGET: render()}


def render() -> str:
    """The page as Markdown."""
    statuses, events = _meanings(Status), _meanings(Event)
    return _PAGE.format(
        diagram="\n".join(_diagram()),
        statuses=_table(
            ("Status", "Meaning", "AsyncQueue"), ((status, statuses[status], _shown(status)) for status in Status)
        ),
        events=_table(
            ("Event", "Meaning", "Leads"),
            ((event, events[event], "<br>".join(_steps(event))) for event in Event),
        ),
    )


def _diagram() -> Iterator[str]:
    yield "stateDiagram-v2"
    yield f"    [*] --> {Status.QUEUED}"
    for (before, event), after in TRANSITIONS.items():
        yield f"    {before} --> {after}: {event}"
    for status in Status:
        if status in TERMINAL:
            yield f"    {status} --> [*]"


def _steps(event: Event) -> Iterator[str]:
    return (f"{before} → {after}" for (before, each), after in TRANSITIONS.items() if each is event)


def _shown(status: Status) -> str:
    # Due now, and due a moment later.
    views = dict.fromkeys(view_of(status, due_at, 0).value for due_at in (0, 1))
    return " or ".join(f"`{view}`" for view in views)


def _meanings(enumeration: type[StrEnum]) -> Mapping[str, str]:
    """What each member means: the comment above it in the source."""
    members = enumeration.__members__
    return {
        members[name]: " ".join(line.strip().removeprefix("#: ") for line in comment.splitlines())
        for comment, name in _MEMBER.findall(inspect.getsource(enumeration))
    }


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
