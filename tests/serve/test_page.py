"""`docs/one-machine.md`, from its first command to its last."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from documents.fences import Fence, fences
from documents.showing import shows
from serving import ROOT, Serving

PAGE = "docs/one-machine.md"
#: Commands that take their time, each with the figures of a line that it prints: run by hand.
MEASURED = {"make kills": r"\d+ kills in \d+ s: .*", r".venv/bin/python -m infra.bench.machine": r"\d+ tasks: .*"}
_SERVE = re.compile(r"(?P<settings>(?:[A-Z_]+=\S+ )*)make serve(?: DATA=(?P<folder>\S+))?(?: PORT=\d+)?")


class Reader:
    """Follows the page in a folder of their own, where `.sluice` and what else they make lies."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.key = ""
        self.serving: Serving | None = None

    def follow(self, command: str) -> str:
        """What a command prints."""
        serve = _SERVE.fullmatch(command)
        if serve:
            self._serve(serve["folder"] or ".sluice", serve["settings"])
            return ""
        assert self.serving is not None
        if "DELETE FROM sealed_with" in command:
            self.serving.stop()
            (self.home / ".sluice" / "data.key").unlink()
        text = command.replace("http://127.0.0.1:8000", self.serving.base_url).replace("YOUR_KEY", self.key)
        text = text.replace("./sluice", f"{sys.executable} -m cli").replace("python3 ", f"{sys.executable} ")
        environ = {**os.environ, "SLUICE_DATA": str(self.serving.folder), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            ["bash", "-c", text], cwd=self.home, env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        if found := re.search(r"aq_live_\w+", done.stdout):
            self.key = self.key or found[0]
        return done.stdout

    def _serve(self, folder: str, settings: str) -> None:
        if self.serving is not None:
            self.serving.stop()
        # An absolute folder is somebody's else.
        path = self.home / folder.lstrip("/")
        self.serving = Serving(path, **dict(each.split("=") for each in settings.split()))


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(tmp_path)
    yield reader
    if reader.serving is not None:
        reader.serving.kill()


def commands(fence: Fence) -> list[str]:
    """What a block has its reader do."""
    if fence.language == "bash":
        return [fence.text]
    return [line.removeprefix("$ ") for line in fence.text.splitlines() if line.startswith("$ ")]


def test_the_page_does_what_it_says(reader: Reader) -> None:
    blocks = fences(PAGE)
    for place, fence in enumerate(blocks):
        if fence.language not in ("bash", "console"):
            continue
        for command in commands(fence):
            if pattern := next((line for begin, line in MEASURED.items() if command.startswith(begin)), None):
                assert re.search(pattern, fence.text)
                continue
            came = reader.follow(command)
            following = blocks[place + 1]
            if following.follows and following.language == "json":
                assert shows(following.text, came) is None, came
        if "make serve DATA=moved" in fence.text:
            assert '"callbackUrl":"https://api.example.com/hook"' in the_list(reader)
            # The reader goes back to the folder that they began with.
            reader.follow("make serve")
    assert the_list(reader).startswith('{"tasks":[]')


def the_list(reader: Reader) -> str:
    return reader.follow('curl -s http://127.0.0.1:8000/v1/tasks -H "Authorization: Bearer YOUR_KEY"')


def test_every_file_of_a_folder_is_on_the_page(tmp_path: Path) -> None:
    page = (ROOT / PAGE).read_text("utf-8")
    with Serving(tmp_path / "data"):
        for path in (tmp_path / "data").iterdir():
            assert f"`{path.name}`" in page
