"""The files of `.local`, readable by their owner alone: secrets that outlive a run, and what it offers to scripts."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

#: The settings that are made up once and then kept.
_MADE_UP = ("OPERATOR_KEY", "KEY_PEPPER")


class StateError(Exception):
    """A file of `.local` is damaged. The message says which and what to do."""


def kept_secrets(folder: Path) -> dict[str, str]:
    """The secrets of this checkout by the names of their settings; made on the first call."""
    path = folder / "secrets.json"
    if path.exists():
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            return {name: str(kept[name]) for name in _MADE_UP}
        except (ValueError, TypeError, KeyError):
            raise StateError(f"{path} is damaged; delete it and new secrets are made") from None
    made = {name: secrets.token_urlsafe(32) for name in _MADE_UP}
    write_private(path, made)
    return made


def write_private(path: Path, document: dict[str, Any]) -> None:
    """Replace a JSON file at once as a whole, with mode 0600."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made with mode 0600 by definition.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2, ensure_ascii=False)
        file.write("\n")
    Path(temporary).replace(path)


def remove_if_ours(path: Path, document: dict[str, Any]) -> None:
    """Remove a file that still holds `document`: another run may have put its own there."""
    try:
        if json.loads(path.read_text(encoding="utf-8")) == document:
            path.unlink()
    except (OSError, ValueError):
        return
