"""Each finding of a linter needs a waiver of its own, and each waiver a finding and a reason."""

from __future__ import annotations

import json

from infra.apply import load_template
from infra.lint.__main__ import WAIVERS, Finding, judge

WAIVER = {"check": "CKV_1", "resources": ["TasksTable"], "reason": "because"}


def test_what_is_waived_is_no_finding() -> None:
    assert judge([Finding("CKV_1", "TasksTable")], [WAIVER]) == []


def test_a_waiver_is_for_its_resource_alone() -> None:
    left = judge([Finding("CKV_1", "TasksTable"), Finding("CKV_1", "ItemsTable", "not encrypted")], [WAIVER])

    assert left == ["CKV_1 ItemsTable: not encrypted"]


def test_a_waiver_that_nothing_needs_is_a_finding() -> None:
    assert judge([], [WAIVER]) == ["CKV_1 TasksTable: waived, and not found any more"]


def test_each_waiver_names_resources_and_says_why() -> None:
    waivers = json.loads(WAIVERS.read_text("utf-8"))
    names = load_template()["Resources"]

    assert all(set(waiver["resources"]) <= set(names) for waiver in waivers)
    assert all(waiver["reason"].endswith(".") and len(waiver["reason"]) > 40 for waiver in waivers)
    assert all(waiver["resources"] == sorted(waiver["resources"]) for waiver in waivers)
