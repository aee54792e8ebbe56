"""The demo principals of a local stack, made through the engine like any other."""

from __future__ import annotations

from typing import Any

from chalicelib.surfaces.demo import ASTRAFLOW_ADMIN, ASTRAFLOW_TENANT, ASYNCQUEUE_TEAM
from chalicelib.wiring import platform


def seed() -> dict[str, Any]:
    """Make a pro and a free team, and a tenant with a client and an admin; what has to be known of them."""
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
    tenant, client, admin = here.tenants.create("Demo tenant", ASTRAFLOW_ADMIN, id_=ASTRAFLOW_TENANT)
    return {
        "operator": {"key": here.settings.operator_key},
        "asyncqueue": {"teams": teams},
        "asyncflow": {"api_key": here.settings.asyncflow_api_key, "seed": here.settings.asyncflow.seed},
        "astraflow": {
            "tenant": tenant.id,
            "client_id": client.client.id,
            "client_secret": client.secret,
            "admin": {"email": admin.user.email, "password": admin.password},
        },
    }
