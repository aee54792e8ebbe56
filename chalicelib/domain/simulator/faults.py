"""What happens to one request: the fault it meets, if any, and the time that is added to its answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.simulator.draws import draw
from chalicelib.domain.simulator.outages import outage_at
from chalicelib.domain.simulator.profiles import Profile
from chalicelib.domain.timing import ceil_seconds

#: The statuses that a request may ask for.
FORCEABLE = (500, 503, 504)


class Rule(StrEnum):
    """Why a request meets a fault."""

    ERROR = "error"
    UNAVAILABLE = "unavailable"
    #: No answer in time, and nothing was accepted.
    TIMEOUT = "timeout"
    #: No answer in time, although the message was accepted.
    LOST_RESPONSE = "lost-response"
    OUTAGE = "outage"


_STATUS = {Rule.ERROR: 500, Rule.UNAVAILABLE: 503, Rule.TIMEOUT: 504, Rule.LOST_RESPONSE: 504, Rule.OUTAGE: 503}


@dataclass(frozen=True, slots=True)
class Fault:
    """One simulated fault. `ends_at`: when the outage is over. `forced`: the client had asked for it."""

    rule: Rule
    retry_after_s: int | None = None
    ends_at: int | None = None
    forced: bool = False

    @property
    def status(self) -> int:
        return _STATUS[self.rule]


def fault(
    profile: Profile, seed: str, group: str, number: int, *, now: int, submits: bool, forced: int | None = None
) -> Fault | None:
    """The fault that a group's request number `number` meets at `now`. `submits`: it brings a message to be accepted.

    `forced` asks for a status; the profile decides whether such a wish counts.
    """
    timeout = _timeout(profile, seed, group, number) if submits else Rule.TIMEOUT
    if forced in FORCEABLE and profile.overridable:
        rules = {500: Rule.ERROR, 503: Rule.UNAVAILABLE, 504: timeout}
        return _fault(rules[forced], profile, forced=True)
    outage = outage_at(profile, seed, now)
    if outage is not None:
        return Fault(Rule.OUTAGE, max(1, ceil_seconds(outage.ends_at - now)), outage.ends_at)
    drawn = draw(seed, group, "fault", number)
    for rule, rate in (
        (Rule.ERROR, profile.error_rate),
        (Rule.UNAVAILABLE, profile.unavailable_rate),
        (timeout, profile.timeout_rate),
    ):
        if drawn < rate:
            return _fault(rule, profile)
        drawn -= rate
    return None


def latency_ms(profile: Profile, seed: str, group: str, number: int) -> int:
    """Milliseconds to be added to the answer of a group's request."""
    span = profile.latency_max_ms - profile.latency_min_ms
    return profile.latency_min_ms + int(draw(seed, group, "latency", number) * (span + 1))


def _timeout(profile: Profile, seed: str, group: str, number: int) -> Rule:
    lost = draw(seed, group, "lost", number) < profile.lost_response_share
    return Rule.LOST_RESPONSE if lost else Rule.TIMEOUT


def _fault(rule: Rule, profile: Profile, *, forced: bool = False) -> Fault:
    return Fault(rule, profile.retry_after_s if rule is Rule.UNAVAILABLE else None, forced=forced)
