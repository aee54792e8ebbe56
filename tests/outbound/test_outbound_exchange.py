"""One exchange with a well-behaved server: what goes over the wire, and what comes back."""

from __future__ import annotations

import socket
import ssl
from ipaddress import ip_address

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outbound_scripts import OK, ScriptedDialler, ScriptedResolver
from outbound_servers import Authority, Server, answering
from outbound_vectors import Vector, allowed, allowed_hosts

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.domain.headers import check_headers
from chalicelib.outbound.client import Client, dial
from chalicelib.outbound.door import Door
from chalicelib.outbound.guard import Guard
from chalicelib.outbound.networks import Address


def on_the_wire(request: Request) -> tuple[list[tuple[str, str]], bytes]:
    """The headers and body of `request`, read back by a server's parser."""
    with ScriptedDialler(lambda _: OK) as dialler:
        Door(Guard(), ScriptedResolver({"example.com": [["1.1.1.1"]]}), Client(dialler)).send(request, timeout_s=5)
        octets = dialler.sent()[0]
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(octets)
    head = parser.next_event()
    assert isinstance(head, h11.Request)
    body = b""
    while isinstance(event := parser.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert parser.trailing_data[0] == b""
    return [(name.decode(), value.decode()) for name, value in head.headers.raw_items()], body


def test_a_request_goes_out_as_it_was_given(local_door: Door) -> None:
    with Server(answering(OK)) as server:
        outcome = local_door.send(
            Request("POST", server.url + "/ü?a=%20", (("Content-Type", "text/plain"), ("X-A", " b ")), b"hello"),
            timeout_s=5,
        )

    (seen,) = server.requests
    assert isinstance(outcome, Answer)
    assert (seen.method, seen.target, seen.body) == ("POST", "/%C3%BC?a=%20", b"hello")
    assert seen.headers == {
        "host": f"127.0.0.1:{server.port}",
        "content-type": "text/plain",
        "x-a": "b",
        "accept-encoding": "identity",
        "content-length": "5",
        "connection": "close",
    }


def test_framing_and_the_host_are_not_the_callers() -> None:
    theirs = [
        ("Host", "internal"),
        ("content-length", "99"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "keep-alive"),
        ("Accept-Encoding", "gzip"),
    ]
    headers, body = on_the_wire(Request("PUT", "http://example.com:8080/", tuple(theirs), b"x"))

    assert body == b"x"
    assert headers == [
        ("Host", "example.com:8080"),
        ("Accept-Encoding", "identity"),
        ("Content-Length", "1"),
        ("Connection", "close"),
    ]


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [("GET", None, None), ("DELETE", None, None), ("POST", None, "0"), ("POST", b"", "0"), ("DELETE", b"xy", "2")],
)
def test_a_missing_body_is_announced_where_one_is_expected(method: str, body: bytes | None, length: str | None) -> None:
    headers, _ = on_the_wire(Request(method, "http://example.com/", (), body))

    assert dict(headers).get("Content-Length") == length


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "http://example.com/", (("X-A", "b\r\nX-B: c"),)),
        Request("GET", "http://example.com/", (("X-A", "\u560a\u560d"),)),
        Request("GET", "http://example.com/", (("X A", "b"),)),
        Request("GET / HTTP/1.1\r\nX: y", "http://example.com/"),
        Request("", "http://example.com/"),
    ],
)
def test_what_cannot_go_on_the_wire_is_an_error_before_anything_is_dialled(request_: Request) -> None:
    with ScriptedDialler(lambda _: OK) as dialler:
        door = Door(Guard(), ScriptedResolver({"example.com": [["1.1.1.1"]]}), Client(dialler))
        with pytest.raises(ValueError, match="cannot be sent"):
            door.send(request_, timeout_s=5)
    assert dialler.dialled == []


@settings(deadline=None, max_examples=200, database=None)
@given(
    st.dictionaries(
        st.one_of(st.text(max_size=8), st.text("abXY-_!", min_size=1, max_size=8)),
        st.one_of(st.text(max_size=12), st.text("ab \t:,;=\"'", max_size=12)),
        max_size=6,
    )
)
def test_headers_that_pass_the_check_arrive_and_nothing_else_does(headers: dict[str, str]) -> None:
    if check_headers(headers) is not None:
        headers = {}
    seen, _ = on_the_wire(Request("GET", "http://example.com/", tuple(headers.items())))

    ours = {"Host", "Accept-Encoding", "Connection"}
    assert [(name, value) for name, value in seen if name not in ours] == [
        (name, value.strip(" \t")) for name, value in headers.items()
    ]


@pytest.mark.parametrize("vector", allowed())
def test_allowed_urls_are_called_at_their_address_under_their_name(vector: Vector, authority: Authority) -> None:
    dialled: list[str] = []
    names_asked_for: list[str | None] = []
    tls = authority.serving(allowed_hosts())

    def note_the_name(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> None:
        names_asked_for.append(name)

    tls.sni_callback = note_the_name

    def dial_the_stand_in(address: Address, port: int, timeout_s: float) -> socket.socket:
        assert port == 443
        dialled.append(str(address))
        if str(address) == "93.184.216.35":
            raise ConnectionRefusedError
        return dial(ip_address("127.0.0.1"), server.port, timeout_s)

    resolver = ScriptedResolver(vector["dns"])
    with Server(answering(OK), tls) as server:
        door = Door(Guard(), resolver, Client(dial_the_stand_in, authority.trusting()))
        outcome = door.send(Request("POST", vector["url"], (), b"{}"), timeout_s=5)

    (name,) = vector["dns"] or [None]
    literal = vector["url"].split("/")[2]
    assert isinstance(outcome, Answer)
    assert names_asked_for == [name]
    assert server.requests[0].headers["host"] == (name or literal)
    if name is None:
        assert dialled == [literal]
    else:
        assert resolver.look_ups == [name]
        assert dialled == vector["dns"][name][0][: len(dialled)]


def test_an_answer_is_kept_as_it_came(local_door: Door) -> None:
    raw = (
        b"HTTP/1.1 418 I'm a\x1b[31m teapot\r\nX-One: 1\r\nContent-Encoding: gzip\r\nx-one: \xe9\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n3\r\n\x1f\x8b\xff\r\n2;ext=1\r\nab\r\n0\r\n\r\n"
    )
    with Server(answering(raw)) as server:
        outcome = local_door.send(Request("GET", server.url), timeout_s=5)

    assert outcome == Answer(
        status=418,
        reason="I'm a?[31m teapot",
        headers=(
            ("x-one", "1"),
            ("content-encoding", "gzip"),
            ("x-one", "é"),
            ("transfer-encoding", "chunked"),
        ),
        body=b"\x1f\x8b\xffab",
    )


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 16 + OK, b"ok"),
        (b"HTTP/1.1 200\r\ncontent-length: 1\r\n\r\nx", b"x"),
        (b"HTTP/1.1 200 OK\nX-A: b\n  folded\nContent-Length: 1\n\nx", b"x"),
    ],
)
def test_old_and_odd_answers_are_read(local_door: Door, raw: bytes, body: bytes) -> None:
    with Server(answering(raw)) as server:
        outcome = local_door.send(Request("GET", server.url), timeout_s=5)

    assert isinstance(outcome, Answer)
    assert outcome.body == body
    assert not any("\n" in value or "\r" in value for _, value in outcome.headers)


def test_the_answer_to_head_has_no_body(local_door: Door) -> None:
    with Server(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")) as server:
        outcome = local_door.send(Request("HEAD", server.url), timeout_s=5)

    assert isinstance(outcome, Answer)
    assert (outcome.status, outcome.body) == (200, b"")


@pytest.mark.parametrize(("size", "truncated"), [(9, False), (10, False), (11, True)])
def test_a_body_is_cut_at_its_limit(local_door: Door, size: int, truncated: bool) -> None:
    raw = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size
    with Server(answering(raw)) as server:
        outcome = local_door.send(Request("GET", server.url), timeout_s=5, max_body_bytes=10)

    assert isinstance(outcome, Answer)
    assert (outcome.body, outcome.truncated) == (b"x" * min(size, 10), truncated)


@pytest.mark.parametrize(
    ("status", "header"),
    [(401, b"WWW-Authenticate: Basic realm=x"), (407, b"Proxy-Authenticate: Basic realm=x"), (429, b"Retry-After: -1")],
)
def test_challenges_are_answers_and_never_met(
    local_door: Door,
    status: int,
    header: bytes,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / ".netrc").write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NETRC", str(home / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    raw = f"HTTP/1.1 {status} No\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n".encode() + header + b"\r\n\r\n"

    with Server(answering(raw)) as server:
        outcomes = [local_door.send(Request("GET", server.url), timeout_s=5) for _ in range(2)]

    assert [outcome.status for outcome in outcomes if isinstance(outcome, Answer)] == [status, status]
    assert [set(seen.headers) for seen in server.requests] == [{"host", "accept-encoding", "connection"}] * 2


def test_an_early_answer_counts_though_the_request_was_not_read() -> None:
    answer = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"
    with ScriptedDialler(lambda _: answer, deaf=True) as dialler:
        door = Door(Guard(), ScriptedResolver({}), Client(dialler))
        outcome = door.send(Request("POST", "http://1.1.1.1/", (), b"x" * 1_000_000), timeout_s=5)

    assert isinstance(outcome, Answer)
    assert outcome.status == 413


def test_a_closed_port_refuses(local_door: Door, unused_port: int) -> None:
    outcome = local_door.send(Request("GET", f"http://127.0.0.1:{unused_port}/"), timeout_s=5)

    assert outcome == NoAnswer(Failure.REFUSED)
