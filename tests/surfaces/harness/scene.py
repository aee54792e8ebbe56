"""One fixture being played at one place: what is bound so far, and how each step is done."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

from surfaces.harness.matching import Bindings, fill, mismatches
from surfaces.harness.place import Place, ReceivedRequest, Reply

#: Seconds a retry may come after its time over HTTP: the queue counts in whole seconds, and the worker has to fetch it.
LATE_S = 2.0
#: Seconds between the end of an attempt, from which the delay counts, and what a sink's clock may say about it.
EARLY_S = 0.05

Problems = list[str]


class Scene(ABC):
    """The steps of a fixture as methods; each answers with what went otherwise than expected.

    What an API does in its own way is left to the scenes of that API.
    """

    #: The key of the manual's own examples; a request that names no other is sent with it.
    manual_key: str

    def __init__(self, place: Place, bindings: Bindings) -> None:
        self.place = place
        self.bindings = bindings
        self.closing = ExitStack()

    @abstractmethod
    def signed(self, headers: Mapping[str, str | None], key: str | None) -> Mapping[str, str | None]:
        """A request's headers with those that say who sends it, as far as they do not say so themselves."""

    @abstractmethod
    def create(self, fields: Mapping[str, Any]) -> None:
        """Create what this API runs, and bind its id."""

    @abstractmethod
    def settle(self, until: str, timeout_s: float = 20) -> None:
        """Let the engine work until what was created last has got there: to a status, or to what the API's scenes call
        `until`. TimeoutError, when it did not within so many seconds."""

    def close(self) -> None:
        """End the scene. Nothing of it goes on running, as far as the API can stop it."""
        self.closing.close()

    def play(self, step: Mapping[str, Any]) -> Problems:
        """Do one step of a fixture (its forms: see `matching`)."""
        if "request" in step:
            return self._repeat(step.get("within", 0), lambda: self._exchange(step["request"], step["expect"]))
        if "received" in step:
            return self._repeat(step.get("within", 0), lambda: self._received(step))
        if "create" in step:
            self.create(step["create"])
        elif "settle" in step:
            self.settle(step["settle"], step.get("within", 20))
        else:
            time.sleep(step["pause"])
        return []

    def keep_workers_busy(self) -> None:
        """Nothing is picked up until the scene ends."""
        self.closing.enter_context(self.place.paused())

    def get(self, path: str, key: str | None = None) -> Any:
        """The JSON that a GET of the path answers with 200."""
        reply = self.send({"line": f"GET {path}", "key": key or self.manual_key})
        assert reply.status == 200, f"GET {path} answered {reply.status} {reply.body!r}"
        return json.loads(reply.body)

    def send(self, request: Mapping[str, Any]) -> Reply:
        """Send a request as a fixture writes it."""
        method, path = fill(request["line"], self.bindings).split(" ", 1)
        headers = {"Accept": "*/*"} | fill(request.get("headers", {}), self.bindings)
        headers = self.signed(headers, fill(request.get("key", self.manual_key), self.bindings))
        body = None
        if "json" in request:
            headers = {"Content-Type": "application/json", **headers}
            body = json.dumps(fill(request["json"], self.bindings)).encode()
        elif "text" in request:
            body = fill(request["text"], self.bindings).encode()
        return self.ask(method, path, {name: value for name, value in headers.items() if value is not None}, body)

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """Send a request as it is."""
        return self.place.request(method, path, headers, body)

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
        # Every answer of these APIs is JSON and carries a request id, whatever the fixture says beside it.
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
