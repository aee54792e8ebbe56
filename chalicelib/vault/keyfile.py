"""The key ring of one machine: a file with one secret, of which every data key is derived."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from chalicelib.domain.errors import SpoiledError, UnavailableError
from chalicelib.vault import cipher


class DerivedKeys:
    """The port `KeyRing`. Nothing is stored, so no key is ever missing."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @property
    def mark(self) -> bytes:
        """By what the secret is known again, and from which nothing follows about it."""
        return cipher.derived(self._secret, b"mark")

    def key(self, holder: str, generation: int, *, make: bool) -> bytes | None:  # noqa: ARG002  (they are all there)
        """The key, the same for all who have the secret."""
        return cipher.derived(self._secret, f"data key\0{holder}\0{generation}".encode())


class KeyFile:
    """The port `KeyRing` over a file that is read each time: who takes it away locks what it sealed."""

    def __init__(self, path: Path, mark: bytes) -> None:
        self._path = path
        self._mark = mark

    def key(self, holder: str, generation: int, *, make: bool) -> bytes | None:
        """The key. UnavailableError while the file is not there, or is not the one of this mark."""
        try:
            ring = _read(self._path)
        except (OSError, SpoiledError):
            raise UnavailableError("the key file cannot be read") from None
        if ring.mark != self._mark:
            raise UnavailableError("the key file is another")
        return ring.key(holder, generation, make=make)


def kept_in(path: Path) -> DerivedKeys:
    """The ring whose secret a file keeps, readable by its owner alone; made on the first call, and on disk when this
    returns. Who loses the file has lost what was sealed. SpoiledError for a file that is no such secret."""
    if not path.exists():
        _make(path)
    return _read(path)


def _read(path: Path) -> DerivedKeys:
    secret = path.read_bytes()
    if len(secret) != cipher.KEY_BYTES:
        raise SpoiledError(f"key file {path.name}")
    return DerivedKeys(secret)


def _make(path: Path) -> None:
    """Put a new secret there, unless somebody does so at the same time."""
    # Made with mode 0600 by definition, and under its name only when it is whole and on disk.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(cipher.KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(temporary)
    finally:
        Path(temporary).unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
