"""The published table names the fixtures there are, and says that they pass."""

from __future__ import annotations

from pathlib import Path

from surfaces.manuals import CASES

TABLE = Path(__file__).parents[2] / "docs" / "manual-fixtures.md"


def test_the_published_table_is_of_these_fixtures_and_all_of_them_pass() -> None:
    rows = [line.split(" | ") for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert [row[0].strip("|` ") for row in rows] == [fixture.id for _, fixture in CASES], "run `make docs`"
    assert {cell.strip(" |") for row in rows for cell in row[2:]} == {"pass"}
