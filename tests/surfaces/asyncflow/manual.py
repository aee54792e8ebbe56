"""The AsyncFlow manual."""

from __future__ import annotations

from surfaces.asyncflow.ahead import FOLDER, enter
from surfaces.asyncflow.preparations import PREPARATIONS
from surfaces.asyncflow.scene import AsyncFlowScene
from surfaces.harness.manual import Manual

ASYNCFLOW = Manual(
    name="AsyncFlow",
    folder=FOLDER,
    documents={"asyncflow": "AsyncFlow"},
    scene=AsyncFlowScene,
    preparations=PREPARATIONS,
    enter=enter,
)
