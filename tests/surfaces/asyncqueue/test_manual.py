"""Every example of the AsyncQueue manual, asked of the application in process and of a running stack."""

from __future__ import annotations

import pytest
from matching import Fixture, load
from place import Place
from preparations import PREPARATIONS
from scene import scene

FIXTURES = load()


@pytest.mark.parametrize("fixture", FIXTURES, ids=[fixture.id for fixture in FIXTURES])
def test_the_manual_holds(place: Place, fixture: Fixture) -> None:
    """The exchanges of the fixture go as the manual says."""
    for _ in range(fixture.tries):
        problems = play(place, fixture)
        if not problems:
            return
    said = f"{fixture.manual.document}, {fixture.manual.heading}: {fixture.manual.quote!r}"
    pytest.fail("\n  ".join([f"the manual says ({said})", *problems]), pytrace=False)


def play(place: Place, fixture: Fixture) -> list[str]:
    """Play a fixture up to its first step that goes wrong; an empty list means that all went as written."""
    with scene(place, fixture) as opened:
        for name in fixture.given:
            PREPARATIONS[name](opened)
        for step in fixture.steps:
            if problems := opened.play(step):
                return problems
    return []


def test_every_preparation_named_by_a_fixture_exists_and_every_one_is_used() -> None:
    """No fixture starts from a state that nobody prepares, and no preparation is left over."""
    assert {name for fixture in FIXTURES for name in fixture.given} == set(PREPARATIONS)
