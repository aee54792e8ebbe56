"""Teams of AsyncQueue, as their operator makes them."""

from __future__ import annotations

from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.identity import PLANS
from chalicelib.surfaces import fields
from chalicelib.surfaces.json_body import json_object
from chalicelib.surfaces.kit import Call, Reply, Texts
from chalicelib.surfaces.operator.edge import OPERATOR, surface
from chalicelib.surfaces.replies import NO_STORE, ok
from chalicelib.views import asyncqueue as views

_TEAM: Texts = {NotFoundError: "Team not found"}


@surface.route("POST /operator/teams", OPERATOR)
def create_team(call: Call) -> Reply:
    members = json_object(call)
    name = fields.name(members, others=("plan",))
    plan = fields.choice(members, "plan", tuple(PLANS)) or "free"
    team, minted = call.platform.teams.create(name, plan)
    view = {
        "team": views.team(team),
        "apiKey": {"id": minted.key.id, "key": minted.secret},
        "signingSecret": call.platform.teams.signing_secret(team),
    }
    return ok(view, 201, NO_STORE)


@surface.route("GET /operator/teams", OPERATOR)
def list_teams(call: Call) -> Reply:
    return ok({"teams": [views.team(team) for team in call.platform.teams.all()]})


@surface.route("GET /operator/teams/{id}", OPERATOR, _TEAM)
def get_team(call: Call) -> Reply:
    return ok({"team": views.team(call.platform.teams.get(call.params["id"]))})


@surface.route("POST /operator/teams/{id}/keys", OPERATOR, _TEAM)
def create_team_key(call: Call) -> Reply:
    minted = call.platform.teams.create_key(call.params["id"], fields.name(json_object(call)))
    return ok(views.new_api_key(minted.key, minted.secret), 201, NO_STORE)
