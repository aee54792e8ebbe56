"""What every test of the SDK shares: the two ways to use it, and an environment that says nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest
from places import Place, Twin


@pytest.fixture(params=["blocking", "asyncio"])
def twin(request: pytest.FixtureRequest) -> Iterator[Twin]:
    with asyncio.Runner() as runner:
        yield Twin(request.param, runner)


@pytest.fixture
def place(twin: Twin) -> Iterator[Place]:
    with Place(twin) as place:
        yield place


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("ASTRAFLOW_", "ASYNCQUEUE_", "ASYNCFLOW_")):
            monkeypatch.delenv(name)
