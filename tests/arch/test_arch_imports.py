"""Who may import whom: the contracts are in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import chalicelib

ROOT = Path(chalicelib.__file__).parents[1]


def test_every_import_goes_the_way_the_contracts_say() -> None:
    # A process of its own: the tool's command switches off every logger there is.
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
