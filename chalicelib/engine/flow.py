"""Accepting AsyncFlow's messages: the fate of each is drawn here, once, and goes with it."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain import ids
from chalicelib.domain.retry import MOST_RETRIES
from chalicelib.domain.simulator.draws import sixteen_bytes
from chalicelib.domain.simulator.fate import fate, next_pick_up
from chalicelib.domain.simulator.ledger import Ruling
from chalicelib.domain.simulator.profiles import Profile
from chalicelib.domain.task import Payload, Simulation
from chalicelib.engine.groups import Conditions, tenant
from chalicelib.engine.submit import Order, Submit, Submitted
from chalicelib.ports.ambient import Clock


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was submitted. `fingerprint` stands for its whole body."""

    destination: str
    content: str
    priority: str | None
    idempotency_key: str | None
    fingerprint: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Flow:
    """The use case behind `POST /asyncflow`. Raises as `Submit`."""

    submit: Submit
    clock: Clock
    conditions: Conditions

    def __call__(self, group: str, message: Message, ruling: Ruling, profile: Profile) -> Submitted:
        """Accept a message under what was decided about its request. It waits for the next pick-up; steps that are lost
        on the way are made again, as often as a row can tell."""
        owner = tenant(group)
        if message.idempotency_key is None:
            tracking_id = ids.tracking_id(sixteen_bytes(self.conditions.seed, group, "message", ruling.message))
        else:
            tracking_id = ids.derived_tracking_id(owner, message.idempotency_key)
        drawn = fate(profile, self.conditions.seed_for(profile), tracking_id, message.destination, turn=ruling.turn)
        return self.submit(
            Order(
                team=owner,
                work=Simulation(group, message.destination, drawn.duration_ms, drawn.failure, message.priority),
                payload=Payload(body=message.content),
                max_retries=MOST_RETRIES,
                delay_until=next_pick_up(self.clock.now(), self.conditions.pick_up_ms),
                idempotency_key=message.idempotency_key,
                fingerprint=None if message.idempotency_key is None else message.fingerprint,
                task_id=tracking_id,
            )
        )
