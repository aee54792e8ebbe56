"""One door in front of moto: every AWS call passes it alone, however it came.

moto keeps its state in plain objects. Called by many threads it acknowledges writes that another thread undoes, so
conditional writes stop being conditional. Calls of this process and calls over moto's HTTP server both end in
`BaseResponse._dispatch`: the lock sits there. Whoever holds the door may also refuse a call before moto sees it
(`guards`: what AWS validates and moto does not) and is told of each one afterwards (`listeners`: what saves the local
stack from polling).

Measured with 24 threads, half of them over HTTP, racing for 100 conditional claims: without the lock 100 to 104 winners
a run, and up to 115 where the interpreter switches threads every 10 µs; with it 100 in every run, either way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition
from types import TracebackType
from typing import Any, Self

from moto.core.responses import BaseResponse
from moto.sqs.models import Queue


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS call: service (`sqs`), action (`SendMessage`), the account and region it is for, and its raw request."""

    service: str
    action: str
    account: str
    region: str
    path: str
    body: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error that a call is answered with instead of being carried out."""

    code: str
    message: str
    status: int = 400

    def response(self) -> tuple[int, dict[str, str], str]:
        """What moto's handlers return: status, headers, body; read alike by the SDK's JSON and REST protocols."""
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": self.code}
        return self.status, headers, json.dumps({"__type": self.code, "message": self.message})


Guard = Callable[[Call], Refusal | None]
Listener = Callable[[Call], None]


@dataclass(slots=True)
class MotoLock:
    """While entered, the door stands. `with lock.held:` keeps every call out, to look at moto's state in peace."""

    guards: list[Guard] = field(default_factory=list)
    listeners: list[Listener] = field(default_factory=list)
    #: Reentrant: a handler of moto's may call another service.
    held: Condition = field(default_factory=Condition)
    _original: tuple[Any, Any] | None = None

    def __enter__(self) -> Self:
        self._original = (BaseResponse._dispatch, Queue.wait_for_messages)
        lock = self

        def dispatch(response: Any, request: Any, full_url: Any = None, headers: Any = None) -> Any:
            return lock._dispatch(response, request, full_url, headers)

        def wait_for_messages(queue: Any, timeout: float) -> None:
            # A long poll must not keep the door shut: waiting on the condition opens it.
            lock.held.wait_for(lambda: queue.messages, timeout)

        BaseResponse._dispatch = dispatch
        Queue.wait_for_messages = wait_for_messages
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._original is not None:
            BaseResponse._dispatch, Queue.wait_for_messages = self._original
            self._original = None

    def _dispatch(self, response: Any, request: Any, full_url: Any, headers: Any) -> Any:
        """What moto's own `_dispatch` does, alone, between the guards and the listeners."""
        with self.held:
            response.setup_class(request, full_url, headers)
            call = Call(
                service=response.service_name,
                action=response._get_action() or "",
                account=response.current_account,
                region=response.region,
                path=response.path,
                body=response.body if isinstance(response.body, str) else "",
            )
            for guard in tuple(self.guards):
                if refusal := guard(call):
                    return refusal.response()
            answer = response.call_action()
            self.held.notify_all()
        for listener in tuple(self.listeners):
            listener(call)
        return answer
