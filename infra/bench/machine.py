"""What one machine does: tasks a second through `make serve`, and pages of long lists.

    python -m infra.bench.machine [--tasks 2000] [--rows 100000]

starts it over a new folder, sends the tasks over HTTP from several callers at once, and waits until each was called
back on this machine too. Then it puts rows of one team into the database and times pages of its list.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import requests

from chalicelib.domain.listing import Position, Query, View
from chalicelib.domain.task import Backoff, Callback, Payload, Status, Task
from chalicelib.embedded.database import Database
from chalicelib.embedded.seal import key_of
from chalicelib.embedded.whole import Embedded
from chalicelib.machine import SystemClock
from chalicelib.names import Names
from chalicelib.telemetry import LogRecorder
from chalicelib.vault.keeper import Keeper
from infra.host.functions import PROJECT

#: Callers at once.
CALLERS = 16
#: Pages timed of each kind.
PAGES = 20


class Receiver(ThreadingHTTPServer):
    """The callers' own server: counts what it is sent."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, expected: int) -> None:
        self.left = expected
        self.done = Event()
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.left -= 1
        if self.server.left <= 0:
            self.server.done.set()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, str]]:
    """A machine over a folder: its address, and the key of a team."""
    environ = {**os.environ, "SLUICE_DATA": str(folder), "PORT": "0", "OUTBOUND_ALLOW_NETWORKS": "127.0.0.0/8"}
    environ["ASYNCQUEUE_RATE_LIMIT"] = "0"
    command = [sys.executable, "-m", "infra.serve"]
    with subprocess.Popen(command, cwd=PROJECT, env=environ, stdout=subprocess.DEVNULL) as process:
        try:
            while not (folder / "serving.json").exists():
                time.sleep(0.05)
            base_url = json.loads((folder / "serving.json").read_text())["base_url"]
            operator = json.loads((folder / "secrets.json").read_text())["OPERATOR_KEY"]
            headers = {"Authorization": f"Bearer {operator}"}
            team = requests.post(
                f"{base_url}/operator/teams", json={"name": "bench", "plan": "pro"}, headers=headers, timeout=10
            ).json()
            yield base_url, team["apiKey"]["key"]
        finally:
            process.terminate()


def through(folder: Path, tasks: int) -> str:
    """Send tasks and wait for their calls; what that came to."""
    receiver = Receiver(tasks)
    Thread(target=receiver.serve_forever, daemon=True).start()
    order = {"callbackUrl": f"http://127.0.0.1:{receiver.server_address[1]}/", "body": json.dumps({"order": 12345})}
    with serving(folder) as (base_url, key), requests.Session() as session:
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=CALLERS))

        def create(_: int) -> float:
            began = time.monotonic()
            reply = session.post(
                f"{base_url}/v1/tasks", json=order, headers={"Authorization": f"Bearer {key}"}, timeout=60
            )
            reply.raise_for_status()
            return time.monotonic() - began

        began = time.monotonic()
        with ThreadPoolExecutor(CALLERS) as threads:
            took = sorted(threads.map(create, range(tasks)))
        acknowledged = time.monotonic() - began
        if not receiver.done.wait(600):
            raise SystemExit(f"{receiver.left} tasks were not called")
        called = time.monotonic() - began
    receiver.shutdown()
    receiver.server_close()
    return (
        f"{tasks} tasks: {tasks / acknowledged:.0f} a second acknowledged by {CALLERS} callers (half within "
        f"{statistics.median(took) * 1000:.0f} ms, 99 of 100 within {took[len(took) * 99 // 100] * 1000:.0f} ms), "
        f"{tasks / called:.0f} a second from the first request to the last call"
    )


def listed(folder: Path, rows: int) -> str:
    """Fill a team's list and time its pages; what that came to."""
    clock = SystemClock()
    now = clock.now()
    with Database(str(folder / "sluice.db")) as database:
        vault = Keeper(key_of(database, folder / "data.key"), clock, LogRecorder())
        here = Embedded(database, Names("machine", "123456789012", "us-east-1"), vault, clock)
        with database.transaction():
            for number in range(rows):
                here.tasks.create(_task(now - number))
        kinds = {
            "the first page": (Query("long", now), Position()),
            "a page from the middle": (Query("long", now), Position(rows // 2)),
            "one of a status that nothing has": (Query("long", now, View.FAILED), Position()),
        }
        told = []
        for name, (query, position) in kinds.items():
            took = []
            for _ in range(PAGES):
                began = time.monotonic()
                here.tasks.page(query, position, 20)
                took.append(time.monotonic() - began)
            told.append(f"{name} {statistics.median(took) * 1000:.0f} ms")
    size = (folder / "sluice.db").stat().st_size
    return f"a list of {rows} tasks: {', '.join(told)}; the file takes {size / 1_000_000:.0f} MB"


def _task(created_at: int) -> Task:
    return Task(
        id=str(uuid.uuid4()),
        team="long",
        status=Status.QUEUED,
        work=Callback("https://api.example.com/hook", "POST", 30, 30, Backoff.EXPONENTIAL),
        max_attempts=4,
        due_at=created_at,
        created_at=created_at,
        create_token=uuid.uuid4().hex,
        payload=Payload((("Content-Type", "application/json"),), '{"order": 12345}'),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure what one machine does.")
    parser.add_argument("--tasks", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        data = Path(temporary) / "data"
        print(through(data, asked.tasks))
        print(listed(data, asked.rows))
