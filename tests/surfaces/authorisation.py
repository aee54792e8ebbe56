"""What an authorisation matrix is made of: the routes that are declared, what each is asked, and what has to come back.

What a caller has to get follows from the security that the description demands, and from how the manuals have somebody
refused who asks for what is another's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from surfaces.callers import Caller
from surfaces.description.caller import OPERATIONS, sample
from surfaces.description.documents import SURFACES
from surfaces.sides import WORDS, Side, idempotency_key

#: What is open to everybody: nothing else may be.
OPEN = {
    "GET /",
    "GET /docs",
    "GET /docs/{page}",
    "GET /docs/assets/{file}",
    "GET /health",
    "GET /openapi.json",
    "GET /openapi/{file}",
    "GET /.well-known/oauth-authorization-server",
}
_TEAM: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKeyHeader": []}]
#: The security that each surface takes. Asimov needs no key where the operator opened it.
SECURITY: Mapping[str, list[dict[str, list[str]]]] = {
    "asyncqueue": _TEAM,
    "asyncflow": [{"groupKey": []}],
    "oauth": [{"client": []}],
    "asimov": [{}, *_TEAM],
    "operator": [{"operator": []}],
}
#: How the manuals have a caller refused that asks for what is another's: 404 unless they say otherwise.
REFUSED_403 = ("/v1/tasks/", "/asyncflow/")
#: Where what is another's is named in the body: no grant of the client that asks (RFC 6749, section 5.2).
REFUSED_400 = ("/oauth/token", "/oauth/revoke")
#: What is asked of a task that waits: those that the operator looks at here are done.
FINISHED_409 = ("/operator/tasks/{id}/rearm",)
VARIABLE = re.compile(r"\{\w+\}")


class Route(NamedTuple):
    """A declared endpoint. A HEAD is asked wherever there is a GET."""

    surface: str
    method: str
    path: str
    access: str

    @property
    def line(self) -> str:
        """Its name in the description."""
        return f"{self.method.replace('HEAD', 'GET')} {self.path}"

    @property
    def variables(self) -> list[str]:
        """The paths that end with a variable which is an id."""
        found = [self.path[: each.end()] for each in VARIABLE.finditer(self.path)]
        return [path for path in found if not path.endswith(WORDS)]


DECLARED = [
    Route(name, method, path, endpoint.access)
    for name, surface in SURFACES.items()
    for path, endpoints in surface.endpoints.items()
    for method, endpoint in endpoints.items()
]
ROUTES = [*DECLARED, *(route._replace(method="HEAD") for route in DECLARED if route.method == "GET")]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a route. `owners` are those of the things in its path."""

    target: str
    owners: tuple[Side, ...]
    json: Any
    headers: Mapping[str, str]
    foreign: bool


def requests(route: Route, ours: Side, theirs: Side) -> Iterator[Request]:
    """For what is our own, in every form of the query that shows something; then for what is theirs, or partly so."""
    for owners in product((ours, theirs), repeat=len(route.variables)):
        foreign = theirs in owners
        found = {path: owner.ids[path] for path, owner in zip(route.variables, owners, strict=True)}
        for query in queries(route):
            target = filled(route.path, {**ours.ids, **found}) + query
            yield Request(target, owners, _body(route, ours), {}, foreign)
    if not route.variables:
        beside = {"Idempotency-Key": idempotency_key(theirs.mark), "X-Tenant-Id": theirs.tenancy.id}
        team = theirs.ids["/operator/teams/{id}"]
        named = "" if route.surface == "oauth" else f"?team={team}&tenant={theirs.tenancy.id}"
        yield Request(filled(route.path, ours.ids) + named, (), _body(route, theirs), beside, foreign=True)


def expected(route: Route, request: Request, caller: Caller) -> int | None:
    """The status of the refusal, or None for whoever is let in."""
    security = [way for way in OPERATIONS[route.line]["security"] if way]
    takes = [frozenset(scopes) for way in security for scheme, scopes in way.items() if scheme in caller.schemes]
    if security and not any(scopes <= caller.scopes for scopes in takes):
        return 403 if takes else 401
    if route.path in FINISHED_409:
        return 409
    if not request.foreign:
        return None
    if not route.variables:
        return 400 if route.path in REFUSED_400 else None
    if route.surface == "operator":
        return 404 if len(set(map(id, request.owners))) > 1 else None
    return 403 if route.path.startswith(REFUSED_403) else 404


def filled(path: str, ids_: Mapping[str, str]) -> str:
    """The path with an id, or a word, for each variable."""
    return VARIABLE.sub(lambda variable: ids_[path[: variable.end()]], path)


def parameters(route: Route) -> set[str]:
    """The names of the parameters that the description has, but for those that several routes share."""
    return {parameter["name"] for parameter in OPERATIONS[route.line].get("parameters", ()) if "name" in parameter}


def queries(route: Route) -> list[str]:
    """No query, and each one that has the thing of the route looked up in another way."""
    ways = {"wait": "?wait=1", "include": "?include=request"}
    return ["", *(query for name, query in ways.items() if name in parameters(route))]


def scope(route: Route) -> str:
    """The scope that a route of AstraFlow has to take."""
    if route.path.startswith("/api/v1/tasks"):
        return "tasks:read" if route.method == "GET" else "tasks:write"
    return "users:admin" if route.path.startswith("/api/v1/users") else "webhooks:write"


def _body(route: Route, side: Side) -> Any:
    """What the description's example sends, or the tokens of this side."""
    own: Mapping[str, Any] = {
        "/oauth/token": {"grant_type": "refresh_token", "refresh_token": side.refresh_token},
        "/oauth/revoke": {"token": side.refresh_token},
        "/oauth/introspect": {"token": side.refresh_token},
    }
    return own.get(route.path) or sample(route.line).get("json")
