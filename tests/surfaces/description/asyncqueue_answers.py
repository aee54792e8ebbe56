"""What AsyncQueue has to tell beyond what every route is asked."""

from __future__ import annotations

from typing import Any

from surfaces.description.caller import Caller

URL = "https://api.example.com/webhook"


def bad_tasks(asked: Caller) -> None:
    """Every refusal of a new task."""
    blocked = "http://10.0.0.1/"
    changes: list[dict[str, Any]] = [
        {"maxRetry": 1},
        {"callbackUrl": None},
        {"callbackUrl": "nowhere"},
        {"callbackUrl": f"{URL}/{'x' * 2_048}"},
        {"callbackUrl": blocked},
        {"targetUrl": "https://other.example.com"},
        {"method": "PATCH"},
        {"headers": {"X-Number": 1}},
        {"headers": {"X Y": "1"}},
        {"headers": {"X-Note": "x" * 8_193}},
        {"headers": {"X-Note": "a\nb"}},
        {"headers": {"X-Note": "ü"}},
        {"headers": {"X-Note": "1", "x-note": "2"}},
        {"headers": {f"X-{number}": "1" for number in range(101)}},
        {"headers": {f"X-{number}": "x" * 8_000 for number in range(9)}},
        {"headers": {"Idempotency-Key": "1"}},
        {"body": {}},
        {"body": "\0"},
        {"maxWaitTime": 121},
        {"timeout": 121},
        {"delayUntil": "soon"},
        {"maxRetries": 11},
        {"retryBackoff": "none"},
        {"onCompleteUrl": "nowhere"},
        {"onCompleteUrl": f"{URL}/{'x' * 2_048}"},
        {"onCompleteUrl": blocked},
    ]
    for change in changes:
        asked.ask("POST /v1/tasks", json={"callbackUrl": URL, **change})
    for body in (b'{"method": "GET", "method": "PUT"}', b'{"headers":' + b"[" * 50_000 + b"]" * 50_000 + b"}"):
        asked.ask("POST /v1/tasks", body=body)
    free_key = asked.world.team("free")[1]
    for name in ("maxWaitTime", "timeout"):
        asked.ask("POST /v1/tasks", key=free_key, json={"callbackUrl": URL, name: 31})
    asked.ask("POST /v1/tasks", json={"callbackUrl": URL}, headers={"Idempotency-Key": "ü"})


def repeated_tasks(asked: Caller) -> None:
    """One key for two requests."""
    for url in (URL, URL, f"{URL}/other"):
        asked.ask("POST /v1/tasks", json={"callbackUrl": url}, headers={"Idempotency-Key": "order-12345"})


def repeats(asked: Caller) -> None:
    """What is made under a key: made, asked for again, asked for otherwise, and under what cannot be a key."""
    key = asked.make("POST /v1/keys", json={"name": "to be rotated"})["id"]
    for line, body, other in (
        ("POST /v1/keys", {"name": "ci"}, {"name": "cd"}),
        (f"POST /v1/keys/{key}/rotate", {"overlapSeconds": 60}, {"overlapSeconds": 0}),
        ("POST /v1/members", {"email": "eve@a.example"}, {"email": "eva@a.example"}),
        ("POST /v1/signing-secret/rotate", {"overlapSeconds": 60}, {"overlapSeconds": 0}),
    ):
        for json in (body, body, other):
            asked.ask(line, json=json, headers={"Idempotency-Key": "order-12345"})
        asked.ask(line, json=body, headers={"Idempotency-Key": ""})


def lists(asked: Caller) -> None:
    """A page that is followed by another, and every refusal of a list."""
    for _ in range(2):
        asked.ask("POST /v1/tasks", json={"callbackUrl": URL})
    for query in (
        "limit=1",
        "status=done",
        "limit=0",
        "offset=-1",
        "sortOrder=up",
        "createdAfter=soon",
        "createdBefore=soon",
        "stats=pending",
        "cursor=none",
        "cursor=none&offset=1",
    ):
        asked.ask(f"GET /v1/tasks?{query}")


def single_tasks(asked: Caller) -> None:
    """Every refusal of what one task is asked for, and a cancel that comes too late."""
    created = asked.make("POST /v1/tasks", json={"callbackUrl": URL})["task"]["id"]
    for query in ("wait=soon", "include=all", "include=request", "waits=1", "colour=1"):
        asked.ask(f"GET /v1/tasks/{created}?{query}")
    asked.world.work()
    asked.ask(f"POST /v1/tasks/{created}/cancel")


def keys(asked: Caller) -> None:
    """Every refusal of a key."""
    for name in (None, 1, "x" * 101, "a\nb"):
        asked.ask("POST /v1/keys", json={"name": name})
    asked.ask("POST /v1/keys", key=asked.world.team("free")[1], json={"name": "second"})
    created = asked.make("POST /v1/keys", json={"name": "build server"})["id"]
    asked.ask(f"POST /v1/keys/{created}/rotate", json={"overlapSeconds": 86_401})
    for _ in range(2):
        asked.ask(f"POST /v1/keys/{created}/rotate")
    asked.ask("GET /v1/keys")


def members(asked: Caller) -> None:
    """Every refusal of a member."""
    for email in (None, "ann", 1, "x" * 255, "a\nb"):
        asked.ask("POST /v1/members", json={"email": email})
    for _ in range(2):
        asked.ask("POST /v1/members", json={"email": "ann@example.com"})
    free_key = asked.world.team("free")[1]
    for name in ("ann", "bob", "cid"):
        asked.ask("POST /v1/members", key=free_key, json={"email": f"{name}@example.com"})


def secrets(asked: Caller) -> None:
    """A secret that is replaced."""
    asked.ask("POST /v1/signing-secret/rotate", json={"overlapSeconds": 1.5})
    asked.ask("POST /v1/signing-secret/rotate")
    asked.ask("GET /v1/signing-secret")


STORIES = (bad_tasks, repeated_tasks, repeats, lists, single_tasks, keys, members, secrets)
