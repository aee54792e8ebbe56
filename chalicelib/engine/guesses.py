"""Guessing of passwords: how many wrong ones are looked at, for one account and from one address.

A place in both windows is taken before a password is looked at and given back when it was right, so that the limits
are exact also among requests that arrive together. Windows are named by address and account: nobody can lock out
somebody else from elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.ratelimit import Rate, admit, pack, unpack
from chalicelib.ports.ambient import Clock
from chalicelib.ports.blobs import Blobs

WINDOW_MS = 15 * 60_000
#: Wrong passwords in any window of 15 minutes, for one account from one address, and from one address in all.
PER_ACCOUNT = Rate(5, WINDOW_MS)
PER_ADDRESS = Rate(50, WINDOW_MS)

_ROUNDS = 100
#: A home has a /64 of its own: one address of IPv6 is cheap.
_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Place:
    """A place taken in both windows."""

    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Exhausted:
    """No more passwords are looked at for so many milliseconds."""

    retry_ms: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Guesses:
    """Raises UnavailableError when the store does not answer: without a count nobody may guess."""

    blobs: Blobs
    clock: Clock

    def take(self, account: str, address: str) -> Place | Exhausted:
        """Take a place for one look at the password of an account."""
        network = _network(address)
        account_hash = hashlib.sha256(account.encode()).hexdigest()[:32]
        windows = {f"guesses#{network}": PER_ADDRESS, f"guesses#{network}#{account_hash}": PER_ACCOUNT}
        now = self.clock.now()
        taken: list[str] = []
        for name, rate in windows.items():
            retry_ms = self._take(name, rate, now)
            if retry_ms is not None:
                self.give_back(Place(tuple(taken), now))
                return Exhausted(retry_ms)
            taken.append(name)
        return Place(tuple(taken), now)

    def give_back(self, place: Place) -> None:
        """The password was right, or none was looked at."""
        for name in place.names:
            # A place that is not given back ends with the window.
            with suppress(UnavailableError):
                self._swap(name, lambda log: _without(log, place.at))

    def _take(self, name: str, rate: Rate, now: int) -> int | None:
        """None when a place was taken, else the milliseconds until one is free."""
        retry_ms: list[int] = []

        def take(log: tuple[int, ...]) -> tuple[int, ...] | None:
            admission = admit(log, rate, now)
            retry_ms[:] = [] if admission.admitted else [admission.reset_ms]
            return admission.log if admission.admitted else None

        self._swap(name, take)
        return retry_ms[0] if retry_ms else None

    def _swap(self, name: str, change: Callable[[tuple[int, ...]], tuple[int, ...] | None]) -> None:
        stored = self.blobs.get(name)
        for _ in range(_ROUNDS):
            version, blob = stored
            changed = change(unpack(blob))
            if changed is None:
                return
            expires_s = (self.clock.now() + WINDOW_MS) // 1000 + 60
            current = self.blobs.swap(name, pack(changed), over=version, expires_s=expires_s)
            if current is None:
                return
            stored = current
        raise UnavailableError("the window of guesses changes too often")


def _without(log: tuple[int, ...], instant: int) -> tuple[int, ...] | None:
    if instant not in log:
        return None
    index = log.index(instant)
    return log[:index] + log[index + 1 :]


def _network(address: str) -> str:
    """The address, or the network of an IPv6 address; whatever else stands there counts as one place."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> _PREFIX << _PREFIX)}/{_PREFIX}"
    return str(parsed)
