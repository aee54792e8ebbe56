"""A key ring that can be counted and taken down."""

from __future__ import annotations

from collections import Counter

from chalicelib.domain.errors import UnavailableError
from chalicelib.vault.keyfile import DerivedKeys

SECRET = b"secret of the stories of the vault"


class CountedRing:
    """A ring that counts what is asked of it, and does not answer while it is `down`."""

    def __init__(self) -> None:
        self._ring = DerivedKeys(SECRET)
        self.asked: Counter[tuple[str, int]] = Counter()
        self.down = False

    def key(self, holder: str, generation: int, *, make: bool) -> bytes | None:
        self.asked[holder, generation] += 1
        if self.down:
            raise UnavailableError("the ring does not answer")
        return self._ring.key(holder, generation, make=make)
