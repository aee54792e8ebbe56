"""Findings that are meant: each waiver says which, why, and since when."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

FILE = Path(__file__).with_name("waivers.toml")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a tool found: its rule, the file from the root of the repository, the line, and its words for it."""

    tool: str
    rule: str
    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.tool} {self.rule}: {self.text}"


@dataclass(frozen=True, slots=True)
class Waiver:
    """All findings of one rule in one file, or in those whose path a pattern matches, which are meant for a reason."""

    rule: str
    path: str
    reason: str
    since: date

    def covers(self, finding: Finding) -> bool:
        return self.rule == finding.rule and fnmatch(finding.path, self.path)


def load(file: Path = FILE) -> list[Waiver]:
    """The waivers in the file. Raises TypeError when one lacks its reason or date."""
    return [Waiver(**each) for each in tomllib.loads(file.read_text("utf-8")).get("waiver", [])]


def judge(findings: Iterable[Finding], waivers: Iterable[Waiver]) -> list[str]:
    """What is wrong: findings that nobody waived, and waivers that nothing needs any more."""
    found, known = list(findings), list(waivers)
    return [
        *(str(finding) for finding in found if not any(waiver.covers(finding) for waiver in known)),
        *(
            f"{waiver.path}: the waiver of {waiver.rule} is not needed any more"
            for waiver in known
            if not any(waiver.covers(finding) for finding in found)
        ),
    ]
