"""Files that only their owner may read: secrets that outlive a run, and what a run offers to scripts."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

#: The settings that are made up once and then kept.
MADE_UP = ("OPERATOR_KEY", "KEY_PEPPER")


class StateError(Exception):
    """A file that was kept is damaged or missing. The message says which and what to do."""


def write_private(path: Path, document: dict[str, Any]) -> None:
    """Replace a JSON file at once as a whole, with mode 0600. It is on disk when this returns."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made with mode 0600 by definition.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def remove_if_ours(path: Path, document: dict[str, Any]) -> None:
    """Remove a file that still holds `document`: another run may have put its own there."""
    try:
        if json.loads(path.read_text(encoding="utf-8")) == document:
            path.unlink()
    except (OSError, ValueError):
        return
