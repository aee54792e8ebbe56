"""Profiles: how kind the simulated world is to a learner's client, as documents with names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import msgspec

REALISTIC = "realistic"
#: Added to an answer at most, in milliseconds: what is left of a function's time must do for the answer itself.
LONGEST_LATENCY_MS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What may happen to requests and messages. Rates and shares lie between 0 and 1.

    `error_rate`, `unavailable_rate` and `timeout_rate` are the shares of requests answered 500, 503 and 504;
    `lost_response_share` is the share of those 504s that come after the message was accepted. Apart from that, each
    `outage_every_s` seconds hold one outage of `outage_s` seconds (0: none). `explained`: faults say that they are
    simulated. `overridable`: a client may ask for faults and outcomes.
    """

    name: str = REALISTIC
    processing_min_s: float = 2.0
    processing_max_s: float = 30.0
    failure_rate: float = 0.10
    error_rate: float = 0.0
    unavailable_rate: float = 0.0
    timeout_rate: float = 0.0
    lost_response_share: float = 0.5
    latency_min_ms: int = 0
    latency_max_ms: int = 0
    outage_every_s: int = 0
    outage_s: float = 0.0
    retry_after_s: int = 5
    explained: bool = True
    overridable: bool = True


#: The profiles that have a name, each as its difference from `realistic`, which the deployment's settings make.
BUILT_IN: Mapping[str, Mapping[str, float | bool]] = MappingProxyType(
    {
        "calm": {
            "failure_rate": 0.0,
            "error_rate": 0.0,
            "unavailable_rate": 0.0,
            "timeout_rate": 0.0,
            "latency_max_ms": 0,
            "outage_every_s": 0,
            "outage_s": 0.0,
        },
        REALISTIC: {},
        "flaky": {
            "failure_rate": 0.25,
            "error_rate": 0.08,
            "unavailable_rate": 0.08,
            "timeout_rate": 0.04,
            "latency_max_ms": 1_000,
        },
        "outage-drill": {
            "error_rate": 0.0,
            "unavailable_rate": 0.0,
            "timeout_rate": 0.0,
            "outage_every_s": 300,
            "outage_s": 45.0,
        },
        "slow": {
            "processing_min_s": 20.0,
            "processing_max_s": 120.0,
            "latency_min_ms": 1_000,
            "latency_max_ms": 4_000,
        },
        "lost-responses": {
            "error_rate": 0.0,
            "unavailable_rate": 0.0,
            "timeout_rate": 0.30,
            "lost_response_share": 1.0,
            "outage_every_s": 0,
            "outage_s": 0.0,
        },
        "exam": {
            "failure_rate": 0.15,
            "error_rate": 0.03,
            "unavailable_rate": 0.03,
            "timeout_rate": 0.02,
            "explained": False,
            "overridable": False,
        },
    }
)

#: In `realistic` each half hour holds one outage: 18 s of it when outages take 1 % of the time.
OUTAGE_EVERY_S = 1_800


def realistic(
    *,
    processing_min_s: float = 2.0,
    processing_max_s: float = 30.0,
    failure_rate: float = 0.10,
    fault_rate: float = 0.03,
    latency_max_ms: int = 300,
) -> Profile:
    """The default profile: of all requests `fault_rate` meet a fault, a third of them in outages.

    Outages take the share w = fault_rate / 3 of the time. Outside of them a request is refused with the probability d
    that makes the whole fault_rate = w + (1 - w) d, in equal parts 500, 503 and 504.
    """
    outages = fault_rate / 3
    each = (fault_rate - outages) / (1 - outages) / 3
    return Profile(
        processing_min_s=processing_min_s,
        processing_max_s=processing_max_s,
        failure_rate=failure_rate,
        error_rate=each,
        unavailable_rate=each,
        timeout_rate=each,
        latency_max_ms=latency_max_ms,
        outage_every_s=OUTAGE_EVERY_S if outages else 0,
        outage_s=OUTAGE_EVERY_S * outages,
    )


class Assignment(msgspec.Struct, frozen=True, array_like=True):
    """A profile put in force for a stage or a group: a built-in one with changes, until the instant `expires_at`."""

    profile: str
    changes: dict[str, int | float | bool] = {}
    expires_at: int | None = None

    def in_force(self, now: int) -> bool:
        return self.expires_at is None or now < self.expires_at


def named(name: str, base: Profile, changes: Mapping[str, float | bool] | None = None) -> Profile:
    """The built-in profile of this name over what the settings say, with changes. KeyError for an unknown name."""
    return replace(base, **{**BUILT_IN[name], **(changes or {}), "name": name})  # type: ignore[arg-type]
