"""What AsyncFlow has to tell beyond what every route is asked."""

from __future__ import annotations

from surfaces.description.caller import Caller, sample

PATHS = ("POST /asyncflow", "GET /asyncflow", "GET /asyncflow/ASF-00000000000000000000000000000000")
MESSAGE = {"destination": "always-complete", "content": "Your message payload here"}


def groups(asked: Caller) -> None:
    """A group is missing, and one is not as it should be."""
    for line in (*PATHS, "GET /asyncflow/report"):
        for group in ("", "x" * 101):
            asked.ask(line, headers={"X-STUDENT-GROUP": group}, **sample("POST /asyncflow"))


def bad_messages(asked: Caller) -> None:
    """Every refusal of a message."""
    for change in (
        {"destination": None},
        {"content": ""},
        {"contents": "x"},
        {"colour": "red"},
        {"destination": "x" * 501},
    ):
        asked.ask("POST /asyncflow", json={**MESSAGE, **change})
    json = {"Content-Type": "application/json"}
    deep, large = b"[" * 50_000 + b"]" * 50_000, b'"' + b"x" * 262_144 + b'"'
    for body in (b'{"content": "x", "content": "y"}', b'{"content":' + deep + b"}", b'{"content":' + large + b"}"):
        asked.ask("POST /asyncflow", body=body, headers=json)
    asked.ask("POST /asyncflow", json=MESSAGE, headers={"Content-Type": "text/plain"})
    asked.ask("POST /asyncflow", json=MESSAGE, headers={"Idempotency-Key": "ü"})


def repeated_messages(asked: Caller) -> None:
    """One key for two messages."""
    for content in ("x", "x", "y"):
        asked.ask("POST /asyncflow", json={**MESSAGE, "content": content}, headers={"Idempotency-Key": "parcel-4711"})


def lists(asked: Caller) -> None:
    """A page that older messages follow, and every refusal of a list."""
    for _ in range(2):
        asked.ask("POST /asyncflow", json=MESSAGE)
    for query in ("limit=1", "limit=0", "cursor=none", "limits=1"):
        asked.ask(f"GET /asyncflow?{query}")


def single_messages(asked: Caller) -> None:
    """A message that is another group's, one that is nobody's, and every refusal of what one is asked for."""
    asked.ask(PATHS[2])
    created = asked.make("POST /asyncflow", json=MESSAGE)["trackingId"]
    asked.ask(f"GET /asyncflow/{created}", headers={"X-STUDENT-GROUP": "group-8"})
    for query in ("", "?wait=soon", "?include=request"):
        asked.ask(f"GET /asyncflow/{created}{query}")


def faults_on_request(asked: Caller) -> None:
    """Every fault that can be asked for, of every route, with the time that is added to an answer."""
    changes = {"latencyMinMs": 10, "latencyMaxMs": 10, "retryAfterSeconds": 7}
    asked.ask("PUT /operator/asyncflow/profile", json={"profile": "calm", "changes": changes})
    for line in PATHS:
        for code in (500, 503, 504):
            asked.ask(line, headers={"Prefer": f"code={code}"}, **sample("POST /asyncflow"))


def slow_answers(asked: Caller) -> None:
    """The time that is added is told, whatever the answer."""
    changes = {"latencyMinMs": 10, "latencyMaxMs": 10}
    asked.ask("PUT /operator/asyncflow/profile", json={"profile": "calm", "changes": changes})
    for story in (bad_messages, repeated_messages, lists, single_messages):
        story(asked)


STORIES = (
    groups,
    bad_messages,
    repeated_messages,
    lists,
    single_messages,
    faults_on_request,
    slow_answers,
)
