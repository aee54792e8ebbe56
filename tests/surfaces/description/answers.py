"""Requests that bring about every answer that a description names, and what came back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain, repeat
from typing import Any

import pytest
from world import send

from chalicelib import wiring
from chalicelib.domain.errors import UnavailableError
from chalicelib.surfaces.kit import LONGEST_URL, MOST_HEADERS
from surfaces.description import (
    access_answers,
    asimov_answers,
    astraflow_answers,
    asyncflow_answers,
    asyncqueue_answers,
    operator_answers,
    site_answers,
)
from surfaces.description.caller import GROUP, OPERATIONS, Answer, Caller, caller, sample

STORIES = (
    *asyncqueue_answers.STORIES,
    *asyncflow_answers.STORIES,
    *astraflow_answers.STORIES,
    *access_answers.STORIES,
    *asimov_answers.STORIES,
    *operator_answers.STORIES,
    *site_answers.STORIES,
)

_BAD_BODIES = (b"{", b"[]", b'{"colour": 1}', b'{"content": "' + b"x" * 262_144 + b'"}')


def all_answers() -> list[Answer]:
    """What deployments answered to every route, in good days and bad ones, and to every surface's own stories."""
    answers: list[Answer] = []
    with caller(answers) as asked:
        for route in OPERATIONS:
            _asked_in_every_way(asked, route)
    for story in STORIES:
        with caller(answers) as asked:
            story(asked)
    with caller(answers, limit=1) as asked:
        for route in [*OPERATIONS, *OPERATIONS]:
            asked.ask(_filled(route, "nobody"), **sample(route))
    for error in (UnavailableError, ZeroDivisionError):
        _ask_what_is_broken(answers, error)
    _ask_what_is_not_configured(answers)
    return answers


def _asked_in_every_way(asked: Caller, route: str) -> None:
    """As its example shows it, without a key, with a wrong one, for what is not there or somebody else's, with bodies
    that are none, with too long a URL and too many headers, by a method that it does not have; and a path beside it."""
    line = _filled(route, existing(asked, route))
    for key in (None, "", "wrong"):
        asked.ask(line, key=key, **sample(route))
    if "{" in route:
        asked.ask(_filled(route, "nobody"), **sample(route))
        asked.ask(_filled(route, existing(asked, route)), key=asked.stranger_key, **sample(route))
    if "requestBody" in OPERATIONS[route]:
        for body in _BAD_BODIES:
            line = _filled(route, existing(asked, route))
            asked.ask(line, body=body, headers={"Content-Type": "application/json"})
    asked.ask(f"{line}?{'x' * LONGEST_URL}", **sample(route))
    asked.ask(line, headers={f"X-{number}": "x" for number in range(MOST_HEADERS + 1)}, **sample(route))
    path = line.split(" ", 1)[1]
    asked.ask_wrongly("PATCH", route, path)
    asked.ask(f"GET /{path.split('/')[1]}/nowhere/at/all")


def _ask_what_is_broken(answers: list[Answer], error: type[Exception]) -> None:
    """Every route while each part that could answer fails."""
    broken = False

    class Breakable:
        """A part of the platform that works until it is broken."""

        def __init__(self, part: Any) -> None:
            self._part = part

        def __getattr__(self, name: str) -> Any:
            def fail(*_: Any, **__: Any) -> Any:
                raise error

            return fail if broken else getattr(self._part, name)

    kept = {"clock", "parallel"}
    with caller(answers, wrap=lambda name, part: part if name in kept else Breakable(part)) as asked:
        lines = {route: _filled(route, existing(asked, route)) for route in OPERATIONS}
        broken = True
        for route, line in lines.items():
            asked.ask(line, **sample(route))


def _ask_what_is_not_configured(answers: list[Answer]) -> None:
    """Every route of a deployment that has no settings."""
    before = wiring.use(None)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SLUICE_STAGE", "prod")
        environment.setenv("OPERATOR_KEY", "short")
        for route in OPERATIONS:
            line = _filled(route, "nobody")
            answers.append(Answer(line, route, send(*line.split(" ", 1), {}, None)))
    wiring.use(before)


def existing(asked: Caller, route: str) -> str:
    """The id of something that the caller has, made for this request."""
    path = route.split(" ")[1]
    if "{" not in path:
        return ""
    made: Mapping[str, Callable[[], Any]] = {
        "/v1/tasks/": lambda: _made(asked, "POST /v1/tasks")["task"]["id"],
        "/v1/keys/": lambda: _made(asked, "POST /v1/keys")["id"],
        "/v1/members/": lambda: _made(asked, "POST /v1/members", email=f"{len(asked.answers)}@a.example")["id"],
        "/asyncflow/": lambda: _made(asked, "POST /asyncflow")["trackingId"],
        "/api/v1/tasks/": lambda: _made(asked, "POST /api/v1/tasks")["id"],
        "/api/v1/webhooks/{id}/deliveries/": lambda: astraflow_answers.delivery(asked),
        "/api/v1/webhooks/": lambda: _made(asked, "POST /api/v1/webhooks")["id"],
        "/api/tasks/": lambda: asimov_answers.accepted(asked),
        "/api/": lambda: "hello",
        "/operator/teams/{id}/keys/{": lambda: operator_answers.key(asked),
        "/operator/teams/{id}/members/{": lambda: operator_answers.member(asked),
        "/operator/tasks/": lambda: operator_answers.task(asked, route),
        "/operator/dead-letters/": lambda: operator_answers.letter(asked),
        "/operator/teams/": lambda: _made(asked, "POST /operator/teams")["team"]["id"],
        "/operator/astraflow/tenants/{id}/clients/": lambda: access_answers.client(asked),
        "/operator/astraflow/tenants/{id}/users/": lambda: access_answers.admin(asked),
        "/operator/astraflow/tenants/": lambda: access_answers.tenant(asked)["tenant"]["id"],
        "/operator/asyncflow/groups/": lambda: GROUP,
        "/openapi/": lambda: "asyncqueue.json",
        "/docs/assets/": site_answers.asset,
        "/docs/": lambda: "settings",
    }
    return str(next(make() for prefix, make in made.items() if path.startswith(prefix)))


def _made(asked: Caller, route: str, **members: str) -> Any:
    return asked.make(route, json={**sample(route)["json"], **members})


def _filled(route: str, value: str) -> str:
    """The route with the ids of something: one for each variable, parted by blanks."""
    for each in chain(value.split(), repeat(value)):
        if "{" not in route:
            break
        route = route[: route.index("{")] + each + route[route.index("}") + 1 :]
    return route
