"""The AsyncQueue manual."""

from __future__ import annotations

from pathlib import Path

from surfaces.asyncqueue.preparations import PREPARATIONS
from surfaces.asyncqueue.scene import AsyncQueueScene
from surfaces.harness.manual import Manual

ASYNCQUEUE = Manual(
    name="AsyncQueue",
    folder=Path(__file__).parent / "fixtures",
    documents={"overview": "Overview", "tasks": "Tasks API"},
    scene=AsyncQueueScene,
    preparations=PREPARATIONS,
)
