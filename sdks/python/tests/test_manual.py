"""Every example of the manuals, asked by the SDK's methods wherever they have words for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from surfaces.harness.manual import Ahead, Manual
from surfaces.harness.matching import Fixture
from surfaces.manuals import CASES, MANUALS
from through_sdk import SAYINGS, ThroughSdk


@pytest.fixture(scope="module")
def through() -> Iterator[ThroughSdk]:
    with ThroughSdk() as place:
        yield place


@pytest.fixture(scope="module")
def ahead(through: ThroughSdk) -> Ahead:
    return {name: bindings for manual in MANUALS for name, bindings in manual.enter(through).items()}


@pytest.mark.parametrize(("manual", "fixture"), CASES, ids=[fixture.id for _, fixture in CASES])
def test_the_manual_holds_through_the_sdk(through: ThroughSdk, ahead: Ahead, manual: Manual, fixture: Fixture) -> None:
    for _ in range(fixture.tries):
        problems = manual.play(through, fixture, ahead.get(fixture.id))
        if not problems:
            return
    pytest.fail("\n".join(problems), pytrace=False)


def test_no_method_was_passed_over(through: ThroughSdk) -> None:
    assert through.said == {f"{each.client}.{each.method}" for each in SAYINGS}
    print(f"{through.said_requests} of {through.asked} requests were said by the SDK")
