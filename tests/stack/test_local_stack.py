"""The local stack as a whole: from a request to a handler, its secrets, its ports, its signals and its lines."""

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
from chalice.app import Chalice
from stack_toys import toy

from infra.host.lines import ConsoleHandler
from infra.local.banner import banner
from infra.local.stack import PROJECT, LocalStack


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


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
