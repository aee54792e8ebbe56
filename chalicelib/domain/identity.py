"""Who may ask: teams on plans, their members, and the keys that speak for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from chalicelib.domain.asked import Origin
from chalicelib.domain.rotation import Rotations
from chalicelib.domain.task import SigningState


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan allows. None means unlimited."""

    name: str
    #: The longest `maxWaitTime` and `timeout`, in seconds.
    max_wait_s: int
    keys: int | None
    members: int | None
    #: Requests in a sliding minute, over all keys of the team.
    requests_per_minute: int


PLANS: Mapping[str, Plan] = MappingProxyType(
    {
        "free": Plan("free", max_wait_s=30, keys=1, members=2, requests_per_minute=60),
        "pro": Plan("pro", max_wait_s=120, keys=None, members=None, requests_per_minute=600),
    }
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key once it was shown: its hash finds it, its first characters name it to people.

    `expires_at` is set on a key that was rotated: it works until then and no longer counts against the plan. `origin`
    is the request that made it, where that one had an idempotency key.
    """

    id: str
    name: str
    prefix: str
    key_hash: str
    created_at: int
    expires_at: int | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Member:
    id: str
    email: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Team:
    """A team with all that hangs on it: one item, so that a plan's limits hold in one conditional write.

    `version` grows with every change; a change is stored only over the version it was made from. `change` names the
    change that made this version, so that one whose answer was lost recognises itself. `origin` is the request that
    made the team, where that one had an idempotency key, and `rotations` are those of its signing secret that may be
    asked for again.
    """

    id: str
    name: str
    plan_name: str
    created_at: int
    signing: SigningState = field(default_factory=SigningState)
    signing_since: int = 0
    keys: Mapping[str, ApiKey] = field(default_factory=dict)
    members: Mapping[str, Member] = field(default_factory=dict)
    version: int = 1
    change: str = ""
    origin: Origin | None = None
    rotations: Rotations = ()

    @property
    def plan(self) -> Plan:
        return PLANS[self.plan_name]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request speaks for, once its key was accepted."""

    team: Team
    key_id: str

    @property
    def labels(self) -> Mapping[str, object]:
        """What the record of a request says of who made it."""
        return {"team": self.team.id}
