"""What the fuzzing does not hold against an operation is told to readers, and names operations that there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz.waivers import WAIVERS, Waiver

from infra.docs.openapi import ROOT
from surfaces.description.documents import DOCUMENT, routes

PAGE = (Path(ROOT) / "docs" / "descriptions.md").read_text("utf-8")


@pytest.mark.parametrize("waiver", WAIVERS, ids=[waiver.why for waiver in WAIVERS])
def test_a_waiver_is_told_and_names_what_there_is(waiver: Waiver) -> None:
    operations = ", ".join(f"`{operation}`" for operation in waiver.operations)
    assert f"| {waiver.why} | {operations} |" in PAGE
    assert set(waiver.operations) <= routes(DOCUMENT)


def test_the_page_tells_of_no_other() -> None:
    table = PAGE.partition("| why | operations |\n")[2].partition("\n\n")[0]
    assert len(table.splitlines()) - 1 == len(WAIVERS)
