"""The fate of a message: how long it takes and how it ends, drawn once when it is accepted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from chalicelib.domain.simulator.draws import draw
from chalicelib.domain.simulator.profiles import Profile

#: No message takes longer, in seconds: a queue delays by no more.
LONGEST_S = 900

FAIL_THEN_COMPLETE = "fail-then-complete"
#: Destinations that decide what becomes of a message, and what they decide.
DESTINATIONS: Mapping[str, str] = MappingProxyType(
    {
        "always-complete": "Completes, after the drawn time",
        "always-fail": "Fails, after the drawn time",
        "slow-N": f"Completes after exactly N seconds, N from 1 to {LONGEST_S}",
        "stuck": f"Is processed for {LONGEST_S} seconds, then fails",
        FAIL_THEN_COMPLETE: "A group's first message to it fails, the second completes, the third fails ...",
    }
)

_SLOW = re.compile(r"slow-([1-9][0-9]{0,2})", re.ASCII)
_STUCK = "Processing did not finish in time"
_ASKED_FOR = "Destination rejected the message, as it always does"
#: The sentences of failures that were not asked for.
_FAILURES = (
    "Destination did not answer in time",
    "Destination refused the connection",
    "Destination rejected the message",
    "Destination is temporarily out of service",
)


@dataclass(frozen=True, slots=True)
class Fate:
    """Milliseconds of processing, and the sentence that the message fails with (None: it completes)."""

    duration_ms: int
    failure: str | None = None


def fate(profile: Profile, seed: str, tracking_id: str, destination: str, *, turn: int = 0) -> Fate:
    """What becomes of a message. `turn`: how many messages of the group went to `FAIL_THEN_COMPLETE` before it."""
    drawn = _drawn(profile, seed, tracking_id)
    if not profile.overridable:
        return drawn
    slow = _SLOW.fullmatch(destination)
    if slow is not None and int(slow[1]) <= LONGEST_S:
        return Fate(int(slow[1]) * 1000)
    match destination:
        case "always-complete":
            return Fate(drawn.duration_ms)
        case "always-fail":
            return Fate(drawn.duration_ms, _ASKED_FOR)
        case "stuck":
            return Fate(LONGEST_S * 1000, _STUCK)
        case _ if destination == FAIL_THEN_COMPLETE:
            return Fate(drawn.duration_ms, _ASKED_FOR if turn % 2 == 0 else None)
    return drawn


def next_pick_up(now: int, every_ms: int) -> int:
    """The instant after `now` at which the background service looks for queued messages: each multiple of its pause."""
    return (now // every_ms + 1) * every_ms


def _drawn(profile: Profile, seed: str, tracking_id: str) -> Fate:
    """The time is uniform between the profile's bounds, the failure drawn once (AsyncFlow manual, "Processing
    Timeline")."""
    low, high = profile.processing_min_s * 1000, profile.processing_max_s * 1000
    duration_ms = round(low + draw(seed, tracking_id, "duration") * (high - low))
    if draw(seed, tracking_id, "failure") >= profile.failure_rate:
        return Fate(duration_ms)
    return Fate(duration_ms, _FAILURES[int(draw(seed, tracking_id, "reason") * len(_FAILURES))])
