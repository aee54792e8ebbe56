"""The report says what is: what is the same everywhere is as the page has it, and what was measured was good."""

from __future__ import annotations

import re

from outbound_report import lists, page
from outbound_report.mutants import DOOR, mutants

FIXED, _, MEASURED = page.FILE.read_text("utf-8").partition(page.MEASURED)


def test_the_page_is_up_to_date() -> None:
    assert page.fixed() == FIXED, "run `make outbound-report`"


def test_nothing_is_missed_and_nothing_refused_in_vain() -> None:
    rows = [*lists.core_refusals(), lists.core_allowances(), *lists.own_refusals(), *lists.own_allowances()]

    assert [row for row in rows if row.wrong] == []
    assert {verdict for _, _, verdict in lists.policy()} == {"refused", "called"}


def test_each_rule_still_stands_where_it_is_taken_out() -> None:
    sources = {mutant.file: (DOOR / mutant.file).read_text("utf-8") for mutant in mutants()}

    assert [mutant.rule for mutant in mutants() if sources[mutant.file].count(mutant.old) != 1] == []


def test_no_rule_was_missed_by_the_tests() -> None:
    assert f"Killed {len(mutants())} of {len(mutants())}.\n" in MEASURED


def test_every_hostile_server_was_met_in_time() -> None:
    took = [float(seconds) for seconds in re.findall(r"^\| .* \| .* \| ([0-9.]+) \| \d+ \|$", MEASURED, re.MULTILINE)]

    assert len(took) > 60
    assert max(took) < 3
