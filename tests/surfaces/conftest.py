"""The two places where the manuals' fixtures are played: the app in process, and a running stack over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from world import WITNESSES

from surfaces.description.witness import witness
from surfaces.harness.in_process import InProcess
from surfaces.harness.manual import Ahead
from surfaces.harness.over_http import OverHttp
from surfaces.harness.place import Place
from surfaces.manuals import MANUALS


@pytest.fixture(autouse=True)
def _every_answer_is_described() -> Iterator[None]:
    """Whatever a test asks, the descriptions name what it is answered."""
    WITNESSES.append(witness)
    yield
    WITNESSES.remove(witness)


@pytest.fixture(scope="module", params=["in process", "over HTTP"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A deployment with three teams, and servers for it to call."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with InProcess() if request.param == "in process" else OverHttp(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def ahead(place: Place) -> Ahead:
    """What each manual starts at the place for its fixtures, before the first of them is played."""
    return {name: bindings for manual in MANUALS for name, bindings in manual.enter(place).items()}
