"""What happens when the network or a server fails: over real sockets, with time that passes by itself."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import Misbehaving, Twin, answer

from astraflow_sdk import (
    APIConnectionError,
    APITimeoutError,
    AstraError,
    NotFoundError,
    RateLimitError,
    ServerError,
)
from astraflow_sdk._ask import Ask
from astraflow_sdk._repeats import Repeats

TASK = '{"task": {"id": "1", "status": "pending"}}'
HOOK = "https://api.example.com/webhook"


class Client:
    """A client whose pauses take no time, and are written down."""

    def __init__(self, twin: Twin, url: str, chance: float = 0.5, **options: Any) -> None:
        self._twin = twin
        self.pauses: list[float] = []
        self._now = 0.0
        ambient = twin.ambient(lambda: self._now, self._sleep, chance)
        self.queue = twin.sdk.AsyncQueueClient("key", base_url=url, ambient=ambient, **options)
        self.astra = twin.sdk.AstraClient("token", base_url=url, ambient=ambient, **options)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self.queue, self.astra):
            self._twin.run(each.close())

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._now += seconds


def test_a_connection_that_breaks_is_made_again(twin: Twin) -> None:
    with Misbehaving([b"", b"HTTP/1.1 200 OK\r\nContent-Le", answer(200, TASK)]).up() as server:
        with Client(twin, server.url) as client:
            assert twin.run(client.queue.get_task("1")).id == "1"
        assert len(server.received) == 3
        assert client.pauses == [0.25, 0.5]


def test_the_last_failure_is_told(twin: Twin) -> None:
    with Misbehaving([b""]).up() as server, Client(twin, server.url) as client:
        with pytest.raises(APIConnectionError, match="GET /v1/tasks/1: ") as raised:
            twin.run(client.queue.get_task("1"))
        assert raised.value.sent
        assert len(server.received) == 3


def test_nobody_listens(twin: Twin) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with Client(twin, url) as client:
            with pytest.raises(APIConnectionError) as raised:
                twin.run(client.astra.create_task("New"))
            assert not raised.value.sent
            # It certainly made no task, so even this is sent again.
            assert len(client.pauses) == 2


def test_silence_ends_after_the_timeout(twin: Twin) -> None:
    with Misbehaving([None]).up() as server, Client(twin, server.url, timeout=0.3, max_retries=1) as client:
        with pytest.raises(APITimeoutError) as raised:
            twin.run(client.queue.get_task("1"))
        assert isinstance(raised.value, TimeoutError)
        assert len(server.received) == 2


def test_an_answer_that_is_held_back_on_purpose_is_waited_for(twin: Twin) -> None:
    slow = Misbehaving([answer(200, TASK)], held_s=0.7)
    with slow.up() as server, Client(twin, server.url, timeout=0.4, max_retries=0) as client:
        assert twin.run(client.queue.get_task("1", wait=5)).id == "1"
        assert b"GET /v1/tasks/1?wait=5 " in server.received[0]


def test_what_may_have_had_an_effect_is_not_sent_again_without_a_key(twin: Twin) -> None:
    for first in (b"", answer(500), answer(503, Retry_After="1"), answer(504)):
        with Misbehaving([first, answer(201)]).up() as server, Client(twin, server.url) as client:
            with pytest.raises(AstraError):
                twin.run(client.queue._post("/v1/anything", {}))
            assert len(server.received) == 1


def test_what_has_a_key_is_sent_again_under_it(twin: Twin) -> None:
    script = [b"", answer(500), answer(201, TASK)]
    with Misbehaving(script).up() as server, Client(twin, server.url) as client:
        twin.run(client.queue.create_task(HOOK))
        keys = {_header(request, b"idempotency-key") for request in server.received}
        assert len(server.received) == 3
        assert len(keys) == 1
        assert keys != {None}


def test_a_request_that_was_not_let_in_is_sent_again_whatever_it_is(twin: Twin) -> None:
    script = [answer(429, Retry_After="7"), answer(201, "{}")]
    with Misbehaving(script).up() as server, Client(twin, server.url) as client:
        assert twin.run(client.queue._post("/v1/anything", {})).json() == {}
        assert client.pauses == [7.25]


def test_a_server_that_asks_for_too_much_patience_is_not_waited_for(twin: Twin) -> None:
    with Misbehaving([answer(429, Retry_After="121")]).up() as server, Client(twin, server.url) as client:
        with pytest.raises(RateLimitError) as refused:
            twin.run(client.queue.get_task("1"))
        assert refused.value.retry_after == 121
        assert client.pauses == []


def test_a_date_to_come_back_at_is_understood(twin: Twin) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    script = [answer(503, Retry_After=then), answer(200, TASK)]
    with Misbehaving(script).up() as server, Client(twin, server.url, chance=0) as client:
        twin.run(client.queue.get_task("1"))
        assert 55 < client.pauses[0] <= 60


def test_patience_is_not_outlasted_by_a_pause(twin: Twin) -> None:
    with Misbehaving([answer(503, Retry_After="100")]).up() as server, Client(twin, server.url) as client:
        with pytest.raises(ServerError):
            twin.run(client.queue.wait("1", timeout=30))
        assert client.pauses == []


def test_a_server_that_holds_nothing_back_is_not_pestered(twin: Twin) -> None:
    done = '{"task": {"id": "1", "status": "completed", "completedAt": "2024-01-15T10:30:00.000Z"}}'
    script = [answer(200, TASK)] * 4 + [answer(200, done)]
    with Misbehaving(script).up() as server, Client(twin, server.url) as client:
        twin.run(client.queue.wait("1"))
        assert client.pauses == [1, 1, 1, 1]


def test_a_refusal_is_final(twin: Twin) -> None:
    with Misbehaving([answer(404, '{"error": "Task not found"}')]).up() as server, Client(twin, server.url) as client:
        with pytest.raises(NotFoundError) as refused:
            twin.run(client.queue.get_task("1"))
        assert (len(server.received), refused.value.uncertain) == (1, False)


def test_a_refusal_after_a_failure_says_that_the_first_attempt_may_have_worked(twin: Twin) -> None:
    script = [b"", answer(404, '{"error": "Task not found"}')]
    with Misbehaving(script).up() as server, Client(twin, server.url) as client:
        with pytest.raises(NotFoundError) as refused:
            twin.run(client.queue.get_task("1"))
        assert refused.value.uncertain


def test_no_retries_are_no_retries(twin: Twin) -> None:
    with Misbehaving([answer(500), answer(200, TASK)]).up() as server, Client(twin, server.url) as client:
        hasty = client.queue.with_options(max_retries=0)
        with pytest.raises(ServerError):
            twin.run(hasty.get_task("1"))
        assert len(server.received) == 1
        assert twin.run(client.queue.get_task("1")).id == "1"


def test_a_redirect_is_not_followed_with_the_key(twin: Twin) -> None:
    with Misbehaving([answer(200, TASK)]).up() as elsewhere:
        moved = answer(308, "", Location=f"{elsewhere.url}/v1/tasks/1")
        told = pytest.raises(AstraError, match=r"308: The server redirects; name the address .* as base_url")
        with Misbehaving([moved]).up() as server, Client(twin, server.url) as client, told:
            twin.run(client.queue.get_task("1"))
        assert elsewhere.received == []


def test_the_way_to_the_next_page_leads_nowhere_else(twin: Twin) -> None:
    listed = '{"tasks": [{"id": "1", "status": "active"}], "page": 1, "total": 2}'
    with Misbehaving([answer(200, listed)]).up() as elsewhere:
        linked = answer(200, listed, Link=f'<{elsewhere.url}/api/v1/tasks?page=2>; rel="next"')
        with Misbehaving([linked]).up() as server, Client(twin, server.url) as client:
            page = twin.run(client.astra.get_tasks())
            twin.run(page.next_page())
            assert server.received[1].startswith(b"GET /api/v1/tasks?page=2 ")
        assert elsewhere.received == []


@given(made=st.integers(0, 50), chance=st.floats(0, 1))
def test_pauses_are_drawn_between_nothing_and_twice_the_one_before(made: int, chance: float) -> None:
    repeats = Repeats(Ask(method="GET", path="/"), 100, lambda: chance, made=made)

    pause_s = repeats.pause_s(APIConnectionError("no answer", sent=True), 0)

    assert pause_s == pytest.approx(chance * min(8, 0.5 * 2**made))


@given(asked=st.floats(0, 120), chance=st.floats(0, 1))
def test_no_pause_is_shorter_than_the_server_asks_for(asked: float, chance: float) -> None:
    repeats = Repeats(Ask(method="GET", path="/"), 2, lambda: chance)

    pause_s = repeats.pause_s(RateLimitError("too many", status=429, retry_after=asked), 0)

    assert pause_s is not None
    assert asked <= pause_s <= asked + 0.5


def _header(request: bytes, name: bytes) -> bytes | None:
    lines = request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    found = {line.partition(b":")[0].lower(): line.partition(b":")[2].strip() for line in lines}
    return found.get(name)
