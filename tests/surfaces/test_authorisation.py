"""Who may do what: every route and method, asked by every kind of caller, for what is its own and what is another's.

What each one has to get follows from the security that the description demands, and the description says what the code
does: `test_a_route_is_described_with_the_security_that_it_takes`.
"""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from world import Reply, World

from app import app
from chalicelib.domain import ids
from chalicelib.domain.literals import ASYNCFLOW_KEY
from chalicelib.surfaces.kit import METHODS
from surfaces.authorisation import (
    DECLARED,
    OPEN,
    REFUSED_403,
    ROUTES,
    SECURITY,
    VARIABLE,
    Request,
    Route,
    expected,
    filled,
    parameters,
    queries,
    requests,
    scope,
)
from surfaces.callers import Caller, everybody, the_mightiest
from surfaces.description.caller import OPERATIONS, sample
from surfaces.description.documents import SURFACES
from surfaces.sides import Side, deployment, idempotency_key, two_sides, undone


def test_a_route_is_described_with_the_security_that_it_takes() -> None:
    for route in DECLARED:
        assert route.line in OPERATIONS, f"{route.line} is in no description"
        said = OPERATIONS[route.line].get("security")
        demanded = [{"accessToken": [scope(route)]}] if route.surface == "astraflow" else SECURITY.get(route.surface)
        assert said == ([] if route.line in OPEN else demanded), route.line
        if route.surface == "astraflow":
            assert route.access == scope(route), route.line


@dataclass(frozen=True, slots=True)
class Here:
    """A deployment with two sides, and all kinds of callers of ours."""

    world: World
    ours: Side
    theirs: Side
    callers: list[Caller] = field(default_factory=list)
    written: object = None


@pytest.fixture(scope="module")
def here() -> Iterator[Here]:
    with deployment() as world:
        ours, theirs = two_sides(world)
        yield Here(world, ours, theirs, everybody(world, ours), _written(world))


@pytest.fixture
def opened() -> Iterator[Here]:
    """A deployment whose operator opened Asimov."""
    with deployment(asimov_open=True) as world:
        ours, theirs = two_sides(world)
        yield Here(world, ours, theirs, everybody(world, ours))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_caller_gets_what_the_description_says_and_nothing_of_others(here: Here, route: Route) -> None:
    wrong = [
        f"{caller.name}: {request.target}: {complaint}"
        for request in requests(route, here.ours, here.theirs)
        for caller in here.callers
        for complaint in _complaints(here, route, request, caller)
    ]
    assert wrong == []


def test_the_matrix_is_large(here: Here) -> None:
    asked = sum(len(list(requests(route, here.ours, here.theirs))) for route in ROUTES)
    assert asked * len(here.callers) > 10_000


def test_what_is_not_there_is_the_same_for_everybody(here: Here) -> None:
    """Methods that a path does not have, and paths that no surface declares."""
    declared = {path: methods for surface in SURFACES.values() for path, methods in surface.endpoints.items()}
    wrong = []
    for path in app.routes:
        there = {"HEAD", *declared[path]} if "GET" in declared.get(path, ()) else set(declared.get(path, ()))
        for method, caller in product(set(METHODS) - there, the_mightiest(here.callers)):
            target = VARIABLE.sub(here.theirs.ids["/v1/tasks/{id}"], path)
            reply = _ask(here, method, target, caller)
            if reply.status != (405 if there else 404) or _told(reply, here.theirs.traces, target):
                wrong.append(f"{caller.name}: {method} {path}: {reply.status}")
    assert wrong == []


def test_what_is_another_s_looks_like_what_is_not_there(here: Here) -> None:
    hidden = [route for route in ROUTES if route.variables and not route.path.startswith(REFUSED_403)]
    for route in (route for route in hidden if route.surface != "operator"):
        unknown = VARIABLE.sub(str(uuid.UUID(int=4711, version=4)), route.path)
        foreign = [request for request in requests(route, here.ours, here.theirs) if request.foreign]
        for request, caller in product(foreign, here.callers):
            theirs = _ask(here, route.method, request.target, caller, json=request.json)
            nobodys = _ask(here, route.method, unknown, caller, json=request.json)
            assert _shape(theirs, request.target) == _shape(nobodys, unknown), f"{caller.name}: {request.target}"


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.surface == "asimov"], ids=lambda route: route.path
)
def test_where_no_key_is_needed_a_team_s_operations_are_still_its_own(opened: Here, route: Route) -> None:
    wrong = []
    for request, caller in product(requests(route, opened.ours, opened.theirs), opened.callers):
        reply = _ask(opened, route.method, request.target, caller, json=request.json)
        lost = bool(route.variables) and (request.foreign or caller.brings_no_key)
        if not _is(reply, _where_it_is_open(caller, 404 if lost else None)):
            wrong.append(f"{caller.name}: {request.target}: {reply.status}")
        if _told(reply, opened.theirs.traces, request.target):
            wrong.append(f"{caller.name}: {request.target}: {reply.body!r}")
    assert wrong == []


def test_where_no_key_is_needed_a_team_does_not_see_what_was_asked_without_one(opened: Here) -> None:
    made = _ask(opened, "POST", "/api/hello", Caller("nobody"), json={"message": "x"}, kept=True)
    for route in (route for route in ROUTES if route.surface == "asimov" and route.variables):
        for caller in opened.callers:
            reply = _ask(opened, route.method, filled(route.path, {"/api/tasks/{id}": made.json["id"]}), caller)
            refusal = _where_it_is_open(caller, None if caller.brings_no_key else 404)
            assert _is(reply, refusal), f"{caller.name}: {route.method}: {reply.status}"


def test_no_id_out_of_ten_thousand_leads_to_another_s() -> None:
    with deployment() as world:
        ours, theirs = two_sides(world)
        here = Here(world, ours, theirs)
        seen = _everything_of(here, theirs)
        routes = [route for route in DECLARED if route.variables and route.surface != "operator"]
        chance = random.Random(49)
        hits, tries = [], 0
        while tries < 10_000:
            for route in routes:
                caller = _member(route, ours)
                place = chance.choice(route.variables)
                id_ = _guess(chance, ours, theirs)
                if id_ == ours.ids[place]:
                    continue
                target = filled(
                    route.path, {path: ours.ids[path] for path in route.variables} | {place: quote(id_, safe="")}
                )
                query = chance.choice(queries(route))
                reply = _ask(here, route.method, target + query, caller, kept=True, **sample(route.line))
                tries += 1
                if reply.status not in (400, 403, 404) or _told(reply, theirs.traces, target):
                    hits.append(f"{route.method} {target}{query}: {reply.status} {reply.body!r}")
            # The limits of the teams' plans are by the minute.
            world.clock.sleep(1_000)
        assert hits == []
        assert _everything_of(here, theirs) == seen


def test_a_cursor_opens_the_list_of_its_owner_alone() -> None:
    with deployment() as world:
        sides = two_sides(world)
        here = Here(world, *sides)
        lists = [route for route in DECLARED if "cursor" in parameters(route)]
        assert len(lists) > 2
        cursors = {(route, side.mark): _cursor(here, route, side) for route, side in product(lists, sides)}
        for (of, mark), cursor in cursors.items():
            for route, side in product(lists, sides):
                target = filled(route.path, side.ids) + f"?limit=1&cursor={cursor}"
                reply = _ask(here, "GET", target, _member(route, side))
                own = (route, side.mark) == (of, mark)
                assert reply.status == (200 if own else 400), f"{of.path} of {mark} in {route.path} of {side.mark}"
                other = next(each for each in sides if each is not side)
                assert not _told(reply, other.traces, target)


def _complaints(here: Here, route: Route, request: Request, caller: Caller) -> Iterator[str]:
    touched = _touched(here.world)
    with undone(here.world):
        reply = _ask(here, route.method, request.target, caller, json=request.json, headers=request.headers, kept=True)
        changed = _touched(here.world) > touched and _written(here.world) != here.written
    refusal = expected(route, request, caller)
    # A list may refuse to be asked for somebody else's; what makes something is to make it for the caller.
    if not _is(reply, refusal, exactly=bool(route.variables) or not request.foreign or route.method == "POST"):
        yield f"{reply.status} and not {refusal or 'let in'}"
    if reply.status == 401 and "www-authenticate" not in reply.headers:
        yield "no challenge"
    if refusal is not None and changed:
        yield "it was refused and something was written"
    operator = "operator" in caller.schemes and route.surface == "operator"
    others = here.theirs.secrets if operator else here.theirs.traces
    for trace in _told(reply, (*others, *(here.ours.traces if refusal else ())), request.target):
        yield f"it is told {trace}"


def _where_it_is_open(caller: Caller, refusal: int | None) -> int | None:
    """The refusal for whoever is let in: a team, or somebody without a key. A key that opens nothing is refused."""
    return refusal if caller.brings_no_key or caller.schemes & {"bearer", "apiKeyHeader"} else 401


def _is(reply: Reply, expected: int | None, *, exactly: bool = True) -> bool:
    """Whether it is the refusal, or where none is expected an answer: a good one, or at least none of these two."""
    if expected is not None:
        return reply.status == expected
    return reply.status < 300 if exactly else reply.status not in (401, 403)


def _ask(
    here: Here,
    method: str,
    target: str,
    caller: Caller,
    *,
    json: Any = None,
    headers: Mapping[str, str] | None = None,
    kept: bool = False,
) -> Reply:
    """One request. What comes of it is forgotten unless it is to be kept, so that every cell begins alike."""
    usual = {"Host": "sluice.example", "X-Request-Mode": "async", "X-STUDENT-GROUP": here.ours.mark}
    sent = {**usual, **(headers or {}), **caller.headers}
    if kept:
        return here.world.request(method, target, json=json, headers=sent)
    with undone(here.world):
        return here.world.request(method, target, json=json, headers=sent)


def _told(reply: Reply, traces: tuple[str, ...], target: str) -> list[str]:
    """Which of the traces an answer shows, but for what it was asked with."""
    text = "\n".join([reply.body.decode(), *reply.headers.values()])
    return [trace for trace in traces if trace in text and trace not in target]


def _shape(reply: Reply, target: str) -> tuple[int, str, set[str]]:
    path = target.partition("?")[0]
    return reply.status, reply.body.decode().replace(path, "PATH"), set(reply.headers)


def _member(route: Route, side: Side) -> Caller:
    """One of this side to whom everything is open."""
    keys = {"asyncqueue": side.team_key, "asimov": side.team_key, "astraflow": side.token}
    if route.surface == "asyncflow":
        return Caller(side.mark, {"X-API-Key": ASYNCFLOW_KEY, "X-STUDENT-GROUP": side.mark})
    return Caller(side.mark, {"Authorization": f"Bearer {keys[route.surface]}"})


def _everything_of(here: Here, side: Side) -> dict[str, bytes]:
    """What a side sees of itself, but for the report, which tells of the request for it too."""
    private = ("asyncqueue", "asyncflow", "astraflow", "asimov")
    readable = [route for route in DECLARED if route.method == "GET" and route.surface in private]
    routes = [route for route in readable if route.path != "/asyncflow/report"]
    return {route.path: _ask(here, "GET", filled(route.path, side.ids), _member(route, side)).body for route in routes}


def _cursor(here: Here, route: Route, side: Side) -> str:
    reply = _ask(here, "GET", filled(route.path, side.ids) + "?limit=1", _member(route, side))
    found = re.search(r"cursor=([^&>]+)", reply.headers["link"])
    assert found is not None
    return found[1]


def _guess(chance: random.Random, ours: Side, theirs: Side) -> str:
    """An id out of the blue, one beside an id that there is, one of theirs, or something else that is made of one."""
    theirs_id, ours_id = (chance.choice(sorted(side.ids.values())) for side in (theirs, ours))
    match chance.randrange(8):
        case 0:
            return str(uuid.UUID(int=chance.getrandbits(128), version=4))
        case 1:
            return ids.tracking_id(chance.randbytes(16))
        case 2 | 3:
            return _beside(chance, chance.choice((theirs_id, ours_id)))
        case 4:
            return ids.derived(theirs.ids["/operator/teams/{id}"], idempotency_key(theirs.mark))
        case 5:
            return theirs_id
        case 6:
            owner = chance.choice((theirs.tenancy.id, theirs.ids["/operator/teams/{id}"], theirs.mark))
            return owner + chance.choice("#/ .:|\0") + theirs_id
        case _:
            return chance.choice(
                (f"../{theirs_id}", f"{theirs_id}\n", f"{theirs_id}%00", f" {theirs_id}", "*", "%", "_")
            )


def _beside(chance: random.Random, id_: str) -> str:
    """The id with one digit a few steps further."""
    places = [index for index, letter in enumerate(id_) if letter in "0123456789abcdefABCDEF"]
    place = chance.choice(places)
    digit = f"{(int(id_[place], 16) + chance.randint(1, 15)) % 16:x}"
    return id_[:place] + digit + id_[place + 1 :]


def _touched(world: World) -> int:
    """How many rows were ever changed, whether or not back again."""
    return int(world.database.rows("SELECT total_changes()")[0][0])


def _written(world: World) -> list[list[Any]]:
    """All that is stored, but for the counts of requests: those that are refused count too."""
    tables = world.database.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    kept = [name for (name,) in tables if name not in ("blobs", "sqlite_sequence")]
    return [world.database.rows(f"SELECT * FROM {name}") for name in kept]  # noqa: S608  (the schema's own names)
