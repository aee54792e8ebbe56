"""The blocks of code in the documentation, in the order in which a reader meets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: The pages whose blocks are run by the tests of this folder; an SDK's page is run by the SDK's own tests.
PAGES = (
    "README.md",
    "SECURITY.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("*.md"))),
)

_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fence:
    """A block: where it is, its language, its text, and whether only blank lines part it from the one before."""

    page: str
    line: int
    language: str
    text: str
    follows: bool

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def fences(page: str) -> tuple[Fence, ...]:
    """Every block of a page."""
    return tuple(_fences(page))


def _fences(page: str) -> Iterator[Fence]:
    text = (ROOT / page).read_text("utf-8")
    end = 0
    for found in _FENCE.finditer(text):
        indent, language, inside = found.groups()
        follows = end > 0 and not text[end : found.start()].strip()
        line = text.count("\n", 0, found.start()) + 1
        yield Fence(page, line, language, re.sub(rf"^{indent}", "", inside, flags=re.MULTILINE), follows)
        end = found.end()
