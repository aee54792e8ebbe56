"""The demo principals of a local stack, made through the engine like any other."""

from __future__ import annotations

from typing import Any

from chalicelib.surfaces.demo import ASYNCQUEUE_TEAM
from chalicelib.wiring import platform


def seed() -> dict[str, Any]:
    """Make a pro and a free team; what scripts and people need to know of them."""
    here = platform()
    teams = []
    for plan, team_id in (("pro", ASYNCQUEUE_TEAM), ("free", None)):
        team, minted = here.teams.create(f"Demo team on the {plan} plan", plan, team_id=team_id)
        teams.append(
            {
                "id": team.id,
                "plan": plan,
                "api_key": minted.secret,
                "signing_secret": here.teams.signing_secret(team),
            }
        )
    return {
        "operator": {"key": here.settings.operator_key},
        "asyncqueue": {"teams": teams},
        "asyncflow": {"api_key": here.settings.asyncflow_api_key, "seed": here.settings.asyncflow.seed},
    }
