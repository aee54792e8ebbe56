"""What the stories of AsyncFlow begin with: conditions to test under, and a learner's client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from world import Reply, World

from chalicelib.domain.literals import ASYNCFLOW_KEY
from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator.profiles import Profile, realistic
from chalicelib.engine.groups import Conditions

#: Requests meet nothing; messages take their time and fail as the manual says.
FAIR = realistic(fault_rate=0, latency_max_ms=0)


def conditions(profile: Profile = FAIR, *, limit: int = 10, counts_reads: bool = True, seed: str = "42") -> Conditions:
    """Conditions that are the defaults but for what is said."""
    return Conditions(Rate(limit), counts_reads, profile, pick_up_ms=5_000, seed=seed, hidden_seed=f"hidden {seed}")


@dataclass(frozen=True)
class Learner:
    """A group's client."""

    world: World
    group: str = "group-1"

    def submit(self, destination: str = "warehouse", content: str = "hello", **headers: str) -> Reply:
        body = {"destination": destination, "content": content}
        return self.ask("POST", "/asyncflow", json=body, **headers)

    def accepted(self, destination: str = "warehouse", content: str = "hello", **headers: str) -> str:
        """The tracking id of a message that was accepted."""
        reply = self.submit(destination, content, **headers)
        assert reply.status == 202, reply.body
        return str(reply.json["trackingId"])

    def message(self, tracking_id: str) -> dict[str, Any]:
        reply = self.ask("GET", f"/asyncflow/{tracking_id}")
        assert reply.status == 200, reply.body
        return dict(reply.json)

    def ask(self, method: str, path: str, *, json: Any = None, **headers: str) -> Reply:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.world.request(
            method, path, json=json, headers={"X-API-KEY": ASYNCFLOW_KEY, "X-STUDENT-GROUP": self.group, **given}
        )
