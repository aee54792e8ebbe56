"""A world where AsyncFlow does only what it is asked to: no faults, no failures, and no limit unless one is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from world import Reply, World

from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator.profiles import named, realistic
from chalicelib.engine.groups import Conditions

KEY = "asyncflow-api-key"
MESSAGE = {"destination": "slow-1", "content": "Your message payload here", "priority": "normal"}


def calm_world(*, limit: int = 0) -> World:
    """A world with these conditions; a limit of 0 lifts it."""
    calm = named("calm", realistic())
    return World(
        asyncflow=Conditions(Rate(limit), counts_reads=True, profile=calm, pick_up_ms=5_000, seed="42", hidden_seed="h")
    )


def ask(world: World, line: str, *, headers: Mapping[str, str | None] | None = None, **sent: Any) -> Reply:
    """One request of the group `group-7`; a header that is None is not sent."""
    method, path = line.split(" ", 1)
    signed = {"X-API-KEY": KEY, "X-STUDENT-GROUP": "group-7", **(headers or {})}
    return world.request(
        method, path, headers={name: value for name, value in signed.items() if value is not None}, **sent
    )
