"""`docs/deploy.md` says what the commands do. `make rehearse` runs those that need an AWS."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.apply import load_template
from infra.deploy.__main__ import main
from infra.deploy.bucket import Bucket
from infra.deploy.checks import RUNTIMES, Place
from infra.deploy.secrets import MADE, parameter
from infra.deploy.up import stack_name

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
TEMPLATE: dict[str, Any] = load_template()


def test_each_target_of_make_that_it_names_is_there() -> None:
    named = set(re.findall(r"make (?:[A-Z]+=\S+ )?([a-z-]+)", PAGE)) - {"run"}
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert {"deploy", "destroy", "resources", "rehearse", "lint-template", "package", "setup"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


def test_each_variable_that_it_names_reaches_the_command() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")

    for variable in ("STAGE", "ARCHITECTURE", "BUCKET", "ALARM_TOPIC", "DATA"):
        assert f"`{variable}" in PAGE
        assert f"$({variable})" in makefile


def test_what_it_says_is_made_is_named_so() -> None:
    bucket = Bucket(None, Place("ACCOUNT", "REGION", "me"))

    assert all(f"`{parameter('prod', name)}`" in PAGE for name in MADE)
    assert f"`{bucket.name}`" in PAGE
    assert f"`{stack_name('prod')}`" in PAGE
    assert f"{RUNTIMES[0][0]}.{RUNTIMES[0][1]} to {RUNTIMES[-1][0]}.{RUNTIMES[-1][1]}" in PAGE


def test_its_figures_are_those_of_the_template() -> None:
    (limits,) = TEMPLATE["Resources"]["RestAPI"]["Properties"]["MethodSettings"]
    kept = {
        resource["Properties"]["RetentionInDays"]
        for resource in TEMPLATE["Resources"].values()
        if resource.get("Type") == "AWS::Logs::LogGroup"
    }

    assert f"{limits['ThrottlingRateLimit']} requests a second ({limits['ThrottlingBurstLimit']:,} in a burst)" in PAGE
    assert kept == {30}


@pytest.mark.parametrize("command", ["up", "resources", "down"])
def test_each_command_stops_at_a_stage_that_cannot_be(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "Not a stage"]) == 1
    assert "lower-case" in capsys.readouterr().err


def test_chalice_package_works_as_it_is(tmp_path: Path) -> None:
    command = re.search(r"^\.venv/bin/(chalice package .*) \.build/out$", PAGE, re.MULTILINE)
    assert command is not None
    folder = tmp_path / "project"
    folder.mkdir()
    files = subprocess.run(
        ["git", "ls-files", "app.py", "chalicelib", ".chalice", "infra/resources.json", "requirements.txt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())

    done = subprocess.run(
        [*f"{ROOT}/.venv/bin/{command[1]}".split(), "out"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    functions = {
        key: resource["Properties"]
        for key, resource in json.loads((folder / "out" / "sam.json").read_text("utf-8"))["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    (hourly,) = functions["Backstop"]["Events"].values()
    assert (hourly["Type"], hourly["Properties"]["Schedule"]) == ("Schedule", "rate(1 hour)")
    for worker in ("Attempt", "Webhook", "Rescue"):
        (source,) = functions[worker]["Events"].values()
        assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["Properties"]["ScalingConfig"]["MaximumConcurrency"] > 1
        assert functions[worker]["Environment"]["Variables"]["PARTIAL_BATCH"] == "on"
    assert len({json.dumps(function["Role"]) for function in functions.values()}) == len(functions) == 5
    with zipfile.ZipFile(folder / "out" / "deployment.zip") as archive:
        assert "app.py" in archive.namelist()
