"""The one file that tames Chalice.

A `Surface` collects its endpoints as a table and registers each path once, for every method, so that wrong methods,
unknown paths, content types and failures are answered in the surface's own shape instead of the framework's:

- views that raise never reach the framework's own error replies (aws/chalice#1693);
- content types are judged after authentication, by the surface (every route takes `*/*`);
- path variables are decoded here, once (aws/chalice#511);
- there are no greedy routes (aws/chalice#2072), so unknown paths are caught by one route per depth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast
from urllib.parse import unquote, urlencode

from chalice import Blueprint, Response

from chalicelib.domain.errors import SluiceError
from chalicelib.domain.ids import uuid4_from
from chalicelib.machine import SystemClock, SystemRandomness
from chalicelib.ports.ambient import Clock, Randomness
from chalicelib.settings import SettingError
from chalicelib.telemetry import LOGGER, trouble
from chalicelib.wiring import Platform, platform

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
#: Unknown paths are answered in the surface's own shape down to this many segments.
DEPTH = 5
#: The characters of a path with its query, and the headers that a request may have.
LONGEST_URL = 2_048
MOST_HEADERS = 64

#: What a credential of this deployment looks like: a careless client puts one into a path.
_SECRET = re.compile(r"(aq_live_|at_|cs_|rt_|whsec_)[0-9A-Za-z_+/=-]+", re.ASCII)
_REQUEST_ID = re.compile(r"[0-9A-Za-z._:-]{1,128}", re.ASCII)


class Principal(Protocol):
    """Who a request speaks for; each surface has its own kind."""

    @property
    def labels(self) -> Mapping[str, object]:
        """What the record of the request says of it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the path as it was asked for (with the API's stage, behind API Gateway), decoded path variables, the
    last value of each query parameter, lower-case header names, the network address that it came from, and the name
    under which API Gateway took it in."""

    platform: Platform
    clock: Clock
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    url_length: int = 0
    repeated: tuple[str, ...] = ()
    address: str = ""
    host: str = ""
    principal: Principal | None = None

    @property
    def now(self) -> int:
        return self.clock.now()


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, a body (None: no body) and headers."""

    status: int
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Problem(Exception):  # noqa: N818  (it is an answer rather than an error)
    """A refusal in the words of a surface. `labels` go into the record of a request that was not let in."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        labels: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.field = field
        self.headers = dict(headers or {})
        self.labels = dict(labels or {})


View = Callable[[Call], Reply]
Texts = Mapping[type[SluiceError], str]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A view, who may call it, and what the engine's refusals are called here."""

    view: View
    access: str
    texts: Texts


class Edge(Protocol):
    """How a surface lets callers in and words its replies."""

    def admit(self, call: Call, access: str) -> tuple[Call, Mapping[str, str]]:
        """Authenticate and count the request. The call with its principal, and headers for whatever reply follows.
        Raises Problem."""

    def translate(self, error: SluiceError, texts: Texts) -> Problem:
        """The surface's words for a refusal of the engine."""

    def refuse(self, call: Call, problem: Problem) -> Reply:
        """The reply for a refusal."""


class Surface:
    """The endpoints of one API under one or more path prefixes."""

    def __init__(self, name: str, edge: Edge) -> None:
        self.blueprint = Blueprint(name)
        self.endpoints: dict[str, dict[str, Endpoint]] = {}
        self._edge = edge

    def route(self, rule: str, access: str, texts: Texts | None = None) -> Callable[[View], View]:
        """Declare a view as `GET /path/{variable}`, with who may call it (the edge knows the words)."""
        method, path = rule.split(" ")

        def declare(view: View) -> View:
            self.endpoints.setdefault(path, {})[method] = Endpoint(view, access, texts or {})
            return view

        return declare

    def register(self, *prefixes: str) -> Blueprint:
        """Register every declared path with the framework, and below each prefix one route per depth that catches
        unknown paths."""
        unknown = [self._path(prefix, depth) for prefix in prefixes for depth in range(DEPTH)]
        for number, path in enumerate(dict.fromkeys([*self.endpoints, *unknown])):
            self._register(path, number)
        return self.blueprint

    def _path(self, prefix: str, depth: int) -> str:
        """The path with `depth` variables below a prefix. A variable takes the name that a declared path gives it:
        API Gateway knows only one at each place."""
        path = prefix.rstrip("/")
        for level in range(1, depth + 1):
            declared = re.compile(re.escape(path) + r"/(\{\w+\})(?:/|$)")
            names = (found[1] for known in self.endpoints if (found := declared.match(known)))
            path += f"/{next(names, f'{{p{level}}}')}"
        return path or "/"

    def _register(self, path: str, number: int) -> None:
        def view(**params: str) -> Response:
            return self._answer(self.endpoints.get(path, {}), params)

        view.__name__ = f"{self.blueprint._import_name}_{number}"
        self.blueprint.route(path, methods=METHODS, content_types=["*/*"], name=view.__name__)(view)

    def _answer(self, endpoints: Mapping[str, Endpoint], params: Mapping[str, str]) -> Response:
        try:
            here = platform()
        except SettingError as error:
            # Nothing works without settings; the sentence that says what to change is for the operator's eyes.
            LOGGER.error("not configured", extra={"fields": {"error": str(error)}})
            call = _call(None, self.blueprint.current_request, params)
            return _response(call, self._edge.refuse(call, Problem(500, "Service is not configured")))
        began = here.parts.clock.now()
        call = _call(here, self.blueprint.current_request, params)
        told: dict[str, object] = {}
        reply, labels = self._reply(endpoints, call, told)
        here.parts.recorder.record(
            "request",
            method=call.method,
            path=_SECRET.sub(r"\1...", call.path),
            status=reply.status,
            ms=here.parts.clock.now() - began,
            request_id=call.request_id,
            **{**labels, **told},
        )
        return _response(call, replace(reply, headers={**_cors(here, call), **reply.headers}))

    def _reply(
        self, endpoints: Mapping[str, Endpoint], call: Call, told: dict[str, object]
    ) -> tuple[Reply, Mapping[str, object]]:
        headers: Mapping[str, str] = {}
        texts: Texts = {}
        try:
            if call.method == "OPTIONS" and call.platform.settings.cors_allow_origins:
                return Reply(204, headers={"Allow": _allow(endpoints)}), {}
            _refuse_oversized(call)
            endpoint = _endpoint(endpoints, call)
            texts = endpoint.texts
            call, headers = self._edge.admit(call, endpoint.access)
            reply = endpoint.view(call)
        except Problem as problem:
            reply = self._edge.refuse(call, problem)
            told.update(problem.labels, error=problem.message)
        except SluiceError as error:
            reply = self._edge.refuse(call, self._edge.translate(error, texts))
            told["error"] = error.code
        except Exception as error:  # noqa: BLE001  (whatever happens, no trace leaves)
            reply = self._edge.refuse(call, Problem(500, "Internal server error"))
            told.update(trouble(error))
        labels = {} if call.principal is None else call.principal.labels
        return replace(reply, headers={**headers, **reply.headers}), labels


def _response(call: Call, reply: Reply) -> Response:
    """The reply in the framework's words. That to a HEAD has the body of a GET: its length is told, and the server in
    front keeps the body back (RFC 9110, section 9.3.2)."""
    headers = {"X-Request-Id": call.request_id, **reply.headers}
    return Response(body=reply.body or "", status_code=reply.status, headers=headers)


def _refuse_oversized(call: Call) -> None:
    """Before anything is read: whoever sends that much is answered the same with a credential and without."""
    if call.url_length > LONGEST_URL:
        raise Problem(414, f"URL must be at most {LONGEST_URL} characters")
    if len(call.headers) > MOST_HEADERS:
        raise Problem(431, f"A request may have at most {MOST_HEADERS} headers")


def _endpoint(endpoints: Mapping[str, Endpoint], call: Call) -> Endpoint:
    if not endpoints:
        raise Problem(404, "Not found")
    endpoint = endpoints.get("GET" if call.method == "HEAD" else call.method)
    if endpoint is None:
        raise Problem(405, "Method not allowed", headers={"Allow": _allow(endpoints)})
    return endpoint


def _allow(endpoints: Mapping[str, Endpoint]) -> str:
    return ", ".join([*endpoints, *(["HEAD"] if "GET" in endpoints else [])])


def _call(here: Platform | None, request: Any, params: Mapping[str, str]) -> Call:
    """The request. Where nothing is configured there is no platform, and what words a refusal needs none."""
    clock: Clock = SystemClock() if here is None else here.parts.clock
    randomness: Randomness = SystemRandomness() if here is None else here.parts.randomness
    headers = {name.lower(): value for name, value in request.headers.items()}
    given = headers.get("x-request-id", "")
    path = request.context.get("path") or request.path
    return Call(
        platform=cast(Platform, here),
        clock=clock,
        method=request.method,
        path=path,
        url_length=len(path) + _query_length(request.query_params),
        repeated=tuple(name for name in request.query_params or () if len(request.query_params.getlist(name)) > 1),
        params={name: unquote(value) for name, value in params.items()},
        query=dict(request.query_params.items()) if request.query_params else {},
        headers=headers,
        body=request.raw_body or b"",
        address=(request.context.get("identity") or {}).get("sourceIp") or "",
        host=request.context.get("domainName") or "",
        request_id=given if _REQUEST_ID.fullmatch(given) else uuid4_from(randomness.bytes(16)),
    )


def _query_length(query: Any) -> int:
    """The characters of a query: it comes decoded, so they are counted as they have to be written."""
    if not query:
        return 0
    return 1 + len(urlencode([(name, value) for name in query for value in query.getlist(name)]))


def _cors(here: Platform, call: Call) -> Mapping[str, str]:
    origins = here.settings.cors_allow_origins
    origin = call.headers.get("origin")
    if origin is None or not ("*" in origins or origin in origins):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": ", ".join(METHODS),
        "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Prefer, X-API-Key, "
        "X-Message-Struct, X-Request-Id, X-Request-Mode, X-Student-Group",
        "Access-Control-Expose-Headers": "Idempotent-Replayed, Link, Location, Preference-Applied, RateLimit, "
        "RateLimit-Policy, Retry-After, Server-Timing, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
        "X-Request-Id, X-Retrieve-Api, X-Simulated-Fault, X-Total-Count",
        "Vary": "Origin",
    }
