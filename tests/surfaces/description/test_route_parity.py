"""What the app answers and what the descriptions say are the same routes; the served JSON is the written YAML."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from app import app
from chalicelib import surfaces
from chalicelib.surfaces.kit import Reply, Surface
from infra.docs import openapi
from surfaces.description.documents import DOCUMENT, SURFACES, operations, routes

NAMES = list(SURFACES)


@pytest.mark.parametrize("name", NAMES)
def test_every_route_is_described_and_every_description_is_served(name: str) -> None:
    found = differences(SURFACES[name], openapi.document(name))
    assert found == [], f"add the route to docs/openapi/{name}.yaml, or take it out"


def differences(surface: Surface, document: dict[str, Any]) -> list[str]:
    """The routes that are served and not described, and the reverse."""
    served = {f"{method} {path}" for path, methods in surface.endpoints.items() for method in methods}
    described = routes(document)
    return [
        *(f"{route} is not described" for route in sorted(served - described)),
        *(f"{route} is not served" for route in sorted(described - served)),
    ]


def test_a_route_without_a_description_is_found() -> None:
    changed = copy.copy(SURFACES["asyncqueue"])
    changed.endpoints = {path: dict(methods) for path, methods in changed.endpoints.items()}
    changed.route("PATCH /v1/tasks/{id}", "team")(lambda call: Reply(200))
    changed.route("GET /v1/colours", "team")(lambda call: Reply(200))
    assert differences(changed, openapi.document("asyncqueue")) == [
        "GET /v1/colours is not described",
        "PATCH /v1/tasks/{id} is not described",
    ]


def test_a_description_without_a_route_is_found() -> None:
    changed = copy.deepcopy(openapi.document("asyncqueue"))
    changed["paths"]["/v1/colours"] = {"get": {}}
    assert differences(SURFACES["asyncqueue"], changed) == ["GET /v1/colours is not served"]


def test_no_surface_is_left_out() -> None:
    folders = {path.parent.name for path in Path(surfaces.__path__[0]).glob("*/routes.py")}
    files = {path.stem for path in openapi.FOLDER.glob("*.yaml")} - {openapi.COMMON}
    assert set(NAMES) == set(openapi.SURFACES) == folders == files
    assert {path for surface in SURFACES.values() for path in surface.endpoints} <= set(app.routes)


def test_the_served_descriptions_are_the_written_ones() -> None:
    served = [openapi.TARGET, *openapi.TARGETS.iterdir()]
    assert {path: path.read_text("utf-8") for path in served} == openapi.files(), (
        "docs/openapi changed: run `make docs`"
    )


def test_every_documented_route_says_who_may_call_it() -> None:
    demanded = {
        f"{method} {path}": (name, endpoint.access)
        for name, surface in SURFACES.items()
        for path, methods in surface.endpoints.items()
        for method, endpoint in methods.items()
    }
    described = {
        f"{method.upper()} {path}": [scheme for way in operation["security"] for scheme in way]
        for path, method, operation in operations(DOCUMENT)
    }
    open_routes = {route for route, (_, access) in demanded.items() if access == "open"}
    assert {route for route, schemes in described.items() if not schemes} == open_routes
    operators = {route for route, (_, access) in demanded.items() if access == "operator"}
    assert {route for route, schemes in described.items() if schemes == ["operator"]} == operators
    assert all(" /operator/" in route for route in operators)
