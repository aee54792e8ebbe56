"""Browsers of other origins: closed unless the deployment names them."""

from __future__ import annotations

from world import World

PREFLIGHT = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}


def test_no_other_origin_is_let_in_unless_it_is_named() -> None:
    with World() as world:
        _, key = world.team()
        reply = world.request("GET", "/v1/tasks", key=key, headers={"Origin": "https://app.example"})
        assert not [name for name in reply.headers if name.startswith("access-control")]
        assert world.request("OPTIONS", "/v1/tasks", headers=PREFLIGHT).status == 405


def test_an_origin_that_is_named_may_ask_and_read_the_limits() -> None:
    with World(cors_allow_origins=("https://app.example",)) as world:
        _, key = world.team()
        preflight = world.request("OPTIONS", "/v1/tasks", headers=PREFLIGHT)
        assert preflight.status == 204
        assert preflight.headers["access-control-allow-origin"] == "https://app.example"
        assert "Idempotency-Key" in preflight.headers["access-control-allow-headers"]
        reply = world.request("GET", "/v1/tasks", key=key, headers={"Origin": "https://app.example"})
        assert "Retry-After" in reply.headers["access-control-expose-headers"]
        assert reply.headers["vary"] == "Origin"


def test_an_origin_that_is_not_named_is_not_let_in_beside_one_that_is() -> None:
    with World(cors_allow_origins=("https://app.example",)) as world:
        reply = world.request("OPTIONS", "/v1/tasks", headers={**PREFLIGHT, "Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in reply.headers
