"""Redirects are followed as `fetch` does."""

from __future__ import annotations

import pytest
from outbound_scripts import OK, redirect_to
from outbound_servers import Conversation, Seen, Server, answering

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.outbound.door import Door

HEADERS = (
    ("Authorization", "Bearer secret"),
    ("Cookie", "a=b"),
    ("Proxy-Authorization", "Basic secret"),
    ("Content-Type", "text/plain"),
    ("Content-Language", "en"),
    ("X-Kept", "1"),
)


def follow(door: Door, server: Server, method: str = "POST") -> tuple[Answer | NoAnswer, Seen]:
    body = None if method in {"GET", "HEAD"} else b"hello"
    outcome = door.send(Request(method, server.url + "/start", HEADERS, body), timeout_s=5)
    return outcome, server.requests[-1]


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "DELETE", "GET"),
        (301, "PUT", "PUT"),
        (302, "PATCH", "PATCH"),
        (302, "DELETE", "DELETE"),
        (307, "POST", "POST"),
        (308, "PUT", "PUT"),
        (301, "GET", "GET"),
        (303, "GET", "GET"),
        (303, "HEAD", "HEAD"),
        (302, "HEAD", "HEAD"),
    ],
)
def test_method_and_body_after_a_redirect(local_door: Door, status: int, method: str, then: str) -> None:
    with Server(answering(redirect_to("/end", status), OK)) as server:
        outcome, last = follow(local_door, server, method)

    assert isinstance(outcome, Answer)
    assert outcome.status == 200
    assert (last.method, last.target) == (then, "/end")
    assert last.headers["x-kept"] == "1"
    keeps_body = then == method and method not in {"GET", "HEAD"}
    assert last.body == (b"hello" if keeps_body else b"")
    assert ("content-length" in last.headers) is keeps_body
    if then != method:
        assert not {"content-type", "content-language"} & last.headers.keys()


@pytest.mark.parametrize("status", [302, 307])
def test_credentials_stay_with_their_origin(local_door: Door, status: int) -> None:
    with Server(answering(OK)) as elsewhere:
        with Server(answering(redirect_to(elsewhere.url + "/end", status))) as server:
            follow(local_door, server)
        assert server.requests[0].headers["authorization"] == "Bearer secret"
        assert elsewhere.requests[0].headers["host"] == f"127.0.0.1:{elsewhere.port}"
        assert elsewhere.requests[0].headers["x-kept"] == "1"
        assert not {"authorization", "cookie", "proxy-authorization"} & elsewhere.requests[0].headers.keys()


def test_another_name_for_the_same_server_is_another_origin(local_door: Door) -> None:
    def to_the_name_and_back(conversation: Conversation) -> None:
        seen = conversation.read_request()
        if seen.target == "/start":
            conversation.say(redirect_to(f"http://localhost:{server.port}/named"))
        elif seen.target == "/named":
            conversation.say(redirect_to(f"{server.url}/back"))
        else:
            conversation.say(OK)

    with Server(to_the_name_and_back) as server:
        follow(local_door, server)

    start, named, back = server.requests
    assert "authorization" in start.headers
    assert "authorization" not in named.headers
    assert "authorization" not in back.headers


def test_credentials_are_kept_on_one_origin(local_door: Door) -> None:
    with Server(answering(redirect_to("end"), OK)) as server:
        _, last = follow(local_door, server)

    assert last.headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("end", "/a/end"),
        ("/end?x=1#part", "/end?x=1"),
        ("?x=1", "/a/b?x=1"),
        ("../end", "/end"),
        ("", "/a/b"),
        ("a[:", "/a/a[:"),
        ("/é", "/%C3%A9"),
    ],
)
def test_a_location_is_read_against_the_current_url(local_door: Door, location: str, target: str) -> None:
    with Server(answering(redirect_to(location), OK)) as server:
        local_door.send(Request("GET", server.url + "/a/b"), timeout_s=5)

    assert server.requests[-1].target == target


@pytest.mark.parametrize(
    "location",
    [
        "ftp://127.0.0.1/",
        "mailto:a@b",
        "http://[::1",
        "http://",
        "http:end",
        "http:/127.0.0.1/",
        "http:///127.0.0.1/",
        "///127.0.0.1/",
        "//user@127.0.0.1/",
        "/a b",
        "/a\tb",
        "\\\\host",
        "//[",
    ],
)
def test_a_location_that_is_no_http_url_ends_the_exchange(local_door: Door, location: str) -> None:
    with Server(answering(redirect_to(location))) as server:
        assert follow(local_door, server)[0] == NoAnswer(Failure.REDIRECT)
    assert len(server.requests) == 1


def test_a_blocked_location_is_reported_as_blocked(local_door: Door) -> None:
    with Server(answering(redirect_to("http://169.254.169.254/latest/meta-data/"))) as server:
        assert follow(local_door, server)[0] == NoAnswer(Failure.BLOCKED)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 302 Found\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\nLocation: /x\r\n\r\n"]
)
def test_a_redirect_to_nowhere_is_a_final_answer(local_door: Door, answer: bytes) -> None:
    with Server(answering(answer)) as server:
        outcome, _ = follow(local_door, server)

    assert isinstance(outcome, Answer)
    assert outcome.status in {302, 304}
    assert len(server.requests) == 1


def test_twenty_redirects_are_followed(local_door: Door) -> None:
    with Server(answering(*[redirect_to("/again")] * 20, OK)) as server:
        outcome, _ = follow(local_door, server)

    assert isinstance(outcome, Answer)
    assert len(server.requests) == 21


def test_a_loop_of_redirects_ends(local_door: Door) -> None:
    with Server(answering(redirect_to("/start"))) as server:
        outcome, _ = follow(local_door, server)

    assert outcome == NoAnswer(Failure.REDIRECT)
    assert len(server.requests) == 21


def test_redirects_are_answers_where_they_are_not_wanted(local_door: Door) -> None:
    with Server(answering(redirect_to("/end"))) as server:
        outcome = local_door.send(Request("POST", server.url), timeout_s=5, follow_redirects=False)

    assert isinstance(outcome, Answer)
    assert outcome.status == 302
    assert len(server.requests) == 1


def test_all_hops_share_one_deadline(local_door: Door) -> None:
    def slow(conversation: Conversation) -> None:
        conversation.read_request()
        conversation.wait(0.2)
        conversation.say(redirect_to("/again"))

    with Server(slow) as server:
        assert local_door.send(Request("GET", server.url), timeout_s=0.5) == NoAnswer(Failure.TIMED_OUT)
    assert len(server.requests) == 3
