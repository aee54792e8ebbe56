"""Generated pages are what their generators write."""

from __future__ import annotations

import re

from chalicelib.domain.lifecycle import TRANSITIONS, Event
from chalicelib.domain.task import Status
from infra.docs import diagram, lifecycle, site


def test_the_page_of_the_lifecycle_is_up_to_date() -> None:
    assert lifecycle.TARGET.read_text("utf-8") == lifecycle.render(), "run `python -m infra.docs` and commit the result"


def test_the_diagram_shows_every_transition_and_no_other() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+): (.+)$", lifecycle.render(), re.MULTILINE)

    assert {(Status(before), Event(event)): Status(after) for before, after, event in drawn} == TRANSITIONS
    assert len(drawn) == len(TRANSITIONS)


def test_the_drawing_shows_every_transition_and_no_other() -> None:
    drawn = [
        (before, event, after) for begins, after, events in diagram.edges() for before in begins for event in events
    ]

    assert {(before, event): after for before, event, after in drawn} == TRANSITIONS
    assert len(drawn) == len(TRANSITIONS)
    for status in Status:
        assert f">{status}</text>" in diagram.render()


def test_the_pages_are_up_to_date() -> None:
    files = site.files()

    assert {path.name for path in site.TARGET.iterdir()} == {path.name for path in files}
    stale = [path.name for path, text in files.items() if path.read_text("utf-8") != text]
    assert stale == [], "run `python -m infra.docs` and commit the result"
