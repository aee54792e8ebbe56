"""What the app answers and what the description says are the same routes; the served JSON is the written YAML."""

from __future__ import annotations

import re

from description import operations

from chalicelib.surfaces.asyncqueue.routes import surface as asyncqueue
from chalicelib.surfaces.operator.routes import surface as operator
from chalicelib.surfaces.site.routes import surface as site
from infra.docs import openapi

ENDPOINTS = {path: methods for surface in (asyncqueue, operator, site) for path, methods in surface.endpoints.items()}


def test_every_route_is_described_and_every_description_is_served() -> None:
    served = {f"{method} {path}" for path, methods in ENDPOINTS.items() for method in methods}
    described = {f"{method.upper()} {path}" for path, method, _ in operations()}
    assert served == described, "add the route to docs/openapi/asyncqueue.yaml, or take it out"


def test_the_served_description_is_the_written_one() -> None:
    assert openapi.TARGET.read_text("utf-8") == openapi.render(), "docs/openapi changed: run `make docs`"


def test_every_documented_route_says_who_may_call_it() -> None:
    open_routes = {
        f"{method.upper()} {path}" for path, method, operation in operations() if operation.get("security") == []
    }
    assert open_routes == {
        f"{method} {path}"
        for path, methods in ENDPOINTS.items()
        for method, endpoint in methods.items()
        if endpoint.access == "open"
    }
    operator = {path for path, methods in ENDPOINTS.items() for end in methods.values() if end.access == "operator"}
    assert all(re.match("/operator/", path) for path in operator)
