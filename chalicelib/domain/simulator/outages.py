"""Outages: windows of time computed from the seed. Everybody under one profile meets the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

from chalicelib.domain.simulator.draws import draw
from chalicelib.domain.simulator.profiles import Profile


@dataclass(frozen=True, slots=True)
class Outage:
    """From the instant `starts_at` to just before `ends_at`, in epoch milliseconds."""

    starts_at: int
    ends_at: int


def outage_at(profile: Profile, seed: str, now: int) -> Outage | None:
    """The outage under way at an instant."""
    if not _any(profile):
        return None
    outage = _outage(profile, seed, now // _every_ms(profile))
    return outage if outage.starts_at <= now < outage.ends_at else None


def upcoming(profile: Profile, seed: str, now: int, *, most: int, within_ms: int) -> list[Outage]:
    """The outages that are not over at `now` and begin within so many milliseconds."""
    if not _any(profile):
        return []

    def ahead() -> Iterator[Outage]:
        for period in count(now // _every_ms(profile)):
            outage = _outage(profile, seed, period)
            if outage.starts_at > now + within_ms:
                return
            if outage.ends_at > now:
                yield outage

    return list(islice(ahead(), most))


def _any(profile: Profile) -> bool:
    return profile.outage_every_s > 0 and profile.outage_s > 0


def _every_ms(profile: Profile) -> int:
    return profile.outage_every_s * 1000


def _outage(profile: Profile, seed: str, period: int) -> Outage:
    """The one outage of a period, at a drawn place in it."""
    every_ms = _every_ms(profile)
    length_ms = min(round(profile.outage_s * 1000), every_ms)
    start = period * every_ms + int(draw(seed, "outage", every_ms, period) * (every_ms - length_ms))
    return Outage(start, start + length_ms)
