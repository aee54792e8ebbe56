"""The vault: seals and opens with data keys that it holds in memory for a while."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from threading import Lock

from chalicelib.domain.errors import LockedError, SpoiledError, UnavailableError
from chalicelib.domain.sealing import Place, generation_at
from chalicelib.ports.ambient import Clock, Recorder
from chalicelib.ports.vault import KeyRing

#: The first byte of a sealed value. What stores wrote before begins with none of the kind: text and msgpack's arrays
#: and maps do not.
SEALED = b"\x01"
_HEAD_BYTES = 3

#: A data key is asked for anew after so long, or so many uses, whatever comes first ...
FRESH_MS = 60 * 60_000
MOST_USES = 10_000
#: ... and forgotten after so long, also while the ring does not answer.
LONGEST_MS = 120 * 60_000

#: Holder and generation.
_Name = tuple[str, int]


@dataclass(slots=True)
class _Held:
    key: bytes
    since: int
    uses: int = 0

    def fresh(self, now: int) -> bool:
        return now - self.since < FRESH_MS and self.uses < MOST_USES


class Keeper:
    """The port `Vault` over any key ring, for all threads of a process. Whatever does not open is recorded here:
    somebody has to hear of it, whoever was reading."""

    def __init__(self, ring: KeyRing, clock: Clock, recorder: Recorder) -> None:
        self._ring = ring
        self._clock = clock
        self._recorder = recorder
        self._held: dict[_Name, _Held] = {}
        #: One thread asks for a key; the others wait for what it gets.
        self._asking: defaultdict[_Name, Lock] = defaultdict(Lock)

    def seal(self, place: Place, value: bytes) -> bytes:
        """The value as it may be stored."""
        from chalicelib.vault import cipher  # loads the library, which a process that seals nothing does without

        generation = generation_at(self._clock.now())
        key = self._key(place, generation, make=True)
        head = SEALED + generation.to_bytes(_HEAD_BYTES - 1, "big")
        return head + cipher.encrypted(key, head, place.context, value)

    def open(self, place: Place, stored: bytes) -> bytes:
        """The value that was sealed for this very place, or what was stored in the clear."""
        if not stored.startswith(SEALED):
            return stored
        from chalicelib.vault import cipher

        head = stored[:_HEAD_BYTES]
        key = self._key(place, int.from_bytes(head[1:], "big"), make=False)
        value = cipher.decrypted(key, head, place.context, stored[_HEAD_BYTES:])
        if value is None:
            raise self._spoiled(place, place.part)
        return value

    def _key(self, place: Place, generation: int, *, make: bool) -> bytes:
        name = (place.holder, generation)
        held = self._held.get(name)
        if held is None or not held.fresh(self._clock.now()):
            try:
                with self._asking[name]:
                    held = self._asked(name, make=make)
            except SpoiledError as spoiled:
                raise self._spoiled(place, spoiled.part) from None
        held.uses += 1
        return held.key

    def _spoiled(self, place: Place, part: str) -> SpoiledError:
        self._recorder.record("spoiled", team=place.team, id=place.id, part=part)
        return SpoiledError(part)

    def _asked(self, name: _Name, *, make: bool) -> _Held:
        now = self._clock.now()
        held = self._held.get(name)
        if held is not None and held.fresh(now):
            return held
        try:
            key = self._ring.key(*name, make=make)
        except UnavailableError as error:
            if held is not None and now - held.since < LONGEST_MS:
                return held
            raise LockedError(str(error)) from None
        if key is None:
            raise SpoiledError("data key")
        self._held = {other: each for other, each in self._held.items() if now - each.since < LONGEST_MS}
        self._held[name] = _Held(key, now)
        return self._held[name]
