"""The defaults and ranges that `docs/settings.md` names are the product's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalicelib.settings import SettingError, load

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text("utf-8")
#: A row with a default: the names, the default, the meaning.
ROWS = re.findall(r"^\| ((?:`\w+`,? ?)+) \| `([^`]+)`[^|]* \| (.*) \|$", PAGE, re.MULTILINE)
DEFAULTS = [(name, default) for names, default, _ in ROWS for name in re.findall(r"\w+", names)]
RANGES = [
    (names.strip("`"), *(int(limit.replace(",", "")) for limit in limits))
    for names, default, meaning in ROWS
    if re.fullmatch(r"[0-9.]+", default)
    for limits in re.findall(r"\b([\d,]+) to ([\d,]+\d)", meaning)
]

REQUIRED = {"OPERATOR_KEY": "x" * 16, "KEY_PEPPER": "x" * 16}
#: The widest bounds of those settings that bound each other.
WIDEST = {"ASYNCFLOW_PROCESSING_MIN_SECONDS": "0", "ASYNCFLOW_PROCESSING_MAX_SECONDS": "900"}


@pytest.mark.parametrize(("name", "default"), DEFAULTS)
def test_a_default_that_is_set_changes_nothing(name: str, default: str) -> None:
    assert load({**REQUIRED, name: default}) == load(REQUIRED)


@pytest.mark.parametrize(("name", "lowest", "highest"), RANGES)
def test_a_range_is_as_wide_as_it_is_documented(name: str, lowest: int, highest: int) -> None:
    for inside in (lowest, highest):
        load({**REQUIRED, **WIDEST, name: str(inside)})
    for outside in (lowest - 1, highest + 1):
        with pytest.raises(SettingError, match=f"{name} must be"):
            load({**REQUIRED, **WIDEST, name: str(outside)})


def test_the_page_names_defaults_and_ranges() -> None:
    assert len(DEFAULTS) >= 12
    assert len(RANGES) >= 8
