"""Servers that stall, flood, lie and break off: every exchange ends in time, and no cut answer counts as one."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from time import monotonic

import pytest
from outbound_servers import Authority, Behaviour, Conversation, Server, answering

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.outbound.client import Client
from chalicelib.outbound.door import Door
from chalicelib.outbound.guard import Guard
from chalicelib.outbound.networks import Address
from chalicelib.outbound.resolver import SystemResolver

LIMIT_S = 0.4
GRACE_S = 1.0

HEAD = b"HTTP/1.1 200 OK\r\n"


def send(door: Door, url: str) -> Answer | NoAnswer:
    """One exchange that must be over a second after its deadline at the latest."""
    started_s = monotonic()
    outcome = door.send(Request("POST", url, (("X-A", "b"),), b"hello"), timeout_s=LIMIT_S)
    assert monotonic() - started_s < LIMIT_S + GRACE_S
    return outcome


def silent(conversation: Conversation) -> None:
    conversation.wait()


def drip(prefix: bytes, drop: bytes) -> Behaviour:
    def behave(conversation: Conversation) -> None:
        conversation.read_request()
        conversation.say(prefix)
        while not conversation.over:
            conversation.say(drop)
            conversation.wait(0.02)

    return behave


def flood(prefix: bytes, wave: bytes) -> Behaviour:
    def behave(conversation: Conversation) -> None:
        conversation.read_request()
        conversation.say(prefix)
        while not conversation.over:
            conversation.say(wave)

    return behave


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(silent, id="never sends a byte"),
        pytest.param(drip(b"", b"H"), id="drips a status line"),
        pytest.param(drip(HEAD + b"X-A: ", b"a"), id="drips a header"),
        pytest.param(drip(HEAD + b"Content-Length: 9999\r\n\r\n", b"a"), id="drips a sized body"),
        pytest.param(drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"), id="drips chunks"),
        pytest.param(drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;", b"a"), id="drips a chunk extension"),
        pytest.param(drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"), id="drips trailers"),
        pytest.param(drip(b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n"), id="drips an interim response"),
    ],
)
def test_a_slow_answer_ends_at_the_deadline(local_door: Door, behaviour: Behaviour) -> None:
    with Server(behaviour) as server:
        assert send(local_door, server.url) == NoAnswer(Failure.TIMED_OUT)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(flood(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), id="endless interim responses"),
        pytest.param(flood(HEAD, b"X-A: b\r\n" * 1000), id="endless headers"),
        pytest.param(flood(HEAD + b"X-A: ", b"a" * 9000), id="an endless header"),
        pytest.param(flood(b"", b"a" * 9000), id="an endless status line"),
        pytest.param(
            flood(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a" * 9000), id="an endless chunk extension"
        ),
        pytest.param(
            flood(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 900), id="endless trailers"
        ),
    ],
)
def test_a_flood_before_or_around_the_body_is_no_answer(local_door: Door, behaviour: Behaviour) -> None:
    with Server(behaviour) as server:
        assert send(local_door, server.url) == NoAnswer(Failure.RESET)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(flood(b"HTTP/1.0 200 OK\r\n\r\n", b"a" * 65536), id="until the end"),
        pytest.param(flood(HEAD + b"Content-Length: 10000000000\r\n\r\n", b"a" * 65536), id="10 GB"),
        pytest.param(
            flood(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"a" * 65536 + b"\r\n"), id="chunks"
        ),
    ],
)
def test_of_an_endless_body_the_beginning_is_kept(local_door: Door, behaviour: Behaviour) -> None:
    with Server(behaviour) as server:
        outcome = send(local_door, server.url)

    assert isinstance(outcome, Answer)
    assert outcome.truncated
    assert outcome.body == b"a" * 256 * 1024


def test_an_endless_body_does_not_fill_the_memory(local_door: Door) -> None:
    with Server(flood(b"HTTP/1.0 200 OK\r\n\r\n", b"a" * 65536)) as server:
        gc.collect()
        tracemalloc.start()
        try:
            send(local_door, server.url)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak_bytes < 4 * 1024 * 1024


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="before anything"),
        pytest.param(b"HTTP/1.1 20", id="in the status line"),
        pytest.param(HEAD, id="after the status line"),
        pytest.param(HEAD + b"Content-Le", id="in a header"),
        pytest.param(HEAD + b"Content-Length: 5\r\n", id="before the empty line"),
        pytest.param(HEAD + b"Content-Length: 5\r\n\r\n", id="before a sized body"),
        pytest.param(HEAD + b"Content-Length: 10000000000\r\n\r\na", id="in a sized body"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", id="before the first chunk"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", id="in a chunk"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", id="between chunks"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", id="before the last empty line"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", id="after an interim response"),
        pytest.param(b"HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 5\r\n\r\na", id="in a redirect"),
    ],
)
def test_a_cut_answer_is_no_answer(local_door: Door, raw: bytes) -> None:
    with Server(answering(raw)) as server:
        assert send(local_door, server.url) == NoAnswer(Failure.RESET)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="another protocol"),
        pytest.param(b"<html>hello</html>\r\n\r\n", id="HTTP/0.9"),
        pytest.param(b"HTTP/2 200 OK\r\n\r\n", id="another version"),
        pytest.param(b"HTTP/1.1 2xx OK\r\n\r\n", id="no status"),
        pytest.param(HEAD + b"no colon\r\n\r\n", id="no header"),
        pytest.param(HEAD + b"X A: b\r\n\r\n", id="a space in a name"),
        pytest.param(HEAD + b"X-A: \x00\r\n\r\n", id="a NUL in a value"),
        pytest.param(HEAD + b"Content-Length: -1\r\n\r\n", id="a negative length"),
        pytest.param(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", id="two lengths"),
        pytest.param(HEAD + b"Transfer-Encoding: gzip\r\n\r\n", id="an unknown transfer coding"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", id="no chunk size"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", id="a wrong chunk size"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", id="a switch nobody asked for"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" * 17 + HEAD + b"\r\n", id="too many interim responses"),
    ],
)
def test_what_is_not_http_is_no_answer(local_door: Door, raw: bytes) -> None:
    with Server(answering(raw)) as server:
        assert send(local_door, server.url) == NoAnswer(Failure.RESET)


def test_a_body_that_nobody_reads_ends_at_the_deadline(local_door: Door) -> None:
    started_s = monotonic()
    with Server(silent) as server:
        outcome = local_door.send(Request("POST", server.url, (), b"x" * 20_000_000), timeout_s=LIMIT_S)

    assert outcome == NoAnswer(Failure.TIMED_OUT)
    assert monotonic() - started_s < LIMIT_S + GRACE_S


def test_a_handshake_that_never_ends_ends_at_the_deadline(local_door: Door) -> None:
    with Server(silent) as server:
        assert send(local_door, server.url.replace("http", "https")) == NoAnswer(Failure.TIMED_OUT)


def test_a_handshake_in_drops_ends_at_the_deadline(local_door: Door) -> None:
    def drip_a_record(conversation: Conversation) -> None:
        conversation.say(b"\x16\x03\x03\x10\x00\x02\x00\x0f\xfc")
        while not conversation.over:
            conversation.say(b"\x00")
            conversation.wait(0.02)

    with Server(drip_a_record) as server:
        assert send(local_door, server.url.replace("http", "https")) == NoAnswer(Failure.TIMED_OUT)


def test_an_answer_in_drops_over_tls_ends_at_the_deadline(local_door: Door, authority: Authority) -> None:
    with Server(drip(HEAD + b"X-A: ", b"a"), authority.serving(["127.0.0.1"])) as server:
        assert send(local_door, server.url.replace("http", "https")) == NoAnswer(Failure.TIMED_OUT)


def test_a_name_service_that_never_answers_ends_at_the_deadline(authority: Authority) -> None:
    released = threading.Event()

    def never(name: str) -> tuple[Address, ...]:
        released.wait(10)
        return ()

    try:
        assert send(Door(Guard(), SystemResolver(never), Client()), "http://example.com/") == NoAnswer(
            Failure.TIMED_OUT
        )
    finally:
        released.set()
