"""What the operator's surface has to tell beyond what every route is asked."""

from __future__ import annotations

import json

from chalicelib.domain import messages
from chalicelib.domain.dead_letters import Reason, dead_letter
from surfaces.description.caller import Caller

_CALLBACK = {"callbackUrl": "https://a.example/?token=hunter2", "onCompleteUrl": "https://a.example/done"}


def team(asked: Caller) -> str:
    """A new team on the free plan."""
    return str(asked.make("POST /operator/teams", json={"name": "Payments"})["team"]["id"])


def key(asked: Caller) -> str:
    """A team and its key, parted by a blank."""
    made = asked.make("POST /operator/teams", json={"name": "Payments"})
    return f"{made['team']['id']} {made['apiKey']['id']}"


def member(asked: Caller) -> str:
    """A team and its member, parted by a blank."""
    owner = team(asked)
    return f"{owner} {asked.make(f'POST /operator/teams/{owner}/members', json={'email': 'ann@a.example'})['id']}"


def task(asked: Caller, route: str) -> str:
    """A task that waits for its date where it is to be re-armed, else one that is finished."""
    waits = route.endswith("/rearm")
    later = {"delayUntil": "2030-01-01T00:00:00Z"} if waits else {}
    made = asked.make("POST /v1/tasks", json={**_CALLBACK, **later})["task"]["id"]
    if not waits:
        asked.world.deliver()
    return str(made)


def letter(asked: Caller) -> str:
    """The dead letter of a task that is finished."""
    return kept(asked, Reason.GIVEN_UP, task(asked, ""))


def kept(asked: Caller, reason: Reason, task_id: str | None, body: str = "") -> str:
    """A letter that the reader of the dead-letter queue could have left."""
    now = asked.world.clock.now()
    letter = dead_letter(reason, now + len(asked.answers), body or f"message {len(asked.answers)}", task=task_id)
    asked.world.letters.keep(letter, expires_s=now // 1000 + 3_600)
    return letter.id


def teams(asked: Caller) -> None:
    """Every refusal of a team and of its keys."""
    for name in (None, 1, "x" * 101, "a\nb"):
        asked.ask("POST /operator/teams", json={"name": name})
    asked.ask("POST /operator/teams", json={"name": "Payments", "plan": "gold"})
    team = asked.make("POST /operator/teams", json={"name": "Payments"})["team"]["id"]
    for name in (None, 1, "x" * 101, "a\nb", "second"):
        asked.ask(f"POST /operator/teams/{team}/keys", json={"name": name})


def keys_and_members(asked: Caller) -> None:
    """Every refusal of a team's plan, key and members."""
    owner, id_ = key(asked).split()
    for plan in (None, "gold", "free"):
        asked.ask(f"PUT /operator/teams/{owner}/plan", json={"plan": plan})
    for overlap in ({}, {"overlapSeconds": -1}, {"overlapSeconds": 60}):
        asked.ask(f"POST /operator/teams/{owner}/keys/{id_}/rotate", json=overlap)
    asked.ask(f"GET /operator/teams/{owner}/keys")
    for email in (None, 1, "nobody", "a" * 255, "a\nb@a.example", "ann@a.example", "Ann@a.example", "b@a.example"):
        asked.ask(f"POST /operator/teams/{owner}/members", json={"email": email})
    asked.ask(f"POST /operator/teams/{owner}/members", json={"email": "c@a.example"})


def repeats(asked: Caller) -> None:
    """What is made under a key: made, asked for again, asked for otherwise, and under what cannot be a key."""
    owner, id_ = key(asked).split()
    asked.ask(f"PUT /operator/teams/{owner}/plan", json={"plan": "pro"})
    tenant = asked.make("POST /operator/astraflow/tenants", json={"name": "Acme"})["tenant"]["id"]
    below = f"/operator/astraflow/tenants/{tenant}"
    for line, body, other in (
        ("POST /operator/teams", {"name": "Payments"}, {"name": "Billing"}),
        (f"POST /operator/teams/{owner}/keys", {"name": "ci"}, {"name": "cd"}),
        (f"POST /operator/teams/{owner}/keys/{id_}/rotate", {"overlapSeconds": 60}, {"overlapSeconds": 0}),
        (f"POST /operator/teams/{owner}/members", {"email": "eve@a.example"}, {"email": "eva@a.example"}),
        ("POST /operator/astraflow/tenants", {"name": "Acme"}, {"name": "Apex"}),
        (f"POST {below}/clients", {"name": "ci"}, {"name": "cd"}),
        (f"POST {below}/admins", {"email": "eve@a.example"}, {"email": "eva@a.example"}),
    ):
        for given in (body, body, other):
            asked.ask(line, json=given, headers={"Idempotency-Key": "order-12345"})
        asked.ask(line, json=body, headers={"Idempotency-Key": ""})


def tasks(asked: Caller) -> None:
    """Lists of tasks, tasks of every kind, and what cannot be replayed or re-armed."""
    owner = asked.make("POST /v1/tasks", json=_CALLBACK)["task"]["teamId"]
    asked.ask("POST /v1/tasks", json={**_CALLBACK, "headers": {"X-Api-Key": "hunter2"}, "body": '{"password":"x"}'})
    for query in ("limit=1", "status=pending", "status=odd", "limit=0", "after=x", "colour=1"):
        asked.ask(f"GET /operator/teams/{owner}/tasks?{query}")
    following = asked.ask(f"GET /operator/teams/{owner}/tasks?limit=1").json["next"]
    asked.ask(f"GET /operator/teams/{owner}/tasks?after={following}")
    for name in ("x" * 129, "a%0Ab"):
        asked.ask(f"GET /operator/teams/{name}/tasks")
    message = asked.make("POST /asyncflow", json={"destination": "always-complete", "content": "x"})["trackingId"]
    operation = asked.make("POST /api/hello", json={"message": "x"}, headers={"X-Request-Mode": "async"})["id"]
    later = task(asked, "/rearm")
    asked.ask(f"POST /operator/tasks/{later}/replay")
    asked.ask(f"POST /v1/tasks/{later}/cancel")
    running = asked.make("POST /v1/tasks", json=_CALLBACK)["task"]["id"]
    now = asked.world.clock.now()
    asked.world.tasks.claim(running, attempt=1, token="somebody", now=now)
    asked.ask(f"POST /operator/tasks/{running}/rearm")
    asked.ask(f"GET /operator/tasks/{running}")
    asked.world.work(until=now + 300_000)
    for id_ in (message, operation, later):
        asked.ask(f"GET /operator/tasks/{id_}")
        asked.ask(f"POST /operator/tasks/{id_}/replay")
        asked.ask(f"POST /operator/tasks/{id_}/rearm")
    for again in ("", "k" * 256, "k", "k"):
        asked.ask(f"POST /operator/tasks/{operation}/replay", headers={"Idempotency-Key": again})
    kept(asked, Reason.GIVEN_UP, message)


def deliveries(asked: Caller) -> None:
    """A delivery and a reminder of AstraFlow, as the operator sees them."""
    hook = asked.make("POST /api/v1/webhooks", json={"url": "https://a.example/hook", "event": "task.created"})["id"]
    asked.make("POST /api/v1/tasks", json={"name": "x", "due_date": "2024-01-15T11:00:00Z"})
    for tenant in asked.make("GET /operator/astraflow/tenants")["tenants"]:
        for owner in (f"astraflow-{tenant['id']}", f"astraflow-{tenant['id']}-{hook}"):
            for found in asked.make(f"GET /operator/teams/{owner}/tasks")["tasks"]:
                asked.ask(f"GET /operator/tasks/{found['id']}")


def letters(asked: Caller) -> None:
    """Letters of every kind, and what cannot be redriven."""
    done = task(asked, "")
    message = asked.make("POST /asyncflow", json={"destination": "always-complete", "content": "x"})["trackingId"]
    running = asked.make("POST /v1/tasks", json=_CALLBACK)["task"]["id"]
    asked.world.work(until=asked.world.clock.now() + 300_000)
    busy = asked.make("POST /v1/tasks", json=_CALLBACK)["task"]["id"]
    asked.world.tasks.claim(busy, attempt=1, token="somebody", now=asked.world.clock.now())
    for reason, task_id, body in (
        (Reason.UNREADABLE, None, "junk"),
        (Reason.NEWER, None, json.dumps({"type": "attempt", "task": "x", "n": 1, "due": 1, "v": 99})),
        (Reason.NEWER, None, messages.encode(messages.Attempt(busy, 1, 1))),
        (Reason.NEWER, None, messages.encode(messages.Attempt(running, 1, 1))),
        (Reason.GIVEN_UP, done, ""),
        (Reason.GIVEN_UP, message, ""),
        (Reason.WEBHOOK, done, ""),
        (Reason.WEBHOOK, "11111111-2222-4333-8444-555555555555", ""),
    ):
        id_ = kept(asked, reason, task_id, body)
        asked.ask(f"GET /operator/dead-letters/{id_}")
        asked.ask(f"POST /operator/dead-letters/{id_}/redrive")
    for query in ("limit=1", "limit=0", "after=x", "colour=1"):
        asked.ask(f"GET /operator/dead-letters?{query}")


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


STORIES = (teams, keys_and_members, repeats, tasks, deliveries, letters, profiles, bad_groups, reports)
