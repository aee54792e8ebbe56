"""One fixture being played at one place: what is bound so far, what was created, and how each step is done."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from typing import Any

from matching import Bindings, Fixture, fill, mismatches
from place import Place, ReceivedRequest, Reply

#: The key of the manual's own examples; a request that names no other is sent with it.
MANUAL_KEY = "your-api-key"

#: Seconds a retry may come after its time over HTTP: the queue counts in whole seconds, and the worker has to fetch it.
LATE_S = 2.0
#: Seconds between the end of an attempt, from which the delay counts, and what a sink's clock may say about it.
EARLY_S = 0.05

Problems = list[str]


@contextmanager
def scene(place: Place, fixture: Fixture) -> Iterator[Scene]:
    """A scene with the fixture's sinks up; afterwards every task it created is cancelled, where that still can be."""
    bindings: Bindings = {f"{name}_key": key for name, key in place.keys.items()}
    bindings["unique"] = uuid.uuid4().hex[:12]
    for name, sink in (fixture.sinks or {}).items():
        bindings[name] = place.sink(fill(sink.answers, bindings))
    opened = Scene(place, bindings)
    try:
        yield opened
    finally:
        opened.cancel_what_is_left()
        opened.closing.close()


class Scene:
    """The steps of a fixture as methods; each answers with what went otherwise than expected."""

    def __init__(self, place: Place, bindings: Bindings) -> None:
        self.place = place
        self.bindings = bindings
        self.closing = ExitStack()
        self._created: list[tuple[str, Mapping[str, str]]] = []

    def play(self, step: Mapping[str, Any]) -> Problems:
        """Do one step of a fixture (its forms: see `matching`)."""
        if "request" in step:
            return self._repeat(step.get("within", 0), lambda: self._exchange(step["request"], step["expect"]))
        if "received" in step:
            return self._repeat(step.get("within", 0), lambda: self._received(step))
        if "create" in step:
            self.bindings["task_id"] = self.create(step["create"])["id"]
        elif "settle" in step:
            self.place.settle(self.bindings["task_id"], until=step["settle"], timeout_s=step.get("within", 20))
        else:
            time.sleep(step["pause"])
        return []

    def keep_workers_busy(self) -> None:
        """Nothing is picked up until the scene ends."""
        self.closing.enter_context(self.place.paused())

    def create(self, fields: Mapping[str, Any], key: str = MANUAL_KEY) -> dict[str, Any]:
        """Create a task and return it as the API shows it."""
        reply = self.send({"line": "POST /v1/tasks", "key": key, "json": fields})
        assert reply.status == 201, f"create answered {reply.status} {reply.body!r}"
        task: dict[str, Any] = json.loads(reply.body)["task"]
        return task

    def get(self, path: str, key: str = MANUAL_KEY) -> Any:
        """The JSON that a GET of the path answers with 200."""
        reply = self.send({"line": f"GET {path}", "key": key})
        assert reply.status == 200, f"GET {path} answered {reply.status} {reply.body!r}"
        return json.loads(reply.body)

    def send(self, request: Mapping[str, Any]) -> Reply:
        """Send a request as a fixture writes it; what it creates is remembered."""
        method, path = fill(request["line"], self.bindings).split(" ", 1)
        headers = {"Accept": "*/*"} | fill(request.get("headers", {}), self.bindings)
        key = fill(request.get("key", MANUAL_KEY), self.bindings)
        if key is not None and not {name.lower() for name in headers} & {"authorization", "x-api-key"}:
            headers["Authorization"] = f"Bearer {key}"
        body = None
        if "json" in request:
            headers = {"Content-Type": "application/json"} | headers
            body = json.dumps(fill(request["json"], self.bindings)).encode()
        elif "text" in request:
            body = fill(request["text"], self.bindings).encode()
        reply = self.place.request(method, path, headers, body)
        if (method, path, reply.status) == ("POST", "/v1/tasks", 201):
            self._created.append((json.loads(reply.body)["task"]["id"], headers))
        return reply

    def cancel_what_is_left(self) -> None:
        """Cancel what the scene created; a task that has ended or is being processed stays as it is."""
        for task_id, headers in self._created:
            self.place.request("POST", f"/v1/tasks/{task_id}/cancel", headers, None)
        self._created.clear()

    def _repeat(self, within_s: float, look: Callable[[], Problems]) -> Problems:
        """Look until all is as expected or the time is over. Only a look that found no problem binds anything."""
        deadline = time.monotonic() + within_s
        while True:
            before = dict(self.bindings)
            problems = look()
            if not problems:
                return []
            self.bindings = before
            if time.monotonic() >= deadline:
                return problems
            time.sleep(0.1)

    def _exchange(self, request: Mapping[str, Any], expect: Mapping[str, Any]) -> Problems:
        reply = self.send(request)
        problems = mismatches(expect["status"], reply.status, self.bindings, "status")
        # Every answer of this API is JSON and carries a request id, whatever the fixture says beside it.
        always = {"content-type": r"<match application/json(; *charset=utf-8)?>", "x-request-id": "<string>"}
        problems += _headers(always | expect.get("headers", {}), expect, reply.headers, self.bindings)
        if "body" in expect:
            problems += _json(expect["body"], reply.body, self.bindings, "$")
        return [f"{request['line']}: {problem}" for problem in problems]

    def _received(self, step: Mapping[str, Any]) -> Problems:
        name = step["received"]
        arrived = self.place.received(self.bindings[name])
        problems = []
        if "gaps" in step:
            problems += _gaps(step["gaps"], arrived)
        if "requests" in step:
            expected = step["requests"]
            if len(expected) != len(arrived):
                problems.append(f"expected {len(expected)} requests, got {len(arrived)}")
            for number, (shape, request) in enumerate(zip(expected, arrived, strict=False), start=1):
                problems += [f"request {number}: {problem}" for problem in _request(shape, request, self.bindings)]
        return [f"{name} received: {problem}" for problem in problems]


def _request(shape: Mapping[str, Any], request: ReceivedRequest, bindings: Bindings) -> Problems:
    problems = []
    if "method" in shape:
        problems += mismatches(shape["method"], request.method, bindings, "method")
    problems += _headers(shape.get("headers", {}), shape, request.headers, bindings)
    if "json" in shape:
        problems += _json(shape["json"], request.body, bindings, "$")
    if "text" in shape:
        problems += mismatches(shape["text"], request.body.decode(), bindings, "body")
    return problems


def _headers(shapes: Mapping[str, str], step: Mapping[str, Any], came: Mapping[str, str], bound: Bindings) -> Problems:
    problems = [f"header {name}: must be absent" for name in step.get("without", ()) if name.lower() in came]
    for name, shape in shapes.items():
        if name.lower() in came:
            problems += mismatches(shape, came[name.lower()], bound, f"header {name}")
        else:
            problems.append(f"header {name}: missing")
    return problems


def _json(shape: Any, body: bytes, bindings: Bindings, path: str) -> Problems:
    try:
        value = json.loads(body)
    except ValueError:
        return [f"{path}: expected JSON, got {body[:120]!r}"]
    return mismatches(shape, value, bindings, path)


def _gaps(expected: list[float], arrived: list[ReceivedRequest]) -> Problems:
    if len(arrived) != len(expected) + 1:
        return [f"expected {len(expected) + 1} requests, got {len(arrived)}"]
    gaps = [later.at - earlier.at for earlier, later in pairwise(arrived)]
    return [
        f"retry {number}: expected after {delay} s, came after {gap:.3f} s"
        for number, (delay, gap) in enumerate(zip(expected, gaps, strict=True), start=1)
        if not delay - EARLY_S <= gap <= delay + LATE_S
    ]
