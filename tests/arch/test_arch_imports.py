"""Who may import whom: the contracts are in pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import chalicelib

ROOT = Path(chalicelib.__file__).parents[1]


def test_every_import_goes_the_way_the_contracts_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True) == 0
