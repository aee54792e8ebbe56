"""What the product is made of: pinned by hash, listed in the bill of materials, and watched by rules that bite."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.audit import advisories, bom, index, scanners, standing, waivers
from infra.audit.advisories import pins
from infra.audit.index import Told
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


def package(*keepers: str, organization: str | None = None, since: str = "2013-07-16", **changes: Any) -> Told:
    """A package's document at the index, read."""
    first, later = {"upload_time_iso_8601": f"{since}T19:29:45.4Z"}, {"upload_time_iso_8601": "2026-11-20T08:00:00Z"}
    document = {
        "info": {"version": "2.0"},
        "releases": {"2.0": [later], "1.0": [first, later], "0.9": []},
        "ownership": {"organization": organization, "roles": [{"role": "Owner", "user": each} for each in keepers]},
        "vulnerabilities": [],
    }
    return index.told({**document, **changes})


def test_a_package_of_one_person_or_of_yesterday_needs_a_waiver() -> None:
    shipped = {
        "kept": package("ann", "bob"),
        "owned": package(organization="a foundation"),
        "lonely": package("ann"),
        "young": package("ann", "bob", since="2026-09-01"),
        "grown": package("ann", "bob", since="2026-08-29"),
    }

    found = list(standing.findings(shipped, date(2026, 11, 27)))

    assert [str(each) for each in found] == [
        "requirements.txt:0: index one-keeper lonely: only ann can publish it",
        "requirements.txt:0: index young young: there since 2026-09-01",
    ]
    assert all(standing.is_rule(each.rule) for each in found)
    assert judge(found[:1], [Waiver("one-keeper lonely", "requirements.txt", "a reason", date(2026, 11, 27))]) == []


def test_what_is_known_against_the_newest_version_is_told() -> None:
    harmful, withdrawn = {"id": "GHSA-1", "withdrawn": None}, {"id": "GHSA-2", "withdrawn": "2026-01-01T00:00:00Z"}
    pinned = {name: version for file in advisories.PINNED for name, version in pins(ROOT / file).items()}
    told = {name: dataclasses.replace(package("ann"), newest=version) for name, version in pinned.items()}
    told["h11"] = package("ann", info={"version": pinned["h11"]}, vulnerabilities=[harmful, withdrawn])
    told["pytest"] = package("ann", info={"version": "99.0"}, vulnerabilities=[harmful])

    found, silent = advisories.of_the_newest(told)

    assert {str(each) for each in found} == {
        f"{file}:0: index GHSA-1: h11 {pinned['h11']} has a known weakness" for file in advisories.PINNED
    }
    assert silent == [f"pytest {pinned['pytest']}"]


def test_the_audit_is_part_of_what_has_to_pass() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert re.search(r"^check: .*\n.*\baudit\b", makefile, re.MULTILINE)
    assert "audit" in (ROOT / ".ci" / "run").read_text("utf-8")
