"""What AstraFlow has to tell beyond what every route is asked."""

from __future__ import annotations

from world import answer

from chalicelib.domain.access import Scope
from surfaces.astraflow.tenancy import application
from surfaces.description.caller import OPERATIONS, Caller, sample

PATH = "/api/v1"
TASK = {"name": "New"}
USER = {"email": "new@af.com", "password": "secret"}
HOOK = {"url": "https://example.com/hook", "event": "task.created"}


def bad_tasks(asked: Caller) -> None:
    """Every refusal of a task and of its change."""
    task = asked.make(f"POST {PATH}/tasks", json=TASK)["id"]
    for line in (f"POST {PATH}/tasks", f"PUT {PATH}/tasks/{task}"):
        for change in (
            {"name": ""},
            {"name": 1},
            {"name": "x" * 501},
            {"name": "a\nb"},
            {"description": 1},
            {"description": "x" * 10_001},
            {"description": "\0"},
            {"due_date": "soon"},
            {"priority": "urgent"},
        ):
            asked.ask(line, json={**TASK, **change})
    asked.ask(f"PUT {PATH}/tasks/{task}", json={"status": "done"})


def task_lists(asked: Caller) -> None:
    """Every refusal of a list of tasks."""
    for query in ("status=done", "page=0", "per_page=0", "limit=1"):
        asked.ask(f"GET {PATH}/tasks?{query}")


def unknown_paths(asked: Caller) -> None:
    """Paths that AstraFlow does not have."""
    for path in ("nowhere", "webhooks/1/nowhere"):
        asked.ask(f"GET {PATH}/{path}")


def bad_webhooks(asked: Caller) -> None:
    """Every refusal of a webhook, the one for a tenant that has too many, and an overlap that is too long."""
    for change in (
        {"url": None},
        {"url": "ftp://example.com/"},
        {"url": "http://127.0.0.1/"},
        {"event": None},
        {"event": "task.deleted"},
    ):
        asked.ask(f"POST {PATH}/webhooks", json={**HOOK, **change})
    for _ in range(21):
        asked.ask(f"POST {PATH}/webhooks", json=HOOK)
    webhook = asked.make(f"GET {PATH}/webhooks")["webhooks"][0]["id"]
    asked.ask(f"POST {PATH}/webhooks/{webhook}/rotate", json={"overlap_seconds": 86_401})
    asked.ask(f"GET {PATH}/webhooks?page=2")


def deliveries(asked: Caller) -> None:
    """A delivery that waits and one that is done, pages of them, and a webhook that was disabled."""
    webhook, waiting = delivery(asked).split()
    path = f"{PATH}/webhooks/{webhook}"
    asked.ask(f"POST {path}/deliveries/{waiting}/replay")
    asked.make(f"POST {PATH}/tasks", json=TASK)
    for query in ("limit=1", "limit=0", "cursor=none", "page=2"):
        asked.ask(f"GET {path}/deliveries?{query}")
    asked.world.work()
    asked.ask(f"GET {path}/deliveries/{waiting}")
    asked.ask(f"POST {path}/deliveries/{waiting}/replay")
    asked.world.door.script = lambda request: answer(410)
    asked.world.work()
    for line in (f"GET {path}", f"GET {PATH}/webhooks", f"POST {path}/ping"):
        asked.ask(line)


def repeats(asked: Caller) -> None:
    """What is made under a key: made, asked for again, asked for otherwise, and under what cannot be a key."""
    webhook, told = delivery(asked).split()
    asked.world.work()
    for line, *bodies in (
        (f"POST {PATH}/tasks", TASK, {"name": "Newer"}),
        (f"POST {PATH}/users", USER, {**USER, "role": "admin"}),
        (f"POST {PATH}/webhooks", HOOK, {**HOOK, "event": "task.due"}),
        (f"POST {PATH}/webhooks/{webhook}/rotate", {}, {"overlap_seconds": 60}),
        (f"POST {PATH}/webhooks/{webhook}/ping", None),
        (f"POST {PATH}/webhooks/{webhook}/deliveries/{told}/replay", None),
    ):
        for body in (bodies[0], *bodies):
            asked.ask(line, json=body, headers={"Idempotency-Key": "order-12345"})
        asked.ask(line, json=bodies[0], headers={"Idempotency-Key": ""})
    ping = asked.make(f"POST {PATH}/webhooks/{webhook}/ping")["id"]
    asked.world.work()
    path = f"{PATH}/webhooks/{webhook}/deliveries/{ping}/replay"
    asked.ask(f"POST {path}", headers={"Idempotency-Key": "order-12345"})


def narrow_scopes(asked: Caller) -> None:
    """Every route, asked with a token that opens another one."""
    for route, operation in OPERATIONS.items():
        scopes = [scope for way in operation["security"] for scope in way.get("accessToken", ())]
        if scopes:
            other = next(scope.value for scope in Scope if scope.value not in scopes)
            asked.ask(route, key=application(asked.world, (other,)).token, **sample(route))


def delivery(asked: Caller) -> str:
    """The id of a webhook and that of its delivery, which waits."""
    webhook = asked.make(f"POST {PATH}/webhooks", json=HOOK)["id"]
    asked.make(f"POST {PATH}/tasks", json=TASK)
    listed = asked.make(f"GET {PATH}/webhooks/{webhook}/deliveries")["deliveries"]
    return f"{webhook} {listed[0]['id']}"


STORIES = (bad_tasks, task_lists, unknown_paths, bad_webhooks, deliveries, repeats, narrow_scopes)
