"""The tables of `docs/asyncflow.md` are the product's."""

from __future__ import annotations

import re

from chalicelib.domain.simulator.fate import DESTINATIONS
from chalicelib.domain.simulator.faults import Fault, Rule
from chalicelib.domain.simulator.profiles import BUILT_IN, named, realistic
from chalicelib.views.asyncflow import REPORT_COLUMNS, profile
from infra.local.stack import PROJECT
from surfaces.description.documents import operations

PAGE = (PROJECT / "docs" / "asyncflow.md").read_text("utf-8")


def test_the_table_of_profiles_is_the_product_s() -> None:
    table = rows("## Profiles")
    assert table[0] == ["", *(f"`{name}`" for name in BUILT_IN)]
    documents = [profile(named(name, realistic())) for name in BUILT_IN]
    expected = [
        [f"`{member}`", *(shown(document[member]) for document in documents)]
        for member in documents[0]
        if member != "name"
    ]
    assert table[1:] == expected


def shown(value: float | bool) -> str:
    """A member of a profile as the table shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2g}" if value < 1 else f"{value:g}"


def test_the_table_of_destinations_is_the_product_s() -> None:
    table = rows("## Magic destinations")[1:]
    assert table == [[f"`{name}`", meaning] for name, meaning in DESTINATIONS.items()]


def test_the_table_of_faults_is_the_product_s() -> None:
    table = {row[0].strip("`"): int(row[1]) for row in rows("## Simulated faults")[1:]}
    assert table == {rule.value: Fault(rule).status for rule in Rule}


def test_the_table_of_the_report_is_the_product_s() -> None:
    named_here = [name for row in rows("## How your client did")[1:] for name in re.findall(r"`(\w+)`", row[0])]
    assert named_here == list(REPORT_COLUMNS)


def test_the_instructor_s_routes_are_the_product_s() -> None:
    listed = {row[0].strip("`") for row in rows("## For instructors")[1:]}
    assert listed == {f"{method.upper()} {path}" for path, method, _ in operations() if "/operator/asyncflow" in path}


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without the line that parts header and rows."""
    section = PAGE.partition(f"{heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("|---")]
