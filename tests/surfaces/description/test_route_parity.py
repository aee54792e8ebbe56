"""What the app answers and what the descriptions say are the same routes; the served JSON is the written YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import app
from chalicelib import surfaces
from infra.docs import openapi
from surfaces.description.documents import DOCUMENT, SURFACES, operations, routes

NAMES = list(SURFACES)


@pytest.mark.parametrize("name", NAMES)
def test_every_route_is_described_and_every_description_is_served(name: str) -> None:
    served = {f"{method} {path}" for path, methods in SURFACES[name].endpoints.items() for method in methods}
    assert served == routes(openapi.document(name)), f"add the route to docs/openapi/{name}.yaml, or take it out"


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
