"""What a checkout makes up for its local stack, kept in `.local`."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from infra.host.files import MADE_UP, StateError, write_private


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
        return {name: secrets.token_urlsafe(32) for name in MADE_UP}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(kept[name]) for name in MADE_UP}
    except (ValueError, TypeError, KeyError):
        raise StateError(f"{path} is damaged; delete it and new secrets are made") from None
