"""The table of the manual's fixtures and where they pass, as it is published."""

from __future__ import annotations

from pathlib import Path

from matching import Fixture

#: The columns, in order: the names that the two places go by.
PLACES = ("in process", "over HTTP")

_WORDS = {True: "pass", False: "**fail**", None: "not run"}
_DOCUMENTS = {"overview": "Overview", "tasks": "Tasks API"}

_INTRODUCTION = """\
# The AsyncQueue manual, example by example

Every example of the manual, and every row that states a behaviour, is a fixture in
`tests/surfaces/asyncqueue/fixtures`. Each is asked of the application in process and of a running stack over HTTP.
"""


def write(results: list[tuple[Fixture, str, bool]], path: Path) -> None:
    """Write the Markdown table: one row a fixture, in the order given; a fixture played twice must pass twice.

    Raises:
        ValueError: a result comes from a place that has no column.
    """
    rows: dict[str, tuple[Fixture, dict[str, bool]]] = {}
    for fixture, place, passed in results:
        if place not in PLACES:
            raise ValueError(f"no column for {place!r}; the places are {', '.join(PLACES)}")
        _, places = rows.setdefault(fixture.id, (fixture, {}))
        places[place] = passed and places.get(place, True)
    lines = [_INTRODUCTION, *_totals(rows), "", f"| fixture | manual | {' | '.join(PLACES)} |"]
    lines.append("|---" * (2 + len(PLACES)) + "|")
    for fixture, places in rows.values():
        heading = f"{_DOCUMENTS[fixture.manual.document]}: {fixture.manual.heading}"
        cells = [f"`{fixture.id}`", heading, *(_WORDS[places.get(place)] for place in PLACES)]
        lines.append(f"| {' | '.join(cells)} |")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _totals(rows: dict[str, tuple[Fixture, dict[str, bool]]]) -> list[str]:
    return [
        f"- {place}: {sum(places.get(place, False) for _, places in rows.values())} of {len(rows)} pass"
        for place in PLACES
    ]
