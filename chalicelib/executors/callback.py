"""The kind `callback`: one HTTP request to the owner's server."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from json import JSONDecodeError, loads

from chalicelib.domain import hops
from chalicelib.domain.exchange import Answer, Failure, Headers, NoAnswer, Request
from chalicelib.domain.outcome import BudgetSpent, Failed, Outcome, Succeeded
from chalicelib.domain.outgoing import USER_AGENT, attempt_headers
from chalicelib.domain.task import Callback, Payload, Result, Task
from chalicelib.executors.signatures import Signatures
from chalicelib.executors.text import body_text
from chalicelib.ports.ambient import Clock
from chalicelib.ports.outbound import Door

#: How much of an answer is read and kept: 256 KiB.
MAX_BODY_BYTES = 262_144


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CallbackExecutor:
    """Calls the task's URL once.

    Any answer below 500 is success; a 5xx, a transport failure or the attempt's timeout is a failure. The seconds spent
    waiting are summed over the attempts: once they reach the task's `max_wait_s` the budget is spent.
    """

    door: Door
    clock: Clock
    signatures: Signatures

    def attempt(self, task: Task, *, until: int) -> Outcome | None:
        # Signing may read the team's secrets: the look at the clock that counts is the one after it.
        request = self._request(task)
        work = task.work_as(Callback)
        began = self.clock.now()
        if began >= until:
            return None
        left_ms = round(work.max_wait_s * 1000) - task.waited_ms
        limit_ms = min(round(work.timeout_s * 1000), left_ms, until - began)
        answer = self.door.send(request, timeout_s=limit_ms / 1000, max_body_bytes=MAX_BODY_BYTES)
        waited_ms = self.clock.now() - began
        if isinstance(answer, Answer):
            result = Result(answer.status, answer.headers, body_text(answer, MAX_BODY_BYTES), waited_ms)
            if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return Succeeded(waited_ms, result)
            failed = Failed(f"Server error: HTTP {answer.status} - {_phrase(answer)}", waited_ms, result)
        elif answer.failure is Failure.TIMED_OUT and limit_ms == left_ms:
            return BudgetSpent(_budget_error(task), max(waited_ms, left_ms))
        else:
            failed = Failed(_transport_error(answer), waited_ms)
        if waited_ms >= left_ms and not task.last_attempt:
            # Nothing is left for the retry that would follow.
            return BudgetSpent(_budget_error(task), waited_ms, failed.result)
        return failed

    def _request(self, task: Task) -> Request:
        work, payload = task.work_as(Callback), task.payload or Payload()
        body = None if work.method == "GET" or payload.body is None else payload.body.encode()
        given = {name.lower() for name, _ in payload.headers}
        headers = [pair for pair in payload.headers if body is not None or pair[0].lower() != "content-type"]
        if body is not None and "content-type" not in given:
            headers.append(("Content-Type", _content_type(payload.body or "")))
        if "user-agent" not in given:
            headers.append(("User-Agent", USER_AGENT))
        headers.extend(self._own_headers(task, body or b""))
        return Request(work.method, work.url, tuple(headers), body)

    def _own_headers(self, task: Task, body: bytes) -> Headers:
        return (
            *attempt_headers(task, message_id=task.id),
            (hops.HEADER, str(task.hops + 1)),
            *self.signatures.headers(task, message_id=task.id, body=body),
        )


def _content_type(body: str) -> str:
    try:
        # A number of any length is JSON: read as an integer, a long one would be refused by the library.
        loads(body, parse_int=str)
    except (JSONDecodeError, RecursionError):
        return "text/plain; charset=utf-8"
    return "application/json"


def _phrase(answer: Answer) -> str:
    try:
        return HTTPStatus(answer.status).phrase
    except ValueError:
        return answer.reason or "Unknown"


def _transport_error(answer: NoAnswer) -> str:
    return f"fetch failed: {answer.failure.value}"


def _budget_error(task: Task) -> str:
    return f"Timeout: no response within {task.work_as(Callback).max_wait_s:g} seconds"
