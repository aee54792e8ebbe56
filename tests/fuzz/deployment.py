"""The deployment that is asked: the app in process, in fine weather, without limits, with time that hardly passes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from surfaces.astraflow.parties import Tenancy, basic
from surfaces.description.caller import Caller
from world import OPERATOR_KEY, ManualClock, Reply, World, send

from chalicelib.domain.literals import ASTRAFLOW_TOKENS, ASYNCFLOW_KEY, ASYNCQUEUE_KEY
from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator.profiles import Profile
from chalicelib.engine.groups import Conditions
from chalicelib.names import Names
from chalicelib.settings import LOCAL_STAGE
from infra.gateway import NO_SUCH_PATH, responses
from infra.local.seed import seed

#: By the security schemes of the descriptions: how schemathesis is to use each.
Credentials = Mapping[str, Mapping[str, str]]


#: A pro team may ask every 100 ms.
_BETWEEN_MS = 150


class SlowClock(ManualClock):
    """Who waits within a request is done at once, and the next request comes a moment after the one before: the dates
    of examples stay ahead, and no window fills."""

    def __init__(self) -> None:
        super().__init__()
        self._next = self._now

    def put_back(self) -> None:
        self._next += _BETWEEN_MS
        self._now = self._next


class Gateway:
    """A deployment as a WSGI application (PEP 3333), as API Gateway would hand requests over."""

    def __init__(self, clock: SlowClock) -> None:
        self._clock = clock

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self._clock.put_back()
        headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or None
        path, query = environ["REQUEST_URI"].partition("?")[0], environ["QUERY_STRING"]
        reply = _answered(environ["REQUEST_METHOD"], f"{path}?{query}" if query else path, headers, body)
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", list(reply.headers.items()))
        return [reply.body]


@dataclass(frozen=True, slots=True)
class Deployment:
    """The application, somebody who asks it as the tests do, and the credentials that open each surface."""

    application: Gateway
    asked: Caller
    credentials: Credentials


@contextmanager
def deployment() -> Iterator[Deployment]:
    """A deployment of the local stage, whose literal keys no request can revoke."""
    calm = Conditions(
        Rate(0),
        counts_reads=True,
        profile=Profile(name="calm", failure_rate=0, overridable=False),
        pick_up_ms=5_000,
        seed="42",
        hidden_seed="hidden",
    )
    clock = SlowClock()
    names = Names(LOCAL_STAGE, "123456789012", "us-east-1")
    with World(clock=clock, names=names, asyncflow=calm, asimov_open=False) as world:
        seed()
        client = Tenancy(world).client
        token = min(ASTRAFLOW_TOKENS)
        signed = basic(client.client.id, client.secret)
        asked = Caller(world, [], ASYNCQUEUE_KEY, ASYNCQUEUE_KEY, access_token=token, client=signed)
        yield Deployment(
            Gateway(clock),
            asked,
            {
                "bearer": {"bearer": ASYNCQUEUE_KEY},
                "apiKeyHeader": {"api_key": ASYNCQUEUE_KEY},
                "groupKey": {"api_key": ASYNCFLOW_KEY},
                "accessToken": {"bearer": token},
                "client": {"username": client.client.id, "password": client.secret},
                "operator": {"bearer": OPERATOR_KEY},
            },
        )


def _answered(method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
    try:
        return send(method, target, headers, body)
    except LookupError:
        unknown = responses()[NO_SUCH_PATH]
        return Reply(404, {"content-type": "application/json", "x-request-id": "gateway"}, unknown.body.encode())
