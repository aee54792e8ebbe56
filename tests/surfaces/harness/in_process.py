"""The app in process over the embedded ports: waiting costs no time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from urllib.parse import urlsplit

from sinks import Step, steps
from world import LOOPBACK, OPERATOR_KEY, World, send

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.domain.ratelimit import Rate
from chalicelib.names import Names
from chalicelib.outbound.redirects import redirected
from chalicelib.surfaces.demo import ASTRAFLOW_ADMIN, ASTRAFLOW_TENANT, ASYNCQUEUE_TEAM
from surfaces.harness.place import ReceivedRequest, Reply


class RunningClock:
    """The machine's time, moved on by whatever is slept."""

    def __init__(self) -> None:
        self._ahead_ms = 0
        self._meanwhile: Callable[[], None] | None = None

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead_ms

    def sleep(self, ms: int) -> None:
        self._ahead_ms += ms
        # Who works may sleep too.
        work, self._meanwhile = self._meanwhile, None
        if work is not None:
            work()
            self._meanwhile = work

    @contextmanager
    def meanwhile(self, work: Callable[[], None]) -> Iterator[None]:
        """`work` is done whenever somebody sleeps."""
        self._meanwhile = work
        try:
            yield
        finally:
            self._meanwhile = None

    def move_to(self, instant: int) -> None:
        self._ahead_ms += max(0, instant - self.now())


class SinkDoor:
    """The callers' back ends, without a network. A slow one can be stopped at, so that a test looks at a task while its
    callback is under way."""

    def __init__(self, clock: RunningClock) -> None:
        self._clock = clock
        self._scripts: dict[str, list[Step]] = {}
        self._received: dict[str, list[ReceivedRequest]] = {}
        self.stop_at_slow = False
        self.stopped = threading.Event()
        self.go_on = threading.Event()

    def open(self, script: str) -> str:
        url = f"http://127.0.0.1:{20_000 + len(self._scripts)}/sink"
        self._scripts[url] = [] if script == "refused" else steps(script)
        self._received[url] = []
        return url

    def received(self, url: str) -> list[ReceivedRequest]:
        return list(self._received[url])

    def send(
        self, request: Request, *, timeout_s: float, follow_redirects: bool = True, max_body_bytes: int = 262_144
    ) -> Answer | NoAnswer:
        if (urlsplit(request.url).hostname or "").endswith(".invalid"):
            return NoAnswer(Failure.NOT_FOUND)
        script = self._scripts.get(request.url, [Step()])
        if not script:
            return NoAnswer(Failure.REFUSED)
        arrived = self._received.setdefault(request.url, [])
        step = script[min(len(arrived), len(script) - 1)]
        headers = {name.lower(): value for name, value in request.headers}
        path = urlsplit(request.url).path
        arrived.append(ReceivedRequest(request.method, path, headers, request.body or b"", self._clock.now() / 1000))
        if step.after_s:
            self._linger()
            self._clock.sleep(round(min(step.after_s, timeout_s) * 1000))
            if step.after_s > timeout_s:
                return NoAnswer(Failure.TIMED_OUT)
        if step.location and follow_redirects:
            onward = redirected(request, step.status, step.location, same_origin=False)
            return self.send(onward, timeout_s=timeout_s)
        content_type = (("content-type", step.content_type),) if step.content_type else ()
        return Answer(step.status, "", content_type, step.body.encode())

    def _linger(self) -> None:
        if self.stop_at_slow:
            self.stop_at_slow = False
            self.stopped.set()
            self.go_on.wait()
            self.go_on.clear()


class InProcess:
    """The place. Use as a context manager."""

    base_url = "http://in-process"

    def __init__(self) -> None:
        self._clock = clock = RunningClock()
        self._door = SinkDoor(clock)
        self._world = World(
            door=self._door,
            clock=clock,
            names=Names("local", "123456789012", "us-east-1"),
            outbound_allow_networks=LOOPBACK,
            asyncqueue_rate_limit=None,
            astraflow_rate=Rate(100),
        )
        self._worker: threading.Thread | None = None

    def __enter__(self) -> InProcess:
        self._world.__enter__()
        teams = self._world.platform.teams
        _, pro = teams.create("Demo", "pro", team_id=ASYNCQUEUE_TEAM)
        self._world.platform.tenants.create("Demo", ASTRAFLOW_ADMIN, id_=ASTRAFLOW_TENANT)
        free, other = (self._world.team(plan)[1] for plan in ("free", "pro"))
        self.keys = {"pro": pro.secret, "free": free, "operator": OPERATOR_KEY, "other": other}
        return self

    def __exit__(self, *_: object) -> None:
        self._finish_call()
        self._world.__exit__()

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        self._clock.sleep(1)
        # The workers do not stand still while a caller waits.
        with self._clock.meanwhile(self._deliver):
            reply = send(method, path, headers, body)
        return Reply(reply.status, reply.headers, reply.body)

    def sink(self, script: str) -> str:
        return self._door.open(script)

    def received(self, url: str) -> list[ReceivedRequest]:
        self._deliver()
        return self._door.received(url)

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()

    def settle(self, there: Callable[[], bool], timeout_s: float, *, in_call: bool = False) -> None:
        end = self._clock.now() + round(timeout_s * 1000)
        self._finish_call()
        if in_call:
            self._stop_in_call(there)
            return
        while not there():
            self._deliver()
            if there():
                break
            upcoming = [instant for instant in self._world._upcoming() if instant is not None]
            if not upcoming or min(upcoming) > end:
                raise TimeoutError(f"not there within {timeout_s} s")
            self._clock.move_to(min(upcoming))
        # What follows from it, a webhook for example.
        self._deliver()

    def _deliver(self) -> None:
        if self._worker is None:
            # A message may lead to another one that is due at once: the webhook's after the task's.
            for _ in range(5):
                self._world.deliver()

    def _stop_in_call(self, there: Callable[[], bool]) -> None:
        """Go on once a slow callback is under way, or the work of a task that calls nobody."""
        self._door.stop_at_slow = True
        self._door.stopped.clear()
        self._door.go_on.clear()
        self._worker = threading.Thread(target=self._world.deliver)
        self._worker.start()
        end = time.monotonic() + 5
        while not self._door.stopped.wait(0.05):
            if there():
                return
            assert time.monotonic() < end, "no slow callback was made"

    def _finish_call(self) -> None:
        if self._worker is not None:
            self._door.stop_at_slow = False
            self._door.go_on.set()
            self._worker.join()
            self._worker = None
