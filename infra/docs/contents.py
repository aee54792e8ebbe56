"""The table of contents: `docs/README.md`, whose sections and links are the navigation of the pages at `/docs`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs"
CONTENTS = FOLDER / "README.md"

_SECTION = re.compile(r"^## (.+)$")
_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)#]+)\)(?:: (.+))?$")


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its file, its name below `/docs`, and what the table of contents calls it."""

    source: Path
    slug: str
    title: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Pages under one heading."""

    title: str
    pages: tuple[Page, ...]


@cache
def sections() -> tuple[Section, ...]:
    """The table of contents, in order. Raises ValueError: two pages would have one name."""
    found: dict[str, list[Page]] = {}
    title = ""
    for line in CONTENTS.read_text("utf-8").splitlines():
        if heading := _SECTION.match(line):
            title = heading[1]
        elif entry := _ENTRY.match(line):
            source = (FOLDER / entry[2]).resolve()
            found.setdefault(title, []).append(Page(source, _slug(source), entry[1], entry[3] or ""))
    slugs = [page.slug for pages in found.values() for page in pages]
    if len(slugs) != len(set(slugs)):
        raise ValueError(f"{CONTENTS}: two pages of one name")
    return tuple(Section(title, tuple(pages)) for title, pages in found.items())


def pages() -> Iterator[Page]:
    """Every page of the table of contents."""
    return (page for section in sections() for page in section.pages)


@cache
def by_source() -> Mapping[Path, Page]:
    """Every page by its file."""
    return {page.source: page for page in pages()}


def _slug(source: Path) -> str:
    """Of `docs/settings.md` settings, of `docs/openapi/oauth.yaml` api-oauth, of `sdks/python/README.md` sdk-python."""
    if source.suffix == ".yaml":
        return f"api-{source.stem}"
    return f"sdk-{source.parent.name}" if source.stem == "README" else source.stem.lower()
