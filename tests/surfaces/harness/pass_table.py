"""The table of the manuals' fixtures and where they pass, as it is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from surfaces.harness.manual import Manual
from surfaces.harness.matching import Fixture

#: The columns, in order: the names that the two places go by.
PLACES = ("in process", "over HTTP")

#: Fixture id and place -> whether it passed there, every time.
Results = Mapping[tuple[str, str], bool]

_WORDS = {True: "pass", False: "**fail**", None: "not run"}

_INTRODUCTION = """\
# The manuals, example by example

Every example of the manuals, and every row that states a behaviour, is a fixture in
`tests/surfaces/<API>/fixtures`. Each is asked of the application in process and of a running stack over HTTP.
`make sdk-python` plays them all once more, and asks with the SDK's methods wherever these have words for a request.
"""


def write(manuals: Iterable[Manual], results: Results, path: Path) -> None:
    """Write the Markdown document: a section with its totals for each manual, one row a fixture that was played.

    Raises:
        ValueError: a result comes from a place that has no column, or from a fixture that no manual has.
    """
    left = dict(results)
    sections = [section for manual in manuals if (section := _section(manual, left))]
    if left:
        raise ValueError(f"no row and column for {', '.join(f'{name} {place}' for name, place in sorted(left))}")
    path.write_text("\n".join([_INTRODUCTION, *sections]), "utf-8")


def _section(manual: Manual, left: dict[tuple[str, str], bool]) -> str:
    """The section of one manual, made of what it takes out of the results that are left; empty when it is none."""
    rows = []
    for fixture in manual.fixtures():
        passed = [left.pop((fixture.id, place), None) for place in PLACES]
        if passed != [None] * len(PLACES):
            rows.append((fixture, passed))
    if not rows:
        return ""
    lines = [f"## {manual.name}", ""]
    for number, place in enumerate(PLACES):
        count = sum(passed[number] is True for _, passed in rows)
        lines.append(f"- {place}: {count} of {len(rows)} pass")
    lines += ["", f"| fixture | manual | {' | '.join(PLACES)} |", "|---" * (2 + len(PLACES)) + "|"]
    lines += [_row(manual, fixture, passed) for fixture, passed in rows]
    return "\n".join(lines) + "\n"


def _row(manual: Manual, fixture: Fixture, passed: list[bool | None]) -> str:
    heading = f"{manual.documents[fixture.manual.document]}: {fixture.manual.heading}"
    return f"| {' | '.join([f'`{fixture.id}`', heading, *(_WORDS[each] for each in passed)])} |"
