"""Loopback HTTP servers that play the callers' back ends: each path answers by a script."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of a script."""

    status: int = 200
    body: str = ""
    content_type: str | None = None
    location: str | None = None
    after_s: float = 0


def steps(script: str) -> list[Step]:
    """The answers in a script like `500; 200`, `200 json {"a": 1}`, `slow 2` or `redirect URL`."""
    return [_step(part.strip()) for part in script.split(";")]


def _step(text: str) -> Step:
    word, _, rest = text.partition(" ")
    match word:
        case "slow":
            return Step(after_s=float(rest))
        case "redirect":
            return Step(status=302, location=rest)
        case _:
            kind, _, body = rest.partition(" ")
            return Step(int(word), body, "application/json" if kind == "json" else None)


@dataclass(frozen=True, slots=True)
class Got:
    """A request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass
class Sinks:
    """One server with a path for each sink. Use as a context manager."""

    _scripts: dict[str, list[Step]] = field(default_factory=dict)
    _got: dict[str, list[Got]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Sinks:
        sinks = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sinks._answer(self)

            do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None:
                """The caller has gone; that is what some scripts are for."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def open(self, script: str) -> str:
        """The URL of a new sink; `refused` is one where nobody listens."""
        if script == "refused":
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                return f"http://127.0.0.1:{probe.getsockname()[1]}/"
        path = f"/sink/{len(self._scripts) + 1}"
        self._scripts[path] = steps(script)
        self._got[path] = []
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def received(self, url: str) -> list[Got]:
        """What arrived at a sink so far."""
        return list(self._got.get("/" + url.split("/", 3)[3], ()))

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        path = request.path.partition("?")[0]
        with self._lock:
            got = self._got.setdefault(path, [])
            script = self._scripts.get(path, [Step(404)])
            step = script[min(len(got), len(script) - 1)]
            headers = {name.lower(): value for name, value in request.headers.items()}
            got.append(Got(request.command, request.path, headers, body, time.time()))
        time.sleep(step.after_s)
        request.send_response(step.status)
        if step.content_type:
            request.send_header("Content-Type", step.content_type)
        if step.location:
            request.send_header("Location", step.location)
        request.send_header("Content-Length", str(len(step.body.encode())))
        request.end_headers()
        request.wfile.write(step.body.encode())
