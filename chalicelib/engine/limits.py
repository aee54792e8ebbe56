"""Rate limits: exact sliding windows over a store of small blobs."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.ratelimit import Admission, Rate, admit, pack, unpack
from chalicelib.ports.ambient import Clock, Recorder
from chalicelib.ports.blobs import Blobs

#: Windows remembered between requests, so that an uncontended one needs no read.
_REMEMBERED = 1_000
_ROUNDS = 100


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Limiter:
    """Admits at most a rate's limit in any window, however many ask at once.

    One conditional write per admitted request when nobody else asks in between; a refused request writes nothing.
    When the store does not answer, the request is admitted and the event recorded: a limiter that is down must not
    take the service down with it.
    """

    blobs: Blobs
    clock: Clock
    recorder: Recorder
    _seen: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def __call__(self, name: str, rate: Rate) -> Admission:
        """Judge one request against the window of this name."""
        for _ in range(_ROUNDS):
            version, blob = self._seen.get(name, (0, b""))
            now = self.clock.now()
            admission = admit(unpack(blob), rate, now)
            if not admission.admitted:
                return admission
            packed = pack(admission.log)
            try:
                current = self.blobs.swap(name, packed, over=version, expires_s=(now + rate.window_ms) // 1000 + 60)
            except UnavailableError:
                break
            self._remember(name, current or (version + 1, packed))
            if current is None:
                return admission
        self.recorder.record("limiter open", window=name)
        return Admission(True, (), rate.limit, rate.limit, 0)

    def _remember(self, name: str, window: tuple[int, bytes]) -> None:
        if len(self._seen) >= _REMEMBERED and name not in self._seen:
            # A copy of the names: another thread may be remembering a window of its own.
            self._seen.pop(next(iter(tuple(self._seen))), None)
        self._seen[name] = window
