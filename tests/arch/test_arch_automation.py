"""Every machine that checks the project runs the targets that a person runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
CI = re.findall(r"^make ([a-z -]*[a-z])", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
#: YAML 1.1 reads the key `on` as true.
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))


def test_the_workflow_runs_what_the_other_ci_runs() -> None:
    assert WORKFLOW["jobs"]["make"]["strategy"]["matrix"]["targets"] == CI, (
        ".ci/run and .github/workflows/ci.yml name the same targets in the same order"
    )
    steps = [step.get("run", "") for step in WORKFLOW["jobs"]["make"]["steps"]]
    assert "make ${{ matrix.targets }}" in steps
    assert any("git status --porcelain" in step for step in steps)


def test_every_target_that_is_run_is_there() -> None:
    hooks = [hook["entry"] for repository in HOOKS["repos"] for hook in repository["hooks"]]
    commands = [*CI, *(entry.removeprefix("make --no-print-directory ") for entry in hooks)]
    assert {target for command in commands for target in command.split()} <= TARGETS


def test_the_workflow_may_read_and_nothing_else() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    for step in WORKFLOW["jobs"]["make"]["steps"]:
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v[0-9]+", step["uses"]), "an action of GitHub's own, by its release"
    assert WORKFLOW["jobs"]["make"]["timeout-minutes"] <= 30


def test_what_a_commit_has_to_pass_is_part_of_make_check() -> None:
    check = re.search(r"^check:.*\n(?:\t.*\n)+", MAKEFILE, re.MULTILINE)
    assert check is not None
    for repository in HOOKS["repos"]:
        assert repository["repo"] == "local"
        for hook in repository["hooks"]:
            assert hook["name"].removeprefix("make ") in check[0]
