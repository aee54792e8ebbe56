"""Tokens of servers that are not quite like ours."""

from __future__ import annotations

from typing import Any

import pytest
from places import Misbehaving, Twin, answer

from astraflow_sdk import AuthenticationError, UnexpectedAnswerError

TASKS = answer(200, '{"tasks": [], "page": 1, "total": 0}')
REFUSED = answer(401, '{"code": 401, "error": "Unauthorized", "message": "Who?"}')


def token(body: str) -> bytes:
    return answer(200, body)


class Waiting:
    """A client with credentials, and a clock that a test moves."""

    def __init__(self, twin: Twin, server: Misbehaving) -> None:
        self.now = 0.0
        ambient = twin.ambient(lambda: self.now, lambda seconds: None)
        self.client: Any = twin.sdk.AstraClient(
            client_id="a b", client_secret="c:d%", base_url=server.url, ambient=ambient
        )
        self._twin = twin
        self._server = server

    def ask(self) -> list[str]:
        """The paths that one call asked for."""
        before = len(self._server.received)
        self._twin.run(self.client.get_tasks())
        return [request.split()[1].decode() for request in self._server.received[before:]]


def test_a_short_life_is_used_to_nine_tenths(twin: Twin) -> None:
    short = token('{"access_token": "t1", "token_type": "Bearer", "expires_in": 10}')
    with Misbehaving([short, TASKS, TASKS, short, TASKS]).up() as server:
        waiting = Waiting(twin, server)
        assert waiting.ask() == ["/oauth/token", "/api/v1/tasks"]
        waiting.now = 8.9
        assert waiting.ask() == ["/api/v1/tasks"]
        waiting.now = 9.1
        assert waiting.ask() == ["/oauth/token", "/api/v1/tasks"]
        twin.run(waiting.client.close())


def test_a_life_of_unknown_length_lasts_until_it_is_refused(twin: Twin) -> None:
    endless = token('{"access_token": "t1", "token_type": "Bearer"}')
    with Misbehaving([endless, TASKS, TASKS, REFUSED, endless, TASKS]).up() as server:
        waiting = Waiting(twin, server)
        waiting.ask()
        waiting.now = 1e9
        assert waiting.ask() == ["/api/v1/tasks"]
        assert waiting.ask() == ["/api/v1/tasks", "/oauth/token", "/api/v1/tasks"]
        twin.run(waiting.client.close())


def test_a_new_token_that_is_refused_too_is_the_end(twin: Twin) -> None:
    fresh = token('{"access_token": "t1", "token_type": "Bearer", "expires_in": 3600}')
    with Misbehaving([fresh, REFUSED, fresh, REFUSED]).up() as server:
        waiting = Waiting(twin, server)
        with pytest.raises(AuthenticationError):
            waiting.ask()
        assert len(server.received) == 4
        twin.run(waiting.client.close())


@pytest.mark.parametrize("body", ["{}", "[]", '{"access_token": ""}', '{"access_token": 5}', "<html>"])
def test_an_answer_without_a_token_is_none(twin: Twin, body: str) -> None:
    with Misbehaving([token(body)]).up() as server:
        waiting = Waiting(twin, server)
        with pytest.raises(UnexpectedAnswerError):
            waiting.ask()
        twin.run(waiting.client.close())


def test_id_and_secret_are_encoded_before_they_are_joined(twin: Twin) -> None:
    with Misbehaving([REFUSED]).up() as server:
        waiting = Waiting(twin, server)
        with pytest.raises(AuthenticationError):
            waiting.ask()
        # "a+b:c%3Ad%25" in base64 (RFC 6749, section 2.3.1).
        assert b"Basic YStiOmMlM0FkJTI1" in server.received[0]
        twin.run(waiting.client.close())
