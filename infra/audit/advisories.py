"""Known weaknesses of what is pinned, by three sources.

The live advisory service is the one that counts. The package index tells the same of the newest version of a package.
Where no network leads to either, that is said, and what is left is a snapshot, which is as old as its date.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from infra.audit.index import Told
from infra.audit.scanners import ROOT
from infra.audit.waivers import Finding

#: What ships, and what a checkout runs with.
PINNED = ("requirements.txt", "requirements-dev.txt")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def pins(file: Path) -> dict[str, str]:
    """The versions that a requirements file pins, by package."""
    return {name.lower(): version for name, version in _PIN.findall(file.read_text("utf-8"))}


def live() -> list[Finding] | None:
    """What the live advisory service knows; None where it cannot be reached."""
    found: list[Finding] = []
    for name in PINNED:
        command = [str(Path(sys.executable).with_name("pip-audit")), "--requirement", name, "--disable-pip"]
        options = ["--require-hashes", "--vulnerability-service", "osv", "--timeout", "10", "--format", "json"]
        done = subprocess.run(
            [*command, *options, "--progress-spinner", "off"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if not done.stdout.strip():
            return None
        for package in json.loads(done.stdout)["dependencies"]:
            for each in package.get("vulns", []):
                found.append(_finding("pip-audit", name, package["name"], package["version"], each["id"]))
    return found


def of_the_newest(told: Mapping[str, Told]) -> tuple[list[Finding], list[str]]:
    """What the index knows against pinned versions, and the pins of older ones, of which it tells nothing."""
    found, silent = [], []
    for file in PINNED:
        for package, version in pins(ROOT / file).items():
            if version != told[package].newest:
                silent.append(f"{package} {version}")
            else:
                found += [_finding("index", file, package, version, each) for each in sorted(told[package].advisories)]
    return found, sorted(set(silent))


def snapshot() -> Iterator[Finding]:
    """What the package `safety-db` knows, a copy of a public list of advisories."""
    from packaging.specifiers import SpecifierSet  # the tools' environment has it

    file = metadata.distribution("safety-db").locate_file("safety_db/insecure_full.json")
    known = json.loads(Path(str(file)).read_text("utf-8"))
    for name in PINNED:
        for package, version in pins(ROOT / name).items():
            for entry in known.get(package, []):
                if any(SpecifierSet(spec).contains(version, prereleases=True) for spec in entry["specs"]):
                    yield _finding("safety-db", name, package, version, entry["id"])


def snapshot_date() -> str:
    """The day of the snapshot, which its version names."""
    return metadata.version("safety-db")


def _finding(tool: str, file: str, package: str, version: str, advisory: str) -> Finding:
    return Finding(tool, advisory, file, 0, f"{package} {version} has a known weakness")
