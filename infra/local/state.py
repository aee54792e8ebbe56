"""What a checkout makes up for its local stack, kept in `.local`."""

from __future__ import annotations

import secrets
from pathlib import Path

from infra.host.files import kept_secrets, write_private


def made_up(folder: Path, seed: str | None) -> dict[str, str]:
    """What this checkout makes up by the names of the settings: its secrets, made on the first call and then kept, and
    AsyncFlow's seed, drawn for each run unless it is given. A second process that joins the stack reads the same file.
    """
    path = folder / "secrets.json"
    values = {**kept_secrets(path), "ASYNCFLOW_SEED": seed or str(secrets.randbelow(1_000_000))}
    write_private(path, values)
    return values
