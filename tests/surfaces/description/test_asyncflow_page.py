"""`docs/asyncflow.md` does what it says: its commands run and show what it shows, its tables are the product's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.simulator.fate import DESTINATIONS
from chalicelib.domain.simulator.faults import Fault, Rule
from chalicelib.domain.simulator.profiles import BUILT_IN, named, realistic
from chalicelib.views.asyncflow import REPORT_COLUMNS, profile
from infra.local.stack import PROJECT, LocalStack
from surfaces.description.documents import operations

PAGE = (PROJECT / "docs" / "asyncflow.md").read_text("utf-8")
#: A command and what it shows.
EXAMPLES = re.findall(r"```bash\n(.*?)```\n\n```(?:http|json|text)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack with no fault that was not asked for."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASYNCFLOW_OUTAGE_RATE", "0")
        with LocalStack(folder=folder) as running:
            yield running


def test_every_command_shows_what_the_page_shows(stack: LocalStack, tmp_path: Path) -> None:
    assert len(EXAMPLES) == PAGE.count("```bash") >= 6
    tracking_id = "TRACKING_ID"
    for command, shown in EXAMPLES:
        script = command.replace("http://127.0.0.1:8000", stack.base_url).replace("TRACKING_ID", tracking_id)
        script = script.replace("./sluice", f"{sys.executable} -m cli").replace("curl ", "curl --silent --show-error ")
        done = subprocess.run(
            ["bash", "-euc", script],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(PROJECT),
                "SLUICE_URL": stack.base_url,
                "OPERATOR_KEY": stack.document["operator"]["key"],
            },
        )
        assert done.returncode == 0, done.stderr + done.stdout
        came = [comparable(line) for line in done.stdout.splitlines()]
        for line in shown.splitlines():
            assert comparable(line) in came, f"{line}\nis not in\n{done.stdout}"
        found = re.search(r'"trackingId":"(\w+-\w+)"', done.stdout)
        tracking_id = found[1] if found and tracking_id == "TRACKING_ID" else tracking_id
    assert "group-7" in (tmp_path / "groups.csv").read_text("utf-8")


def comparable(line: str) -> str:
    """A line without what differs from one run to the next: of JSON the members alone."""
    if line.startswith(("{", "[")):
        return f"members {members(json.loads(line))}"
    line = re.sub(r"ASF-[0-9A-F]{32}|\d{4}-\d\d-\d\dT[\d:]+Z", "...", line.strip())
    return re.sub(r"(seed=|Seed: )\w+", r"\1...", re.sub(r"(?<=request=)\d+|(?<=-Remaining: )\d+", "...", line))


def members(value: Any) -> Any:
    """The names of an object's members; of a list those of its first item; an error's text as it is."""
    if isinstance(value, list):
        return [members(item) for item in value[:1]]
    return value if set(value) == {"error"} else list(value)


def test_the_table_of_profiles_is_the_product_s() -> None:
    table = rows("## Profiles")
    assert table[0] == ["", *(f"`{name}`" for name in BUILT_IN)]
    documents = [profile(named(name, realistic())) for name in BUILT_IN]
    expected = [
        [f"`{member}`", *(shown(document[member]) for document in documents)]
        for member in documents[0]
        if member != "name"
    ]
    assert table[1:] == expected


def shown(value: float | bool) -> str:
    """A member of a profile as the table shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2g}" if value < 1 else f"{value:g}"


def test_the_table_of_destinations_is_the_product_s() -> None:
    table = rows("## Magic destinations")[1:]
    assert table == [[f"`{name}`", meaning] for name, meaning in DESTINATIONS.items()]


def test_the_table_of_faults_is_the_product_s() -> None:
    table = {row[0].strip("`"): int(row[1]) for row in rows("## Simulated faults")[1:]}
    assert table == {rule.value: Fault(rule).status for rule in Rule}


def test_the_table_of_the_report_is_the_product_s() -> None:
    named_here = [name for row in rows("## How your client did")[1:] for name in re.findall(r"`(\w+)`", row[0])]
    assert named_here == list(REPORT_COLUMNS)


def test_the_instructor_s_routes_are_the_product_s() -> None:
    listed = {row[0].strip("`") for row in rows("## For instructors")[1:]}
    assert listed == {f"{method.upper()} {path}" for path, method, _ in operations() if "/operator/asyncflow" in path}


def test_every_path_that_is_named_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (PROJECT / "docs" / target).exists(), target


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without the line that parts header and rows."""
    section = PAGE.partition(f"{heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("|---")]
