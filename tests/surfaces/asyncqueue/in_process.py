"""The app in process over the embedded ports: waiting costs no time."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from urllib.parse import urlsplit

from place import ReceivedRequest, Reply
from sinks import Step, steps
from world import LOOPBACK, World, send

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.names import Names
from chalicelib.outbound.redirects import redirected
from chalicelib.surfaces.demo import ASYNCQUEUE_TEAM


class RunningClock:
    """The machine's time, moved on by whatever is slept."""

    def __init__(self) -> None:
        self._ahead_ms = 0

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead_ms

    def sleep(self, ms: int) -> None:
        self._ahead_ms += ms

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
        clock = RunningClock()
        self._door = SinkDoor(clock)
        self._world = World(
            door=self._door,
            clock=clock,
            names=Names("local", "123456789012", "us-east-1"),
            outbound_allow_networks=LOOPBACK,
            asyncqueue_rate_limit=None,
        )
        self._worker: threading.Thread | None = None

    def __enter__(self) -> InProcess:
        self._world.__enter__()
        teams = self._world.platform.teams
        _, pro = teams.create("Demo", "pro", team_id=ASYNCQUEUE_TEAM)
        self.keys = {"pro": pro.secret, "free": self._world.team("free")[1], "other": self._world.team("pro")[1]}
        return self

    def __exit__(self, *_: object) -> None:
        self._finish_call()
        self._world.__exit__()

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        self._world.clock.sleep(1)
        reply = send(method, path, headers, body)
        return Reply(reply.status, reply.headers, reply.body)

    def sink(self, script: str) -> str:
        return self._door.open(script)

    def received(self, url: str) -> list[ReceivedRequest]:
        self._deliver()
        return self._door.received(url)

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()

    def settle(self, task_id: str, until: str = "settled", timeout_s: float = 20) -> None:
        end = self._world.clock.now() + round(timeout_s * 1000)
        self._finish_call()
        if until == "processing":
            self._stop_in_call()
            return
        while not self._there(task_id, until):
            self._deliver()
            if self._there(task_id, until):
                break
            upcoming = [instant for instant in self._world._upcoming() if instant is not None]
            if not upcoming or min(upcoming) > end:
                raise TimeoutError(f"{task_id} is not {until} within {timeout_s} s")
            self._world.clock.move_to(min(upcoming))
        if until == "settled":
            self._deliver()

    def _there(self, task_id: str, until: str) -> bool:
        reply = self.request("GET", f"/v1/tasks/{task_id}", {"Authorization": f"Bearer {self.keys['pro']}"}, None)
        task = json.loads(reply.body)["task"]
        if until == "settled":
            return "completedAt" in task
        if until == "retrying":
            return task["status"] == "pending" and "startedAt" in task
        return bool(task["status"] == until)

    def _deliver(self) -> None:
        if self._worker is None:
            # A message may lead to another one that is due at once: the webhook's after the task's.
            for _ in range(5):
                self._world.deliver()

    def _stop_in_call(self) -> None:
        self._door.stop_at_slow = True
        self._door.stopped.clear()
        self._worker = threading.Thread(target=self._world.deliver)
        self._worker.start()
        assert self._door.stopped.wait(5), "no slow callback was made"

    def _finish_call(self) -> None:
        if self._worker is not None:
            self._door.go_on.set()
            self._worker.join()
            self._worker = None
