"""Tasks and teams for the contract suites: whole ones, with every field that a story does not care about filled in."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from chalicelib.domain.identity import ApiKey, Member, Team
from chalicelib.domain.task import Backoff, Callback, Payload, SigningState, Status, Task

#: 2024-01-15T10:30:00Z.
NOW = 1_705_314_600_000
MINUTE = 60_000
TOKEN = "c1a1" * 4


def fresh(kind: str) -> str:
    """A name that no other story uses: the AWS side keeps its tables from one story to the next."""
    return f"{kind}-{uuid.uuid4()}"


def a_task(**fields: Any) -> Task:
    """A queued task of its own team, due now."""
    sample = Task(
        id=str(uuid.uuid4()),
        team=fresh("team"),
        status=Status.QUEUED,
        work=Callback("https://api.example.com/hook?x=1", "POST", 30.5, 10, Backoff.EXPONENTIAL),
        max_attempts=4,
        due_at=NOW,
        created_at=NOW - 1,
        create_token="c0de" * 4,
        payload=Payload((("Authorization", "Bearer x"), ("X-Order", "7")), '{"order": 7}'),
        fingerprint="f" * 64,
        delay_until=NOW,
        on_complete_url="https://api.example.com/done",
        signing=SigningState(2, NOW + MINUTE),
        hops=3,
        replay_of="77777777-2222-4333-8444-555555555555",
    )
    return replace(sample, **fields)


def a_team(**fields: Any) -> Team:
    """A team on the pro plan with a key and a member."""
    key = ApiKey(fresh("key"), "default", "aq_live_abcd", uuid.uuid4().hex, NOW)
    ending = ApiKey(fresh("key"), "old", "aq_live_efgh", uuid.uuid4().hex, NOW - 1, expires_at=NOW + MINUTE)
    member = Member(fresh("member"), "ann@example.com", NOW)
    sample = Team(
        id=fresh("team"),
        name="Größe & Söhne 🐙",
        plan_name="pro",
        created_at=NOW,
        signing=SigningState(3, NOW + MINUTE),
        signing_since=NOW - 5,
        keys={key.id: key, ending.id: ending},
        members={member.id: member},
    )
    return replace(sample, **fields)


def bare(task: Task) -> Task:
    """The task without what a store may keep apart from its row."""
    return replace(task, payload=None, result=None)
