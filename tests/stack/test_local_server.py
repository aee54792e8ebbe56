"""The API of the local stack behaves like API Gateway in front of Lambda."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from stack_toys import toy

from infra.host.functions import load_config
from infra.host.ports import claim
from infra.host.server import BODY_LIMIT, ApiServer
from infra.local.stack import PROJECT


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    app = toy()
    (listener,) = claim({"PORT": 0}, "make run")
    host, port = listener.getsockname()
    server = ApiServer(app, load_config(PROJECT, app), listener)
    server.start()
    yield host, port
    server.stop()


@pytest.fixture
def url(address: tuple[str, int]) -> str:
    return f"http://{address[0]}:{address[1]}"


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def exchange(address: tuple[str, int], sent: bytes) -> bytes:
    """Everything the server answers to these bytes until it closes."""
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


def test_a_kept_connection_answers_at_once(url: str, session: requests.Session) -> None:
    times = []
    for _ in range(60):
        started = time.perf_counter()
        assert session.get(f"{url}/things/one").json() == {"name": "one"}
        times.append(time.perf_counter() - started)

    # Less than one on an idle machine, half of it the client's; Nagle's algorithm alone would add 40.
    assert sorted(times)[30] * 1000 < 8


def test_requests_run_side_by_side_each_with_its_own_data(address: tuple[str, int]) -> None:
    started = time.monotonic()
    connections = [socket.create_connection(address, timeout=5) for _ in range(8)]
    for connection in connections:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    answers = []
    for connection in connections:
        with connection:
            answers.append(connection.makefile("rb").read())

    assert all(b'{"path":"/slow"}' in answer for answer in answers)
    assert time.monotonic() - started < 1


def test_text_stays_text_and_other_bytes_travel_as_base64(url: str, session: requests.Session) -> None:
    text = session.post(f"{url}/echo", data="grüße".encode()).json()
    binary = session.post(f"{url}/echo", data=b"\xff\xfe\x00").json()

    assert (text["body"], text["base64"], text["bytes"]) == ("grüße", False, 7)
    assert (binary["body"], binary["base64"], binary["bytes"]) == ("//4A", True, 3)


def test_the_function_knows_its_time_and_its_request(url: str, session: requests.Session) -> None:
    first, second = session.get(f"{url}/echo").json(), session.get(f"{url}/echo").json()

    assert 0 < first["left_ms"] <= 900_000
    assert first["request_id"] != second["request_id"]


def test_a_body_of_just_the_limit_passes(url: str, session: requests.Session) -> None:
    assert session.post(f"{url}/echo", data=b"x" * BODY_LIMIT).json()["bytes"] == BODY_LIMIT


@pytest.mark.parametrize("kind", ["sized", "chunked", "expecting"])
def test_a_larger_body_is_refused_in_words(url: str, session: requests.Session, kind: str) -> None:
    block = b"x" * (1024 * 1024)
    body: Any = (block for _ in range(20)) if kind == "chunked" else block * 20
    headers = {"Expect": "100-continue"} if kind == "expecting" else {}

    answer = session.post(f"{url}/echo", data=body, headers=headers)

    assert answer.status_code == 413
    assert answer.json() == {"error": "Request body must be at most 256 KiB"}
    assert answer.headers["X-Request-Id"]
    assert answer.headers["Connection"] == "close"


def test_a_patient_client_is_told_to_go_on(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=2) as connection:
        connection.sendall(
            b"POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"hi")
        assert b'"body":"hi"' in connection.makefile("rb").read()


def test_chunks_are_put_together(url: str, session: requests.Session) -> None:
    answer = session.post(f"{url}/echo", data=iter([b"one ", b"two"])).json()

    assert answer["body"] == "one two"


def test_head_has_the_headers_of_a_get_and_no_body(url: str, session: requests.Session) -> None:
    head = session.head(f"{url}/echo")

    assert head.status_code == 200
    assert int(head.headers["Content-Length"]) > 0
    assert head.content == b""
    assert session.get(f"{url}/things/next").json() == {"name": "next"}  # the connection is still in step


def test_an_unknown_path_is_not_found_and_no_credential_comes_back(url: str, session: requests.Session) -> None:
    for headers in ({}, {"Authorization": "Bearer secret-of-mine"}):
        answer = session.get(f"{url}/nowhere/at/all", headers=headers)

        assert answer.status_code == 404
        assert answer.json() == {"error": "Not found"}
        assert answer.headers["X-Request-Id"]
        assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"NONSENSE\r\n\r\n", b" 400 "),
        (b"GET /echo HTTP/9.9\r\n\r\n", b" 505 "),
        (b"BREW /echo HTTP/1.1\r\nHost: h\r\n\r\n", b" 501 "),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b" 414 "),
        (b"GET /echo HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", b" 431 "),
        (b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: many\r\n\r\n", b" 400 "),
        (b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", b" 400 "),
        (b"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b" 400 "),
        (b"GET //[ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", b" 404 "),
        (b"GET /no HTTP/1.1\r\nAuthorization: \xff\r\nConnection: close\r\n\r\n", b" 404 "),
    ],
)
def test_a_malformed_request_gets_an_answer_and_no_traceback(
    address: tuple[str, int], capfd: pytest.CaptureFixture[str], request_bytes: bytes, status: bytes
) -> None:
    answer = exchange(address, request_bytes)

    # A request too broken to have a version is answered as HTTP/0.9: the body alone.
    assert status in answer.partition(b"\r\n")[0] or answer.startswith(b'{"error"')
    assert b"X-Request-Id: " in answer or answer.startswith(b'{"error"')
    assert b"Traceback" not in answer
    assert capfd.readouterr() == ("", "")


def test_a_client_that_goes_away_is_not_mentioned(address: tuple[str, int], capfd: pytest.CaptureFixture[str]) -> None:
    for sent in (b"", b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n", b"POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nhal"):
        with socket.create_connection(address) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            connection.sendall(sent)
    time.sleep(0.4)

    assert capfd.readouterr() == ("", "")
