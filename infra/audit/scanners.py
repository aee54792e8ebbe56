"""The two scanners of the code: bandit with its own rules, semgrep with ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.audit.waivers import Finding

ROOT = Path(__file__).parents[2]
RULES = Path(__file__).parent / "rules"
#: What is looked at; tests break rules on purpose.
CODE = ("app.py", "chalicelib", "cli", "infra", "sdks/python/src")
_BIN = Path(sys.executable).parent
#: Semgrep asks for news and reports home unless it is told not to.
_QUIET = ("--metrics=off", "--disable-version-check", "--quiet")


def bandit() -> Iterator[Finding]:
    """What bandit finds, of any severity."""
    done = _run("bandit", "--quiet", "--format", "json", *_files())
    for each in _report("bandit", done)["results"]:
        yield Finding("bandit", each["test_id"], _path(each["filename"]), each["line_number"], each["issue_text"])


def semgrep() -> Iterator[Finding]:
    """What breaks one of the house's own rules."""
    done = _run(
        "semgrep", "scan", *_QUIET, "--config", str(RULES), "--exclude", str(RULES.relative_to(ROOT)), "--json", *CODE
    )
    report = _report("semgrep", done)
    for error in report["errors"]:
        raise RuntimeError(f"semgrep: {error.get('message', error)}")
    for each in report["results"]:
        rule = each["check_id"].rpartition(".")[2]
        yield Finding("semgrep", rule, _path(each["path"]), each["start"]["line"], each["extra"]["message"])


def rules_hold() -> list[str]:
    """Complaints about rules that do not find in their specimen what it says, or find more, or have none."""
    done = _run("semgrep", "scan", "--test", "--json", *_QUIET[:2], "--config", str(RULES), str(RULES))
    complaints = []
    for path, result in _report("semgrep", done)["results"].items():
        tested = {rule: check for rule, check in result["checks"].items() if check["matches"]}
        complaints += [
            f"{path}: {rule} does not find what its specimen says"
            for rule, check in tested.items()
            if not check["passed"]
        ]
        complaints += [f"{path}: {rule} has no specimen" for rule in result["checks"] if rule not in tested]
    return complaints


def _files() -> list[str]:
    """What git knows, or would: not the tools' own environment."""
    command = [
        "git",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        *(f":(glob){each}/**/*.py" for each in CODE[1:]),
    ]
    listed = subprocess.run([*command, CODE[0]], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.splitlines() if not (ROOT / name).is_relative_to(RULES)]


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(  # a finding is no failure of the tool
        [str(_BIN / command[0]), *command[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def _report(tool: str, done: subprocess.CompletedProcess[str]) -> Any:
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        raise RuntimeError(f"{tool} made no report: {done.stderr[-500:]}") from None


def _path(name: str) -> str:
    return Path(name).as_posix().removeprefix("./")
