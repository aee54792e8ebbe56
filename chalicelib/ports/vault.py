"""Where what customers entrust is sealed before it is stored, and the keys that seal it.

Stores call it, at their edge: neither the engine nor the domain knows that a value was ever sealed.
"""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.sealing import Place

#: Bytes of a sealed value above those of what is inside.
OVERHEAD_BYTES = 31


class Vault(Protocol):
    """Seals values for their place. Raises LockedError while the key cannot be had."""

    def seal(self, place: Place, value: bytes) -> bytes:
        """The value as it may be stored, `OVERHEAD_BYTES` longer."""

    def open(self, place: Place, stored: bytes) -> bytes:
        """The value that was sealed for this very place. What was stored before there was a vault is handed back as it
        is. SpoiledError for whatever was moved here, cut or changed."""


class KeyRing(Protocol):
    """Data keys of 256 bits, one for each holder and generation."""

    def key(self, holder: str, generation: int, *, make: bool) -> bytes | None:
        """The key, the same for all who ask. One that is not there yet is made on request, else None. SpoiledError
        when what is stored of it is not what was stored."""
