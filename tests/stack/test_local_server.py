"""The API of the local stack behaves like API Gateway in front of Lambda, and the stack holds together."""

from __future__ import annotations

import io
import itertools
import json
import logging
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from chalice.app import Chalice, Response

from infra.host.functions import load_config
from infra.host.lines import ConsoleHandler
from infra.host.ports import claim
from infra.host.server import BODY_LIMIT, ApiServer
from infra.local.banner import banner
from infra.local.stack import PROJECT, LocalStack


def toy() -> Chalice:
    """An app that tells what it was asked."""
    app = Chalice(app_name="toy")

    def echo() -> Response:
        request = app.current_request.to_dict()
        event = app.current_request._event_dict
        seen = {
            "method": request["method"],
            "body": event["body"] if len(event["body"] or "") < 100 else len(event["body"]),
            "base64": event.get("isBase64Encoded", False),
            "bytes": len(app.current_request.raw_body),
            "left_ms": app.current_request.lambda_context.get_remaining_time_in_millis(),
            "request_id": app.current_request.context["requestId"],
        }
        return Response(seen, status_code=200)

    def read(name: str) -> dict[str, str]:
        return {"name": name}

    def slow() -> dict[str, str]:
        time.sleep(0.2)
        return {"path": app.current_request.path}

    app.route("/echo", methods=["GET", "POST", "HEAD"], content_types=["*/*"])(echo)
    app.route("/things/{name}", methods=["GET"])(read)
    app.route("/slow", methods=["GET"])(slow)
    return app


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


# The whole stack


def session_elsewhere() -> Any:
    """What a client in another process would have."""
    return boto3.session.Session("other", "other", region_name="us-east-1")


def toy_with_queue() -> Chalice:
    app = toy()

    def note(event: Any) -> None:
        done = [record.body for record in event]
        logging.getLogger("sluice").info("noted", extra={"fields": {"bodies": ",".join(done)}})

    def remember() -> dict[str, str | None]:
        sqs = boto3.client("sqs")
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="sluice-local-tasks")["QueueUrl"], MessageBody="hello")
        return {"stage": os.environ["SLUICE_STAGE"], "endpoint": os.environ.get("AWS_ENDPOINT_URL")}

    app.on_sqs_message(queue="sluice-local-tasks", batch_size=10)(note)
    app.route("/remember", methods=["POST"])(remember)
    return app


def test_the_stack_runs_an_app_from_request_to_handler(tmp_path: Path, session: requests.Session) -> None:
    output = io.StringIO()
    handler = ConsoleHandler(output)
    logger = logging.getLogger("sluice")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    before = dict(os.environ)
    os.environ["AWS_ENDPOINT_URL"] = "http://192.0.2.1:1"
    try:
        with LocalStack(folder=tmp_path, load_app=toy_with_queue, seed=lambda: {"operator": {"key": "k"}}) as stack:
            answer = session.post(f"{stack.base_url}/remember", timeout=5).json()
            end = time.monotonic() + 10
            while "noted" not in output.getvalue() and time.monotonic() < end:
                time.sleep(0.01)
            document = json.loads((tmp_path / "stack.json").read_text(encoding="utf-8"))
            remote = session_elsewhere().client("sqs", endpoint_url=stack.aws_endpoint_url)
            queues = remote.list_queues()["QueueUrls"]
            remote.close()
    finally:
        os.environ.clear()
        os.environ.update(before)
        logger.removeHandler(handler)

    assert answer == {"stage": "local", "endpoint": None}
    assert output.getvalue().rstrip().endswith("noted  bodies=hello")
    assert document == {
        "base_url": stack.base_url,
        "operator": {"key": "k"},
        "aws_endpoint_url": stack.aws_endpoint_url,
    }
    assert len(queues) == 3
    assert not (tmp_path / "stack.json").exists()


def test_secrets_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    found = []
    for _ in range(2):
        with LocalStack(folder=folder, load_app=toy, seed=lambda: {"secret": os.environ["OPERATOR_KEY"]}) as stack:
            found.append(stack.document["secret"])
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    assert found[0] == found[1]
    assert modes == {"secrets.json": 0o600, "stack.json": 0o600}


def test_taken_ports_are_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = {"PORT": one.getsockname()[1], "AWS_PORT": two.getsockname()[1]}
        run = subprocess.run(
            [sys.executable, "-m", "infra.local"],
            cwd=PROJECT,
            env={**os.environ, **{name: str(port) for name, port in ports.items()}},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr == (
        f"Ports {ports['PORT']} and {ports['AWS_PORT']} are taken by another program; "
        f"run with PORT={ports['PORT'] + 10} AWS_PORT={ports['AWS_PORT'] + 10} make run\n"
    )


FOREGROUND = """
import functools, pathlib, sys, time
from chalice.app import Chalice
from infra.host.foreground import leave
from infra.local.foreground import main
from infra.local.stack import LocalStack

app = Chalice(app_name="toy")
app.route("/health")(lambda: {"status": "ok"})
app.on_sqs_message(queue="sluice-local-tasks", name="hang")(lambda event: time.sleep(60))
stack = functools.partial(LocalStack, folder=pathlib.Path(sys.argv[1]), load_app=lambda: app, seed=dict)
leave(main(time.monotonic(), stack))
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_even_while_a_handler_hangs(tmp_path: Path, ending: signal.Signals) -> None:
    def process() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", FOREGROUND, str(tmp_path)],
            cwd=PROJECT,
            env={**os.environ, "PORT": "0", "AWS_PORT": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    with process() as run:
        assert run.stdout is not None
        said = list(itertools.takewhile(lambda line: not line.startswith("Ready in "), run.stdout))
        document = json.loads((tmp_path / "stack.json").read_text(encoding="utf-8"))
        health = requests.get(f"{document['base_url']}/health", timeout=5)
        sqs = session_elsewhere().client("sqs", endpoint_url=document["aws_endpoint_url"])
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="sluice-local-tasks")["QueueUrl"], MessageBody="hang")
        sqs.close()
        started = time.monotonic()
        run.send_signal(ending)
        try:
            _, errors = run.communicate(timeout=10)
        finally:
            run.kill()

    assert any(document["base_url"] in line for line in said)
    assert health.json() == {"status": "ok"}
    assert run.returncode == 0
    assert errors == ""
    assert time.monotonic() - started < 2
    assert not (tmp_path / "stack.json").exists()


# What the person in front of it reads


def printed(event: str, fields: dict[str, object], level: int = logging.INFO) -> str:
    output = io.StringIO()
    record = logging.LogRecord("sluice", level, __file__, 1, event, None, None)
    record.fields = fields
    ConsoleHandler(output).handle(record)
    return output.getvalue()[10:].rstrip("\n")


@pytest.mark.parametrize(
    ("event", "fields", "line"),
    [
        ("request", {"method": "POST", "path": "/v1/tasks", "status": 201, "ms": 4.2}, "POST /v1/tasks  201  4 ms"),
        ("request", {"method": "GET", "path": "/a?key=s3cret", "status": 200, "ms": 0.6}, "GET /a  200  1 ms"),
        (
            "request",
            {"method": "GET", "path": "/x\x1b[2J", "status": 404, "ms": 1, "error": "Task not found"},
            "GET /x\\x1b[2J  404  1 ms  Task not found",
        ),
        (
            "attempt",
            {
                "task": "550e8400-e29b-41d4-a716-446655440000",
                "attempt": 1,
                "status_code": 200,
                "ms": 31,
                "outcome": "succeeded",
                "error": None,
                "next_at": None,
            },
            "attempt 1 of 550e8400-…  200  31 ms  succeeded",
        ),
        (
            "attempt",
            {"task": "t", "attempt": 2, "ms": 5, "outcome": "retry", "error": "fetch failed: ECONNREFUSED"},
            "attempt 2 of t  5 ms  retry  fetch failed: ECONNREFUSED",
        ),
        ("rescued", {"task": "t", "n": 3, "why": None}, "rescued  task=t n=3"),
    ],
)
def test_each_event_is_one_line(event: str, fields: dict[str, object], line: str) -> None:
    assert printed(event, fields) == line


def test_the_banner_says_where_everything_is_and_how_to_begin() -> None:
    text = banner(
        {
            "base_url": "http://127.0.0.1:8000",
            "operator": {"key": "operator-key"},
            "asyncqueue": {
                "teams": [{"api_key": "aq_live_pro", "plan": "pro"}, {"api_key": "aq_live_free", "plan": "free"}]
            },
            "asyncflow": {"api_key": "flow-key", "seed": "42"},
            "astraflow": {
                "client_id": "id",
                "client_secret": "secret",
                "admin": {"email": "a@example.com", "password": "word"},
            },
            "aws_endpoint_url": "http://127.0.0.1:8001",
        }
    )

    for said in ("8000", "8001", "operator-key", "aq_live_pro", "aq_live_free", "flow-key", "secret", "word", "memory"):
        assert said in text
    assert "http://127.0.0.1:8000/docs" in text
    assert "curl http://127.0.0.1:8000/v1/tasks -H 'Authorization: Bearer aq_live_pro'" in text
