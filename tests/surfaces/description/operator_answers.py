"""What the operator's surface has to tell beyond what every route is asked."""

from __future__ import annotations

from surfaces.description.caller import Caller


def teams(asked: Caller) -> None:
    """Every refusal of a team and of its keys."""
    for name in (None, 1, "x" * 101, "a\nb"):
        asked.ask("POST /operator/teams", json={"name": name})
    asked.ask("POST /operator/teams", json={"name": "Payments", "plan": "gold"})
    team = asked.make("POST /operator/teams", json={"name": "Payments"})["team"]["id"]
    for name in (None, 1, "x" * 101, "a\nb", "second"):
        asked.ask(f"POST /operator/teams/{team}/keys", json={"name": name})


def profiles(asked: Caller) -> None:
    """Every refusal of a profile."""
    for scope in ("profile", "groups/group-7/profile"):
        for body in (
            {"profile": None},
            {"profile": "sunny"},
            {"profile": "calm", "expiresInSeconds": 0},
            {"profile": "calm", "changes": []},
            {"profile": "calm", "changes": {"failurerates": 1}},
            {"profile": "calm", "changes": {"failureRate": 2}},
            {"profile": "calm", "changes": {"retryAfterSeconds": 1.5}},
            {"profile": "calm", "changes": {"explained": "no"}},
            {"profile": "calm", "changes": {"processingMinSeconds": 60}},
            {"profile": "calm", "changes": {"latencyMinMs": 60}},
            {"profile": "calm", "changes": {"errorRate": 0.6, "timeoutRate": 0.6}},
            {"profile": "calm", "changes": {"outageEverySeconds": 10, "outageSeconds": 20}},
            {"profile": "calm", "expiresInSeconds": 900},
        ):
            asked.ask(f"PUT /operator/asyncflow/{scope}", json=body)
        asked.ask(f"GET /operator/asyncflow/{scope}")


def bad_groups(asked: Caller) -> None:
    """A group that could not be one."""
    for method in ("GET", "PUT", "DELETE"):
        asked.ask(f"{method} /operator/asyncflow/groups/{'x' * 101}/profile", json={"profile": "calm"})


def reports(asked: Caller) -> None:
    """The report in both forms."""
    asked.ask("POST /asyncflow", json={"destination": "always-complete", "content": "x"})
    for query in ("", "?format=csv", "?format=json", "?format=xml", "?group=group-7"):
        asked.ask(f"GET /operator/asyncflow/report{query}")
    asked.ask("GET /operator/asyncflow/report", headers={"Accept": "text/csv"})


STORIES = (teams, profiles, bad_groups, reports)
