"""What a stored value belongs to, and whose key it is locked with."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

#: How long one generation of data keys seals: 30 days. What it sealed stays readable for ever.
GENERATION_MS = 30 * 86_400_000

_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Place:
    """The one place a sealed value may be read from: whose it is, the id of what it is part of, which part of that,
    and which version of the part."""

    team: str
    id: str
    part: str
    version: str

    @property
    def context(self) -> bytes:
        """The place as bytes, another for each place. It is authenticated with the value and not stored."""
        return _encode((self.team, self.id, self.part, self.version))

    @property
    def holder(self) -> str:
        """Whose data key seals here. Those who are one customer share one: a tenant's webhooks, and the groups of
        AsyncFlow, which are names that holders of one API key give themselves."""
        surface, _, rest = self.team.partition("-")
        if surface == "asyncflow":
            return surface
        return f"{surface}-{rest.partition('-')[0]}" if surface == "astraflow" else self.team


def generation_at(now: int) -> int:
    """The generation of data keys that seals at an instant: every machine knows it by its clock, none has to ask."""
    return now // GENERATION_MS
