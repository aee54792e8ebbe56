"""What Asimov has to tell beyond what every route is asked."""

from __future__ import annotations

from world import Reply

from surfaces.description.caller import Caller

HELLO = {"message": "Hello, Asimov"}
ASYNC = {"X-Request-Mode": "async"}


def bad_operations(asked: Caller) -> None:
    """Every refusal of an operation."""
    for change in ({"message": None}, {"message": ""}, {"mesage": "x"}, {"colour": "red"}, {"_state": "COMPLETED"}):
        asked.ask("POST /api/hello", json={**HELLO, **change})
    for below in (-1, 2_000_000_000):
        asked.ask("POST /api/primes", json={"below": below})
    for kind in ("goodbye", "tasks"):
        asked.ask(f"POST /api/{kind}", json=HELLO)
    for body in (b'{"message": "x", "message": "y"}', b'{"message":' + b"[" * 50_000 + b"]" * 50_000 + b"}"):
        asked.ask("POST /api/hello", body=body)
    asked.ask("POST /api/hello", json=HELLO, headers={"X-Request-Mode": "later"})
    asked.ask("POST /api/hello", json=HELLO, headers={**ASYNC, "Idempotency-Key": "ü"})


def accepted_operations(asked: Caller) -> None:
    """Operations that are accepted by either header, and one key for two of them."""
    asked.ask("POST /api/hello", json=HELLO, headers={"Prefer": "respond-async"})
    for message in ("x", "x", "y"):
        asked.ask("POST /api/hello", json={"message": message}, headers={**ASYNC, "Idempotency-Key": "greeting-12345"})


def single_tasks(asked: Caller) -> None:
    """A task in both structures, every refusal of what one is asked for, and a cancel that comes too late."""
    waiting, cancelled = accepted(asked), accepted(asked)
    for structure in ("simple", "fully", "full"):
        asked.ask(f"GET /api/tasks/{waiting}", headers={"X-Message-Struct": structure})
        asked.ask(f"DELETE /api/tasks/{cancelled}", headers={"X-Message-Struct": structure})
        asked.ask(f"GET /api/tasks/{cancelled}", headers={"X-Message-Struct": structure})
    for query in ("wait=soon", "waits=1"):
        asked.ask(f"GET /api/tasks/{waiting}?{query}")
    asked.world.work()
    for method in ("GET", "DELETE"):
        asked.ask(f"{method} /api/tasks/{waiting}")


def full_windows(asked: Caller) -> None:
    """The window of a free team, once it is full."""
    free_key = asked.world.team("free")[1]
    task = accepted(asked)

    def ask(line: str) -> Reply:
        return asked.ask(line, key=free_key, json=HELLO)

    while ask("POST /api/hello").status != 429:
        continue
    for method in ("GET", "DELETE"):
        ask(f"{method} /api/tasks/{task}")


def accepted(asked: Caller) -> str:
    """The id of an operation that was accepted."""
    return str(asked.make("POST /api/hello", json=HELLO, headers=ASYNC)["id"])


STORIES = (bad_operations, accepted_operations, single_tasks, full_windows)
