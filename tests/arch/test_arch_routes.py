"""API Gateway allows one variable name below each path; a second one fails only when it is deployed."""

from __future__ import annotations

from collections import defaultdict

from app import app


def variables(routes: list[str]) -> dict[str, set[str]]:
    """Below each path, the names of the variables that follow it."""
    found: dict[str, set[str]] = defaultdict(set)
    for route in routes:
        segments = route.strip("/").split("/")
        for level, segment in enumerate(segments):
            if segment.startswith("{"):
                found["/" + "/".join(segments[:level])].add(segment)
    return found


def test_below_each_path_there_is_one_variable_name() -> None:
    found = variables(list(app.routes))

    assert found
    assert {path: names for path, names in found.items() if len(names) > 1} == {}


def test_the_rule_sees_two_names_on_one_level() -> None:
    assert variables(["/v1/tasks/{id}", "/v1/tasks/{task}/cancel"]) == {"/v1/tasks": {"{id}", "{task}"}}


def test_no_route_is_greedy() -> None:
    assert [route for route in app.routes if "+" in route or "*" in route] == []
