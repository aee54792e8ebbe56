"""The version of the product before this one."""

from __future__ import annotations

import json
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from infra.deploy.package import PROJECT, read_config
from infra.rehearsal.commands import STAGE

#: What makes a deployment what it is.
_PRODUCT = ("app.py", "chalicelib", "requirements.txt", ".chalice", "infra/resources.json")


class NoHistoryError(Exception):
    """This checkout has no version before this one."""


def check_out(folder: Path, commit: str | None = None) -> str:
    """Lay a commit into a folder, or else the last version with another product than this one; its short name."""
    try:
        if commit is None:
            commit = _git("log", "-1", "--format=%H^", "--", *_PRODUCT).decode().strip()
        before = _git("rev-parse", "--short", commit).decode().strip()
    except subprocess.CalledProcessError:
        raise NoHistoryError("An upgrade needs the history of the product: git fetch --unshallow") from None
    with tarfile.open(fileobj=BytesIO(_git("archive", "--format=tar", before))) as archive:
        archive.extractall(folder, filter="data")
    _carry_settings(folder)
    return before


def _carry_settings(folder: Path) -> None:
    """Give the version the stage's settings of today: an upgrade leaves them as they are."""
    path = folder / ".chalice" / "config.json"
    config = json.loads(path.read_text("utf-8"))
    config["stages"][STAGE] = read_config()["stages"][STAGE]
    path.write_text(json.dumps(config), "utf-8")


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, check=True).stdout
