from __future__ import annotations

from collections.abc import Iterator

import pytest
from engine_stories import Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    with stage:
        yield stage
