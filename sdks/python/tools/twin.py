"""Writes the blocking clients (`astraflow_sdk/_sync`) from those for asyncio (`astraflow_sdk/aio`).

`python tools/twin.py` writes them; with `--check` it only says whether they are current. What stands in
`_primitives.py` is written by hand on both sides.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

SDK = Path(__file__).parents[1]
SOURCE = SDK / "src" / "astraflow_sdk" / "aio"
TARGET = SDK / "src" / "astraflow_sdk" / "_sync"
BY_HAND = ("_primitives.py",)

_WORDS: tuple[tuple[str, str], ...] = (
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bastraflow_sdk\.aio\b", "astraflow_sdk._sync"),
    (r"\bAsyncIterator\b", "Iterator"),
    (r"\bAwaitable\[(\w+)\]", r"\1"),
    (r"from collections\.abc import Awaitable, ", "from collections.abc import "),
    (r"\bhttpx2\.Async", "httpx2."),
    (r"\baclose\b", "close"),
    (r"__a(enter|exit)__", r"__\1__"),
)
_PACKAGE = '"""The blocking clients."""'


def twins() -> Mapping[Path, str]:
    """What each generated file is to hold."""
    return {
        TARGET / source.name: _formatted(_twin(source), TARGET / source.name)
        for source in sorted(SOURCE.glob("*.py"))
        if source.name not in BY_HAND
    }


def stale(found: Mapping[Path, str]) -> list[Path]:
    """The files that are missing, or hold something else, or should not be there."""
    there = {path for path in TARGET.glob("*.py") if path.name not in BY_HAND}
    return sorted(
        (there - set(found)) | {path for path, text in found.items() if not path.exists() or path.read_text() != text}
    )


def _twin(source: Path) -> str:
    text = source.read_text()
    if source.name == "__init__.py":
        text = re.sub(r'\A"""(?:.|\n)*?"""', _PACKAGE, text)
    for pattern, replacement in _WORDS:
        text = re.sub(pattern, replacement, text)
    return f"# Written by tools/twin.py from aio/{source.name}: change that one.\n{text}"


def _formatted(text: str, name: Path) -> str:
    for arguments in (["check", "--quiet", "--fix", "--select", "I"], ["format", "--quiet"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", str(name), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            cwd=SDK,
        )
        text = done.stdout
    return text


def main() -> None:
    found = twins()
    old = stale(found)
    if "--check" in sys.argv[1:]:
        if old:
            sys.exit(f"Not current: {', '.join(path.name for path in old)}. Run python tools/twin.py")
        return
    for path in old:
        if path in found:
            path.write_text(found[path])
        else:
            path.unlink()


if __name__ == "__main__":
    main()
