from __future__ import annotations

from collections.abc import Iterator

import pytest
from engine_stories import Stage
from item_stories import Tracker

from chalicelib.domain.webhooks import ItemEvent, Webhook


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    with stage:
        yield stage


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    with Tracker() as tracker:
        yield tracker


@pytest.fixture
def webhook(tracker: Tracker) -> Webhook:
    return tracker.listening(ItemEvent.CREATED)
