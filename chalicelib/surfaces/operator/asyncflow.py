"""AsyncFlow as its operator sees it: profiles in force, and all groups side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.simulator import profiles
from chalicelib.domain.simulator.fate import LONGEST_S
from chalicelib.domain.simulator.ledger import LONGEST_GROUP, well_named
from chalicelib.domain.simulator.outages import upcoming
from chalicelib.domain.simulator.profiles import BUILT_IN, LONGEST_LATENCY_MS, Assignment, Profile
from chalicelib.engine.groups import InForce
from chalicelib.surfaces import fields
from chalicelib.surfaces.accept import asks_for
from chalicelib.surfaces.json_body import json_object
from chalicelib.surfaces.kit import Call, Problem, Reply
from chalicelib.surfaces.operator.edge import OPERATOR, surface
from chalicelib.surfaces.parameters import only_parameters
from chalicelib.surfaces.replies import ok
from chalicelib.views import asyncflow as views

#: Outages shown ahead: so many, at most a day away.
_OUTAGES = 5
_DAY_MS = 86_400_000
#: The longest that a profile is put in force for, when it is to end by itself: 30 days.
_LONGEST_S = 2_592_000
_CSV = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": 'attachment; filename="groups.csv"'}

#: What a change of a profile may be: lowest, highest, and whether it must be a whole number.
_NUMBERS: Mapping[str, tuple[float, float, bool]] = {
    "processingMinSeconds": (0, LONGEST_S, False),
    "processingMaxSeconds": (0, LONGEST_S, False),
    "failureRate": (0, 1, False),
    "errorRate": (0, 1, False),
    "unavailableRate": (0, 1, False),
    "timeoutRate": (0, 1, False),
    "lostResponseShare": (0, 1, False),
    "latencyMinMs": (0, LONGEST_LATENCY_MS, True),
    "latencyMaxMs": (0, LONGEST_LATENCY_MS, True),
    "outageEverySeconds": (0, 86_400, True),
    "outageSeconds": (0, 86_400, False),
    "retryAfterSeconds": (1, 3_600, True),
}


@surface.route("GET /operator/asyncflow/profiles", OPERATOR)
def list_profiles(call: Call) -> Reply:
    base = call.platform.settings.asyncflow.profile
    return ok({"profiles": [views.profile(profiles.named(name, base)) for name in BUILT_IN]})


@surface.route("GET /operator/asyncflow/profile", OPERATOR)
def get_stage_profile(call: Call) -> Reply:
    return _shown(call, None, call.platform.groups.in_force(None))


@surface.route("PUT /operator/asyncflow/profile", OPERATOR)
def put_stage_profile(call: Call) -> Reply:
    return _shown(call, None, call.platform.groups.assign(None, _assignment(call)))


@surface.route("DELETE /operator/asyncflow/profile", OPERATOR)
def delete_stage_profile(call: Call) -> Reply:
    return _shown(call, None, call.platform.groups.assign(None, None))


@surface.route("GET /operator/asyncflow/groups/{group}/profile", OPERATOR)
def get_group_profile(call: Call) -> Reply:
    group = _group(call)
    return _shown(call, group, call.platform.groups.in_force(group))


@surface.route("PUT /operator/asyncflow/groups/{group}/profile", OPERATOR)
def put_group_profile(call: Call) -> Reply:
    group = _group(call)
    return _shown(call, group, call.platform.groups.assign(group, _assignment(call)))


@surface.route("DELETE /operator/asyncflow/groups/{group}/profile", OPERATOR)
def delete_group_profile(call: Call) -> Reply:
    group = _group(call)
    return _shown(call, group, call.platform.groups.assign(group, None))


@surface.route("GET /operator/asyncflow/report", OPERATOR)
def get_reports(call: Call) -> Reply:
    only_parameters(call, ("format",))
    wanted = fields.choice(call.query, "format", ("json", "csv"))
    as_csv = wanted == "csv" or (wanted is None and asks_for(call, "text/csv"))
    reports = call.platform.groups.reports()
    if as_csv:
        return Reply(200, views.reports_csv(reports), _CSV)
    return ok({"groups": [views.report(report) for report in reports]})


def _shown(call: Call, group: str | None, in_force: InForce) -> Reply:
    conditions = call.platform.settings.asyncflow
    outages = upcoming(
        in_force.profile, conditions.seed_for(in_force.profile), call.now, most=_OUTAGES, within_ms=_DAY_MS
    )
    return ok(views.in_force(group, in_force, conditions.seed, outages))


def _group(call: Call) -> str:
    group = call.params["group"].strip()
    if not well_named(group):
        raise Problem(400, f"group must be 1 to {LONGEST_GROUP} printable characters", field="group")
    return group


def _assignment(call: Call) -> Assignment:
    """The profile to be put in force. It is put together once here, so that none is stored that makes no sense."""
    members = json_object(call)
    fields.refuse_unknown(members, ("profile", "expiresInSeconds", "changes"))
    name = fields.choice(members, "profile", tuple(BUILT_IN))
    if name is None:
        raise Problem(400, f"profile is required: one of {', '.join(BUILT_IN)}", field="profile")
    changes = _changes(members)
    _refuse_nonsense(profiles.named(name, call.platform.settings.asyncflow.profile, changes))
    return Assignment(name, changes, _expires_at(call, members))


def _expires_at(call: Call, members: Mapping[str, Any]) -> int | None:
    seconds = fields.whole_seconds(members, "expiresInSeconds", shortest=1, longest=_LONGEST_S)
    return None if seconds is None else call.now + seconds * 1000


def _changes(members: Mapping[str, Any]) -> dict[str, float | bool]:
    given = members.get("changes")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Problem(400, "changes must be an object", field="changes")
    fields.refuse_unknown(given, tuple(views.PROFILE_MEMBERS), "profile member")
    return {views.PROFILE_MEMBERS[member]: _change(member, value) for member, value in given.items()}


def _change(member: str, value: object) -> float | bool:
    if member not in _NUMBERS:
        if not isinstance(value, bool):
            raise Problem(400, f"{member} must be true or false", field=member)
        return value
    low, high, whole = _NUMBERS[member]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Problem(400, f"{member} must be a number between {low:g} and {high:g}", field=member)
    if whole and value != int(value):
        raise Problem(400, f"{member} must be a whole number", field=member)
    return int(value) if whole else float(value)


def _refuse_nonsense(profile: Profile) -> None:
    for low, high in (("processingMinSeconds", "processingMaxSeconds"), ("latencyMinMs", "latencyMaxMs")):
        if getattr(profile, views.PROFILE_MEMBERS[low]) > getattr(profile, views.PROFILE_MEMBERS[high]):
            raise Problem(400, f"{low} must not be above {high}", field=low)
    if profile.error_rate + profile.unavailable_rate + profile.timeout_rate > 1 + 1e-9:
        raise Problem(400, "errorRate, unavailableRate and timeoutRate must not come to more than 1", field="errorRate")
    if profile.outage_every_s and profile.outage_s > profile.outage_every_s:
        raise Problem(400, "outageSeconds must not be above outageEverySeconds", field="outageSeconds")
