"""The documentation holds together: every page has its place in the table of contents, every link leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONTENTS = DOCS / "README.md"
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
    *sorted(DOCS.glob("*.md")),
    *sorted(ROOT.glob("sdks/*/README.md")),
]


def prose(text: str) -> str:
    """A page without its code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def links(text: str) -> Iterator[tuple[str, str]]:
    """The path and the anchor of every link that stays within the repository."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(text)):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(text: str) -> set[str]:
    """The anchors that its headings give a page: lower case, hyphens for blanks, no punctuation."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.M):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = sum(1 for known in found if re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", known))
        found.add(f"{anchor}-{count}" if count else anchor)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for path, anchor in links(page.read_text("utf-8")):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"there is no {path}"
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), f"{path} has no heading #{anchor}"


def test_every_page_has_its_place_in_the_table_of_contents() -> None:
    listed = [path for path, _ in links(CONTENTS.read_text("utf-8"))]
    written = {path.name for path in DOCS.glob("*.md")} - {CONTENTS.name}
    described = {f"openapi/{path.name}" for path in DOCS.glob("openapi/*.yaml")} - {"openapi/common.yaml"}

    assert len(listed) == len(set(listed))
    assert written | described == {path for path in listed if not path.startswith("../")}, "name it in docs/README.md"


def test_the_rule_knows_the_anchors_of_headings() -> None:
    assert anchors("# What it's for?\n## A b_c\n## A b_c\n```bash\n# no heading\n```\n") == {
        "what-its-for",
        "a-b_c",
        "a-b_c-1",
    }
