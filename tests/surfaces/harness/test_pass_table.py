"""The published table says what passed, what failed and what was not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from surfaces.asyncqueue.scene import AsyncQueueScene
from surfaces.harness.manual import Manual
from surfaces.harness.pass_table import Results, write

FIXTURE = """
  - id: {}
    manual: {{document: tasks, heading: Create Task, quote: Create a new task}}
    request: {{line: GET /v1/tasks}}
    expect: {{status: 200}}
"""


def manual(folder: Path, name: str, *ids: str) -> Manual:
    """A manual with these fixtures."""
    fixtures = folder / name
    fixtures.mkdir()
    (fixtures / "a.yaml").write_text("fixtures:" + "".join(FIXTURE.format(each) for each in ids))
    return Manual(name, fixtures, {"tasks": "Tasks API"}, AsyncQueueScene, {})


def published(folder: Path, results: Results) -> str:
    """The table of two manuals with these results."""
    manuals = [manual(folder, "One", "create.example", "create.defaults"), manual(folder, "Other", "submit.example")]
    write(manuals, results, folder / "manual-fixtures.md")
    return (folder / "manual-fixtures.md").read_text("utf-8")


def test_a_row_for_each_fixture_and_a_word_for_each_place(tmp_path: Path) -> None:
    """A place that was not asked is not counted as passed."""
    text = published(
        tmp_path,
        {
            ("create.defaults", "in process"): True,
            ("create.example", "over HTTP"): False,
            ("create.example", "in process"): True,
        },
    )
    assert text.endswith(
        "## One\n\n"
        "- in process: 2 of 2 pass\n"
        "- over HTTP: 0 of 2 pass\n\n"
        "| fixture | manual | in process | over HTTP |\n"
        "|---|---|---|---|\n"
        "| `create.example` | Tasks API: Create Task | pass | **fail** |\n"
        "| `create.defaults` | Tasks API: Create Task | pass | not run |\n"
    )


def test_each_manual_has_a_section_and_totals_of_its_own(tmp_path: Path) -> None:
    """What one API misses does not hide behind what another one has."""
    text = published(
        tmp_path,
        {(name, "in process"): name != "submit.example" for name in ("submit.example", "create.example")},
    )
    one, other = text.split("## ")[1:]
    assert one.startswith("One\n\n- in process: 1 of 1 pass\n- over HTTP: 0 of 1 pass\n")
    assert other.startswith("Other\n\n- in process: 0 of 1 pass\n")
    assert one.endswith("|\n\n")


@pytest.mark.parametrize("unknown", [("create.example", "elsewhere"), ("create.exmaple", "in process")])
def test_a_result_without_a_row_and_a_column_is_refused(tmp_path: Path, unknown: tuple[str, str]) -> None:
    """A misspelt place or fixture would otherwise vanish from the table."""
    with pytest.raises(ValueError, match=f"no row and column for {' '.join(unknown)}"):
        published(tmp_path, {unknown: True})
