"""Teams of AsyncQueue, as their operator makes them: plans, keys and members."""

from __future__ import annotations

from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.domain.identity import PLANS
from chalicelib.engine.teams import LONGEST_OVERLAP_S
from chalicelib.surfaces import accounts, fields
from chalicelib.surfaces.json_body import json_object, optional_json_object
from chalicelib.surfaces.kit import Call, Problem, Reply, Texts
from chalicelib.surfaces.operator.edge import OPERATOR, surface
from chalicelib.surfaces.repeats import REPLAYED, idempotency_key, secret_headers
from chalicelib.surfaces.replies import ok
from chalicelib.views import asyncqueue as views

_TEAM: Texts = {NotFoundError: "Team not found", ConflictError: "A member with this email already exists"}
_KEY: Texts = {NotFoundError: "Team or API key not found", ConflictError: "API key was already rotated"}
_MEMBER: Texts = {NotFoundError: "Team or member not found"}


@surface.route("POST /operator/teams", OPERATOR)
def create_team(call: Call) -> Reply:
    members = json_object(call)
    name = fields.name(members, others=("plan",))
    plan = fields.choice(members, "plan", tuple(PLANS)) or "free"
    team, minted = call.platform.teams.create(name, plan, key=idempotency_key(call))
    view = {
        "team": views.team(team),
        "apiKey": {"id": minted.key.id, "key": minted.secret},
        "signingSecret": call.platform.teams.signing_secret(team),
    }
    return ok(view, 201, secret_headers(replayed=minted.replayed))


@surface.route("GET /operator/teams", OPERATOR)
def list_teams(call: Call) -> Reply:
    return ok({"teams": [views.team(team) for team in call.platform.teams.all()]})


@surface.route("GET /operator/teams/{id}", OPERATOR, _TEAM)
def get_team(call: Call) -> Reply:
    return ok({"team": views.team(call.platform.teams.get(call.params["id"]))})


@surface.route("PUT /operator/teams/{id}/plan", OPERATOR, _TEAM)
def set_team_plan(call: Call) -> Reply:
    members = json_object(call)
    fields.refuse_unknown(members, ("plan",))
    plan = fields.choice(members, "plan", tuple(PLANS))
    if plan is None:
        raise Problem(400, f"plan is required: one of {', '.join(PLANS)}", field="plan")
    return ok({"team": views.team(call.platform.teams.set_plan(call.params["id"], plan))})


@surface.route("GET /operator/teams/{id}/keys", OPERATOR, _TEAM)
def list_team_keys(call: Call) -> Reply:
    return ok({"keys": [views.api_key(key) for key in call.platform.teams.keys(call.params["id"])]})


@surface.route("POST /operator/teams/{id}/keys", OPERATOR, _TEAM)
def create_team_key(call: Call) -> Reply:
    name = fields.name(json_object(call))
    minted = call.platform.teams.create_key(call.params["id"], name, idempotency_key(call))
    headers = secret_headers(replayed=minted.replayed)
    return ok(views.new_api_key(minted.key, minted.secret), 201, headers)


@surface.route("DELETE /operator/teams/{id}/keys/{key}", OPERATOR, _KEY)
def revoke_team_key(call: Call) -> Reply:
    return ok({"id": call.platform.teams.revoke_key(call.params["id"], call.params["key"]).id, "revoked": True})


@surface.route("POST /operator/teams/{id}/keys/{key}/rotate", OPERATOR, _KEY)
def rotate_team_key(call: Call) -> Reply:
    members = optional_json_object(call)
    fields.refuse_unknown(members, ("overlapSeconds",))
    overlap_s = fields.whole_seconds(members, "overlapSeconds", longest=LONGEST_OVERLAP_S)
    minted, previous = call.platform.teams.rotate_key(
        call.params["id"],
        call.params["key"],
        LONGEST_OVERLAP_S if overlap_s is None else overlap_s,
        idempotency_key(call),
    )
    headers = secret_headers(replayed=minted.replayed)
    return ok(views.rotated_api_key(minted.key, minted.secret, previous), 201, headers)


@surface.route("GET /operator/teams/{id}/members", OPERATOR, _TEAM)
def list_team_members(call: Call) -> Reply:
    return ok({"members": [views.member(member) for member in call.platform.teams.members(call.params["id"])]})


@surface.route("POST /operator/teams/{id}/members", OPERATOR, _TEAM)
def add_team_member(call: Call) -> Reply:
    members = json_object(call)
    fields.refuse_unknown(members, ("email",))
    email = accounts.email(members) or ""
    joined = call.platform.teams.add_member(call.params["id"], email, idempotency_key(call))
    return ok(views.member(joined.member), 201, REPLAYED if joined.replayed else {})


@surface.route("DELETE /operator/teams/{id}/members/{member}", OPERATOR, _MEMBER)
def remove_team_member(call: Call) -> Reply:
    call.platform.teams.remove_member(call.params["id"], call.params["member"])
    return ok({"id": call.params["member"], "removed": True})
