"""API keys as they are made: drawn, or derived for a request that may come again."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain import ids, keys
from chalicelib.domain.asked import Asked, Origin, derived, refuse_other
from chalicelib.domain.errors import KeyReusedError
from chalicelib.domain.identity import ApiKey
from chalicelib.ports.ambient import Clock, Randomness

_PURPOSE = "api key"


@dataclass(frozen=True, slots=True)
class Minted:
    """A key that was just made: the only time that it is known in full. `replayed`: an earlier request with the same
    idempotency key had made it."""

    key: ApiKey
    secret: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that works, and the last use of it that was noted (epoch milliseconds): None before the first."""

    key: ApiKey
    used_at: int | None


@dataclass(frozen=True, slots=True)
class Ending:
    """A key that has a successor, and until when it works (epoch milliseconds)."""

    id: str
    expires_at: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Mint:
    """Makes API keys."""

    clock: Clock
    randomness: Randomness
    pepper: bytes

    def new(self, name: str, asked: Asked | None = None) -> Minted:
        """A key of this name."""
        now = self.clock.now()
        if asked is None:
            secret = keys.mint(self.randomness.bytes(32))
            return self._minted(ids.uuid4_from(self.randomness.bytes(16)), name, secret, now)
        origin = Origin(asked.words, self.randomness.bytes(16).hex())
        return self._minted(asked.id, name, self._secret(asked, origin), now, origin)

    def again(self, key: ApiKey, asked: Asked) -> Minted:
        """A key as it was made for this request. KeyReusedError when another one made it."""
        if key.origin is None:
            raise KeyReusedError
        refuse_other(asked, key.origin.words)
        secret = self._secret(asked, key.origin)
        return self._minted(key.id, key.name, secret, key.created_at, key.origin, replayed=True)

    def _secret(self, asked: Asked, origin: Origin) -> str:
        return keys.mint(derived(self.pepper, _PURPOSE, asked, origin.salt))

    def _minted(
        self, id_: str, name: str, secret: str, at: int, origin: Origin | None = None, *, replayed: bool = False
    ) -> Minted:
        key = ApiKey(id_, name, keys.shown_prefix(secret), keys.hashed(secret, self.pepper), at, origin=origin)
        return Minted(key, secret, replayed)
