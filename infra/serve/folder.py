"""The data folder: one process has it at a time, and it keeps the secrets that nobody gave."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from chalicelib.wiring.places import DATABASE_FILE
from infra.host.files import MADE_UP, StateError, write_private

#: Where everything is kept, unless SLUICE_DATA says otherwise.
DEFAULT = ".sluice"
#: What a data folder holds besides the database and its key: the secrets, what is served while it is, and the lock.
SECRETS_FILE, SERVING_FILE, LOCK_FILE = "secrets.json", "serving.json", "lock"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """The folder is this process's while it is entered; it is made when it is not there. StateError when it is another
    one's. The lock ends with the process, however that ends."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Opened for both, and not emptied: whoever is refused reads who has it.
        opened = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StateError(f"{folder} cannot be a data folder: {error.strerror}") from None
    with os.fdopen(opened, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(
                f"{folder} is in use by process {lock.read() or '?'}; stop it, or take another folder with DATA="
            ) from None
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def secrets_in(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The secrets that the folder keeps. Those that neither it nor the environment has are made, and are on disk when
    this returns. StateError rather than a new pepper for a database: no key, token or signature would hold any more."""
    path = folder / SECRETS_FILE
    kept = _kept(path)
    missing = [name for name in MADE_UP if name not in kept and not given.get(name)]
    if "KEY_PEPPER" in missing and (folder / DATABASE_FILE).exists():
        raise StateError(
            f"{path} has no KEY_PEPPER, and the keys in the database are hashed under it: put the file back from your "
            "backup, or set KEY_PEPPER"
        )
    if missing:
        kept |= {name: secrets.token_urlsafe(32) for name in missing}
        write_private(path, kept)
    return kept


def _kept(path: Path) -> dict[str, str]:
    try:
        kept = json.loads(path.read_text("utf-8"))
        return {name: str(kept[name]) for name in MADE_UP if name in kept}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError):
        raise StateError(f"{path} is damaged; put it back from your backup") from None
