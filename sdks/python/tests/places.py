"""Where the clients are tried out: the real app in process over virtual time, and servers that misbehave."""

from __future__ import annotations

import asyncio
import inspect
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import httpx2
from world import LOOPBACK, WorkingClock, World, send

import astraflow_sdk
from astraflow_sdk import aio

BASE_URL = "http://sluice.test"


class Twin:
    """One of the two ways to use the SDK; `run` makes a call of either return its result."""

    def __init__(self, name: str, runner: asyncio.Runner) -> None:
        self.name = name
        self._runner = runner
        self.sdk: ModuleType = astraflow_sdk if name == "blocking" else aio

    def run(self, result: Any) -> Any:
        return self._runner.run(result) if inspect.iscoroutine(result) else result

    def all(self, things: Any) -> list[Any]:
        """Everything that an iterator of either kind yields."""
        if not hasattr(things, "__aiter__"):
            return list(things)

        async def collected() -> list[Any]:
            return [thing async for thing in things]

        return self._runner.run(collected())

    def together(self, calls: list[Callable[[], Any]]) -> list[Any]:
        """The results of calls that are made at the same time."""
        if self.name == "asyncio":

            async def gathered() -> list[Any]:
                return list(await asyncio.gather(*(call() for call in calls)))

            return self._runner.run(gathered())
        results: list[Any] = [None] * len(calls)

        def work(number: int) -> None:
            results[number] = calls[number]()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(len(calls))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    def ambient(self, now: Callable[[], float], sleep: Callable[[float], None], chance: float = 0.5) -> Any:
        """Time and chance as a test has them."""

        async def patient(seconds: float) -> None:
            sleep(seconds)

        return self.sdk.Ambient(now=now, sleep=sleep if self.name == "blocking" else patient, chance=lambda: chance)


@dataclass
class InProcess(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Hands requests to the app. `lose` says of how many requests the answers get lost on their way, by method;
    `way_s` how long a request is on its way."""

    requests: list[httpx2.Request] = field(default_factory=list)
    lose: dict[str, int] = field(default_factory=dict)
    way_s: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        time.sleep(self.way_s)
        return self._handle(request)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(self.way_s)
        return self._handle(request)

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        with self._lock:
            self.requests.append(request)
            reply = send(request.method, request.url.raw_path.decode(), dict(request.headers), request.content)
            if self.lose.get(request.method, 0):
                self.lose[request.method] -= 1
                raise httpx2.ReadError("the connection broke", request=request)
        return httpx2.Response(reply.status, headers=reply.headers, content=reply.body)

    def made(self, method: str, path: str) -> int:
        """How many requests of this kind came."""
        return sum(1 for each in self.requests if each.method == method and each.url.path == path)


class Place:
    """A deployment in process, and clients of it. Use as a context manager."""

    def __init__(self, twin: Twin, **changes: Any) -> None:
        self.twin = twin
        self.clock = WorkingClock()
        self.world = World(clock=self.clock, outbound_allow_networks=LOOPBACK, **changes)
        self.transport = InProcess()
        self.pauses: list[float] = []

    def __enter__(self) -> Place:
        self.world.__enter__()
        self.clock.work = self.world.deliver
        return self

    def __exit__(self, *_: object) -> None:
        self.clock.work = None
        self.world.__exit__()

    def client(self, name: str, *arguments: Any, **options: Any) -> Any:
        """A client of this deployment."""
        ambient = self.twin.ambient(lambda: self.clock.now() / 1000, self._sleep)
        told = {"base_url": BASE_URL, "transport": self.transport, "ambient": ambient, **options}
        return getattr(self.twin.sdk, name)(*arguments, **told)

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.sleep(round(seconds * 1000) + 1)


@dataclass
class Misbehaving:
    """A server on a real socket. Each request gets the next answer of its script: bytes to send before the connection
    is closed, or None for a silence that lasts until the end. The last answer repeats itself. `held_s` is how long an
    answer is held back; `keeps_open` leaves the connection as it is after an answer."""

    script: list[bytes | None]
    held_s: float = 0
    keeps_open: bool = False
    received: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @contextmanager
    def up(self) -> Iterator[Misbehaving]:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        thread = threading.Thread(target=self._serve, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            # A blocked accept does not notice that its socket is closed.
            socket.create_connection(self._listener.getsockname()).close()
            thread.join()
            self._listener.close()

    def _serve(self) -> None:
        kept: list[socket.socket] = []
        while True:
            connection, _ = self._listener.accept()
            if self._over.is_set():
                connection.close()
                for each in kept:
                    each.close()
                return
            self.received.append(_request(connection))
            answer = self.script[min(len(self.received), len(self.script)) - 1]
            if answer is None:
                kept.append(connection)
            else:
                time.sleep(self.held_s)
                connection.sendall(answer)
                if self.keeps_open:
                    kept.append(connection)
                else:
                    connection.close()


def _request(connection: socket.socket) -> bytes:
    """Everything of a request: a socket that is closed over unread bytes would break the answer off."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(65_536)
    head, _, body = found.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def answer(status: int, body: str = "{}", **headers: str) -> bytes:
    """An answer as bytes."""
    told = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    lines += f"Content-Length: {len(body.encode())}\r\nConnection: close\r\n"
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n{body}".encode()
