"""The AstraFlow manual."""

from __future__ import annotations

from pathlib import Path

from surfaces.astraflow.preparations import PREPARATIONS
from surfaces.astraflow.scene import AstraFlowScene
from surfaces.harness.manual import Manual

ASTRAFLOW = Manual(
    name="AstraFlow",
    folder=Path(__file__).parent / "fixtures",
    documents={"astraflow": "AstraFlow"},
    scene=AstraFlowScene,
    preparations=PREPARATIONS,
)
