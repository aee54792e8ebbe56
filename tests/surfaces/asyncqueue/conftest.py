"""The two places where the manual's fixtures are played: the app in process, and a running stack over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from in_process import InProcess
from over_http import OverHttp
from place import Place


@pytest.fixture(scope="module", params=["in process", "over HTTP"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A deployment with three teams, and servers for it to call."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with InProcess() if request.param == "in process" else OverHttp(folder) as opened:
        yield opened
