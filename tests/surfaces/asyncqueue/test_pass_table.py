"""The published table says what passed, what failed and what was not run."""

from __future__ import annotations

from pathlib import Path

import pytest
from matching import Fixture, Source
from pass_table import write

EXAMPLE = Fixture("create.example", Source("tasks", "Create Task", "Example Response (201 Created)"), ())
DEFAULTS = Fixture("create.defaults", Source("tasks", "Create Task", "Default"), ())


def test_a_row_for_each_fixture_and_a_word_for_each_place(tmp_path: Path) -> None:
    """A place that was not asked is not counted as passed."""
    path = tmp_path / "manual-fixtures.md"
    write([(EXAMPLE, "in process", True), (EXAMPLE, "over HTTP", False), (DEFAULTS, "in process", True)], path)
    text = path.read_text("utf-8")
    assert "| `create.example` | Tasks API: Create Task | pass | **fail** |" in text
    assert "| `create.defaults` | Tasks API: Create Task | pass | not run |" in text
    assert "- in process: 2 of 2 pass" in text
    assert "- over HTTP: 0 of 2 pass" in text


def test_a_fixture_that_failed_once_has_failed(tmp_path: Path) -> None:
    """A second, luckier run does not hide the first."""
    path = tmp_path / "manual-fixtures.md"
    write([(EXAMPLE, "in process", False), (EXAMPLE, "in process", True)], path)
    assert "| `create.example` | Tasks API: Create Task | **fail** | not run |" in path.read_text("utf-8")


def test_a_place_without_a_column_is_refused(tmp_path: Path) -> None:
    """A misspelt place would otherwise vanish from the table."""
    with pytest.raises(ValueError, match="no column for 'elsewhere'"):
        write([(EXAMPLE, "elsewhere", True)], tmp_path / "manual-fixtures.md")
