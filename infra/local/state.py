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


def made_up(folder: Path, seed: str | None) -> dict[str, str]:
    """What this checkout makes up by the names of the settings: its secrets, made on the first call and then kept, and
    AsyncFlow's seed, drawn for each run unless it is given. A second process that joins the stack reads the same file.
    """
    path = folder / "secrets.json"
    values = {**_kept_secrets(path), "ASYNCFLOW_SEED": seed or str(secrets.randbelow(1_000_000))}
    write_private(path, values)
    return values


def _kept_secrets(path: Path) -> dict[str, str]:
    if not path.exists():
        return {name: secrets.token_urlsafe(32) for name in _MADE_UP}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(kept[name]) for name in _MADE_UP}
    except (ValueError, TypeError, KeyError):
        raise StateError(f"{path} is damaged; delete it and new secrets are made") from None


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
