"""Every example of the manuals, asked of the application in process and of a running stack."""

from __future__ import annotations

import pytest

from surfaces.harness.manual import Ahead, Manual
from surfaces.harness.matching import Fixture
from surfaces.harness.place import Place
from surfaces.manuals import CASES, MANUALS


@pytest.mark.parametrize(("manual", "fixture"), CASES, ids=[fixture.id for _, fixture in CASES])
def test_the_manual_holds(place: Place, ahead: Ahead, manual: Manual, fixture: Fixture) -> None:
    """The exchanges of the fixture go as the manual says."""
    for _ in range(fixture.tries):
        problems = manual.play(place, fixture, ahead.get(fixture.id))
        if not problems:
            return
    said = f"{manual.documents[fixture.manual.document]}, {fixture.manual.heading}: {fixture.manual.quote!r}"
    pytest.fail("\n  ".join([f"the manual says ({said})", *problems]), pytrace=False)


@pytest.mark.parametrize("manual", MANUALS, ids=[manual.name for manual in MANUALS])
def test_every_preparation_named_by_a_fixture_exists_and_every_one_is_used(manual: Manual) -> None:
    """No fixture starts from a state that nobody prepares, and no preparation is left over."""
    assert {name for fixture in manual.fixtures() for name in fixture.given} == set(manual.preparations)
