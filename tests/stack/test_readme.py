"""The README does what it says: every command in it is run against a running stack."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.settings import known
from infra.local.stack import LocalStack

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    folder: Path = tmp_path_factory.mktemp("stack")
    with pytest.MonkeyPatch.context() as environment:
        # A simulated fault would be no fault of the README's.
        environment.setenv("ASYNCFLOW_OUTAGE_RATE", "0")
        with LocalStack(folder=folder) as running:
            yield running


def test_every_command_of_the_readme_works(stack: LocalStack) -> None:
    task_id = "TASK_ID"
    assert len(BLOCKS) >= 3
    for block in BLOCKS:
        script = block.replace("http://127.0.0.1:8000", stack.base_url).replace("TASK_ID", task_id)
        script = script.replace("curl ", "curl --fail-with-body --silent --show-error ")
        done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        found = re.search(r'"(?:id|trackingId)":"([0-9a-f-]{36}|ASF-[0-9A-F]{32})"', done.stdout)
        assert found is not None, done.stdout
        task_id = found.group(1) if task_id == "TASK_ID" else task_id


def test_every_path_that_is_named_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_make_target_that_is_named_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"(?:`|\$ )make ([a-z-]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_setting_is_in_the_documentation() -> None:
    documented = set(re.findall(r"`([A-Z][A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text("utf-8")))
    assert documented == {*known(), "PORT", "AWS_PORT"}
