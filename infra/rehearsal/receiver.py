"""The server that tasks of a rehearsal call back: it counts who called for what, and how often."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Received:
    """A request that came in."""

    at: float
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Listens on a free port of loopback while it is entered. `/fail-once/...` answers 503 to the first call."""

    def __init__(self) -> None:
        self._received: dict[str, list[Received]] = defaultdict(list)
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                first = receiver._take(self.path, {key.lower(): value for key, value in self.headers.items()}, body)
                self.send_response(503 if first and self.path.startswith("/fail-once/") else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def received(self, path: str) -> list[Received]:
        """What came in under a path."""
        with self._lock:
            return list(self._received[path])

    def wait(self, path: str, within_s: float = 20) -> Received:
        """The first request under a path, as soon as there is one."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if got := self.received(path):
                return got[0]
            time.sleep(0.05)
        raise TimeoutError(f"Nothing came to {path} within {within_s:.0f} s")

    def calls(self, path: str) -> Counter[str]:
        """How often each task called a path, by its `Idempotency-Key`."""
        return Counter(got.headers["idempotency-key"] for got in self.received(path))

    def _take(self, path: str, headers: dict[str, str], body: bytes) -> bool:
        """Keep a request. Whether it is the first under its path."""
        with self._lock:
            self._received[path].append(Received(time.time(), headers, body))
            return len(self._received[path]) == 1
