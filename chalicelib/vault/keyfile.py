"""The key ring of one machine: a file with one secret, of which every data key is derived."""

from __future__ import annotations

import os
from pathlib import Path

from chalicelib.domain.errors import SpoiledError
from chalicelib.vault import cipher


class DerivedKeys:
    """The port `KeyRing`. Nothing is stored, so no key is ever missing."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def key(self, holder: str, generation: int, *, make: bool) -> bytes | None:  # noqa: ARG002  (they are all there)
        """The key, the same for all who have the secret."""
        return cipher.derived(self._secret, f"data key\0{holder}\0{generation}".encode())


def kept_in(path: Path) -> DerivedKeys:
    """The ring whose secret a file keeps, readable by its owner alone; made on the first call. Who loses the file has
    lost what was sealed. SpoiledError for a file that is no such secret."""
    try:
        # Made with its mode, in one step: at no time could another user read it.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(cipher.KEY_BYTES))
    except FileExistsError:
        pass
    secret = path.read_bytes()
    if len(secret) != cipher.KEY_BYTES:
        raise SpoiledError(f"key file {path.name}")
    return DerivedKeys(secret)
