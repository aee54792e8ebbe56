"""What answers where no view does: unknown paths and wrong methods, with a credential and without, in the surface's own
shape. They are answered before anybody is authenticated, for they tell nothing but what the description tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from world import OPERATOR_KEY, Reply, World

from chalicelib.surfaces.kit import DEPTH
from surfaces.description.documents import DOCUMENT, METHODS, error_text, faults, otherwise, resolved
from surfaces.description.witness import UndescribedError, witness

#: Below which paths which API answers.
PREFIXES: list[str] = [prefix for prefix in DOCUMENT["x-otherwise"] if prefix != "/"]
NOT_FOUND = {"Not found", "Resource does not exist"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as opened:
        yield opened


def own_shape(line: str, reply: Reply) -> bool:
    """Whether an error is in the shape of the API below whose path it was asked for, and carries an id."""
    schema = f"{otherwise(line)}/content/application~1json/schema"
    return bool(reply.headers["x-request-id"]) and faults(DOCUMENT, schema, reply.json) == []


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("key", [None, "nonsense", OPERATOR_KEY])
def test_an_unknown_path_is_a_404_down_to_every_depth(world: World, prefix: str, key: str | None) -> None:
    # One segment below, some of them have a variable.
    for depth in range(2, DEPTH):
        path = prefix + "/nowhere" * depth
        reply = world.request("GET", path, key=key)
        assert (reply.status, own_shape(f"GET {path}", reply)) == (404, True), path
        assert error_text(reply.json) in NOT_FOUND


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_a_method_that_a_path_does_not_have_is_a_405_that_names_those_it_has(world: World, path: str) -> None:
    here = {method.upper() for method in METHODS if method in DOCUMENT["paths"][path]}
    here |= {"HEAD"} if "GET" in here else set()
    target = path.replace("{", "").replace("}", "")
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"} - here:
        reply = world.request(method, target)
        assert (reply.status, set(reply.headers["allow"].split(", "))) == (405, here), method
        assert method == "HEAD" or own_shape(f"{method} {target}", reply)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/health/", 200),
        ("/openapi.json/", 200),
        ("/v1/tasks/", 401),
        ("/v1/nowhere/", 404),
        ("/v1/tasks/a%2Fb", 401),
        ("/v1/tasks/%2e%2e", 401),
        ("/v1%2Ftasks", 404),
        ("/api/hello%2Fworld", 405),
        ("/api/v1/tasks%20", 404),
    ],
)
def test_slashes_at_the_end_and_slashes_in_disguise(world: World, target: str, status: int) -> None:
    assert world.request("GET", target).status == status


@pytest.mark.parametrize("path", ["/health", "/openapi.json", "/v1/tasks", "/nowhere", "/api/v1/tasks"])
def test_a_head_tells_the_length_of_its_get(world: World, path: str) -> None:
    got, head = world.request("GET", path), world.request("HEAD", path)
    same = ("content-length", "content-type")
    assert (head.status, head.body) == (got.status, b"")
    assert [head.headers[name] for name in same] == [got.headers[name] for name in same]


@pytest.mark.parametrize(
    ("method", "target", "status", "body"),
    [
        ("GET", "/v1/tasks", 418, b"{}"),
        ("GET", "/v1/tasks", 401, b'{"error":1}'),
        ("GET", "/nowhere", 200, b"{}"),
        ("GET", "/api/tasks/1", 404, b'{"error":"Not found"}'),
    ],
)
def test_an_answer_that_no_description_names_is_seen(method: str, target: str, status: int, body: bytes) -> None:
    with pytest.raises(UndescribedError):
        witness(method, target, Reply(status, {"content-type": "application/json"}, body))


def test_every_prefix_has_a_shape() -> None:
    shapes: dict[str, Any] = {prefix: resolved({"$ref": otherwise(f"GET {prefix}/x")}) for prefix in PREFIXES}
    assert all("application/json" in shape["content"] for shape in shapes.values())
