"""The Asimov manual."""

from __future__ import annotations

from pathlib import Path

from surfaces.asimov.preparations import PREPARATIONS
from surfaces.asimov.scene import AsimovScene
from surfaces.harness.manual import Manual

ASIMOV = Manual(
    name="Asimov",
    folder=Path(__file__).parent / "fixtures",
    documents={"asimov": "Asimov"},
    scene=AsimovScene,
    preparations=PREPARATIONS,
)
