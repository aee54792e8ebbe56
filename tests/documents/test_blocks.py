"""Every block of the documentation is run, in the order of its page, and shows what the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from surfaces.description.documents import DOCUMENT, faults

from documents.fences import PAGES, ROOT, Fence, fences
from documents.session import Session
from documents.showing import shows
from documents.unrun import ELSEWHERE, UNRUN
from infra.local.stack import LocalStack

#: What is run, what is shown by it, and what is neither.
RUN = {"bash", "console", "python"}
SHOWN = {"http", "json", "text", "csv"}
DRAWN = {"mermaid"}
#: Blocks of this language are run by the JavaScript SDK's tests, and Python's that need its SDK by that one's.
OF_JAVASCRIPT = {"javascript", "js"}
#: Commands that make a thing which a test makes for itself, or that are the tests: they are looked for by name.
_TARGET = re.compile(r"make ([a-z-]+)")
#: A day without a fault that was not asked for, on which a message is soon at its end, for a reader who is in a hurry.
DAY = {
    "ASYNCFLOW_OUTAGE_RATE": "0",
    "ASYNCFLOW_FAILURE_RATE": "0",
    "ASYNCFLOW_PROCESSING_MIN_SECONDS": "5",
    "ASYNCFLOW_PROCESSING_MAX_SECONDS": "6",
    "ASYNCFLOW_RATE_WINDOW_SECONDS": "10",
}
#: Names of schemas that fit nearly everything.
_LOOSE = {"Welcome"}

STORIES = [page for page in PAGES if page not in ELSEWHERE and any(fence.language in RUN for fence in fences(page))]


def first_line(fence: Fence) -> str:
    return fence.text.partition("\n")[0]


def is_of_an_sdk(fence: Fence) -> bool:
    return fence.language in OF_JAVASCRIPT or (fence.language == "python" and "astraflow_sdk" in fence.text)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack on a good day."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in DAY.items():
            patch.setenv(name, value)
        with LocalStack(folder=folder) as running:
            yield running


@pytest.mark.parametrize("page", STORIES)
def test_a_page_does_what_it_says(page: str, stack: LocalStack, tmp_path: Path) -> None:
    session = Session(stack, tmp_path)
    blocks = fences(page)
    for place, fence in enumerate(blocks):
        if fence.language not in RUN or is_of_an_sdk(fence) or (page, first_line(fence)) in UNRUN:
            continue
        following = blocks[place + 1] if place + 1 < len(blocks) else None
        shown = following.text if following and following.follows and following.language in SHOWN else ""
        follow(session, fence, shown)
    # The next page finds the network as this one did.
    session.shell("./sluice flow reset")


def follow(session: Session, fence: Fence, shown: str) -> None:
    """Run a block, and compare what it prints."""
    if fence.language == "python":
        came = session.python(fence.text)
        assert shows(shown, came) is None, f"{fence.name}: {shows(shown, came)}\nis not in\n{came}"
        return
    text = fence.text
    if fence.language == "console":
        commands = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
        text = "\n".join(command for command in commands if not is_a_target(command))
        shown = "\n".join(line for line in fence.text.splitlines() if not line.startswith("$ "))
        if not text:
            return
    came = session.shell(text)
    later = session.again(text)
    while (missing := shows(shown, came)) and (newer := next(later, None)):
        came = newer
    assert missing is None, f"{fence.name}: {missing}\nis not in\n{came}"


def is_a_target(command: str) -> bool:
    """A target of the Makefile, which has to be there."""
    found = _TARGET.match(command)
    if found is None:
        return False
    assert re.search(rf"^{found[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), command
    return True


def test_every_block_is_run_or_shown_or_has_its_reason() -> None:
    for page in PAGES:
        for fence in fences(page):
            assert fence.language in RUN | SHOWN | DRAWN | OF_JAVASCRIPT, f"{fence.name} says no language that is known"


def test_json_that_stands_alone_is_of_a_described_shape() -> None:
    alone = [
        fence
        for page in PAGES
        for before, fence in zip((None, *fences(page)), fences(page), strict=False)
        if fence.language == "json" and not (fence.follows and before and before.language in RUN)
    ]
    assert alone
    import json

    for fence in alone:
        value = json.loads(fence.text)
        fitting = [
            name
            for name in DOCUMENT["components"]["schemas"]
            if name not in _LOOSE and not faults(DOCUMENT, f"#/components/schemas/{name}", value)
        ]
        assert fitting, f"{fence.name} is of no shape that is described"


def test_every_reason_is_needed() -> None:
    there = {(fence.page, first_line(fence)) for page in PAGES for fence in fences(page) if fence.language in RUN}
    assert UNRUN.keys() <= there
    assert all(UNRUN.values())
    for page, test in ELSEWHERE.items():
        assert page in PAGES
        assert Path(page).name in (ROOT / test).read_text("utf-8")
