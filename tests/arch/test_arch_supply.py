"""What the product is made of: pinned by hash, listed in the bill of materials, and watched by rules that bite."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
import yaml

from infra.audit import bom, scanners, waivers
from infra.audit.advisories import pins
from infra.audit.waivers import Finding, Waiver, judge

ROOT = Path(__file__).parents[2]
LOCKED = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [
        *ROOT.glob("requirements*.txt"),
        *(path for room in ("infra", "sdks", "tests") for path in (ROOT / room).rglob("requirements*.txt")),
    ]
    if "node_modules" not in path.parts and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
BILL = json.loads(bom.FILE.read_text("utf-8"))
RULES = yaml.safe_load((scanners.RULES / "house.yaml").read_text("utf-8"))["rules"]
SPECIMENS = (scanners.RULES / "house.py").read_text("utf-8")


@pytest.mark.parametrize("name", LOCKED)
def test_everything_is_pinned_by_hash(name: str) -> None:
    entries = re.split(r"^(?=[A-Za-z0-9])", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE)[1:]

    assert entries
    assert [entry for entry in entries if not re.match(r"[\w.-]+==\S+", entry) or "--hash=sha256:" not in entry] == []


def test_the_bill_of_materials_is_complete() -> None:
    listed = {bom.normal(each["name"]): each["version"] for each in BILL["components"]}

    assert listed == bom.shipped()
    assert set(pins(ROOT / "requirements.txt")) < set(listed)
    for each in BILL["components"]:
        assert {one["content"] for one in each["hashes"]} == bom.hashes_of(bom.normal(each["name"]))
        assert each["hashes"]
        assert each["licenses"]
        assert each["purl"].startswith("pkg:pypi/")
    assert {each["ref"] for each in BILL["dependencies"]} == {each["bom-ref"] for each in BILL["components"]}


def test_what_ships_is_pinned_alike_where_it_is_tested() -> None:
    tested = pins(ROOT / "requirements-dev.txt")

    assert {name: tested.get(name) for name in pins(ROOT / "requirements.txt")} == pins(ROOT / "requirements.txt")


def test_each_waiver_says_why_and_since_when() -> None:
    for waiver in waivers.load():
        assert len(waiver.reason) > 40
        assert isinstance(waiver.since, date)
        assert any(ROOT.glob(waiver.path))


def test_a_finding_needs_a_waiver_and_a_waiver_a_finding() -> None:
    finding = Finding("bandit", "B101", "app.py", 1, "assert")
    waiver = Waiver("B101", "app.py", "a reason", date(2026, 11, 27))

    assert judge([finding], [waiver]) == []
    assert judge([finding], []) == ["app.py:1: bandit B101: assert"]
    assert judge([], [waiver]) == ["app.py: the waiver of B101 is not needed any more"]


@pytest.mark.parametrize("rule", [rule["id"] for rule in RULES])
def test_each_rule_has_a_specimen_that_it_has_to_find(rule: str) -> None:
    assert f"# ruleid: {rule}\n" in SPECIMENS


def test_the_audit_is_part_of_what_has_to_pass() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert re.search(r"^check: .*\n.*\baudit\b", makefile, re.MULTILINE)
    assert "audit" in (ROOT / ".ci" / "run").read_text("utf-8")
