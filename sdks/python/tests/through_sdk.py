"""A deployment in process that is asked by the SDK's own methods, as far as they can say what is to be asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx2
from surfaces.harness.in_process import InProcess
from surfaces.harness.place import Reply

import astraflow_sdk
from astraflow_sdk import APIStatusError, ConfigurationError
from astraflow_sdk.models._model import Model

Words = dict[str, Any]


@dataclass(frozen=True)
class Saying:
    """How a client says a request: the method, and what its words are called in the request's query or body.

    Words without a name of their own are the segments of the path, then the `first` members of the body.
    """

    client: str
    method: str
    line: re.Pattern[str]
    first: tuple[str, ...] = ()
    named: Mapping[str, str] | None = None


def _saying(client: str, method: str, line: str, /, *first: str, **named: str) -> Saying:
    pattern = re.sub(r"\{\w+\}", "([^/]+)", line)
    return Saying(client, method, re.compile(pattern), first, {theirs: ours for ours, theirs in named.items()})


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_TASK, _PAGE = _same("due_date", "priority", "description"), _same("page", "per_page")
_HOOK = "/api/v1/webhooks/{id}"
SAYINGS = (
    _saying("AstraClient", "get_tasks", "GET /api/v1/tasks", **_same("status"), **_PAGE),
    _saying("AstraClient", "create_task", "POST /api/v1/tasks", "name", **_TASK),
    _saying("AstraClient", "get_task", "GET /api/v1/tasks/{id}"),
    _saying("AstraClient", "update_task", "PUT /api/v1/tasks/{id}", **_same("name", "status"), **_TASK),
    _saying("AstraClient", "delete_task", "DELETE /api/v1/tasks/{id}"),
    _saying("AstraClient", "get_users", "GET /api/v1/users", **_same("role", "active"), **_PAGE),
    _saying("AstraClient", "create_user", "POST /api/v1/users", "email", "password", **_same("role")),
    _saying("AstraClient", "get_webhooks", "GET /api/v1/webhooks"),
    _saying("AstraClient", "create_webhook", "POST /api/v1/webhooks", "url", "event"),
    _saying("AstraClient", "get_webhook", f"GET {_HOOK}"),
    _saying("AstraClient", "delete_webhook", f"DELETE {_HOOK}"),
    _saying("AstraClient", "rotate_webhook_secret", f"POST {_HOOK}/rotate", **_same("overlap_seconds")),
    _saying("AstraClient", "get_deliveries", f"GET {_HOOK}/deliveries", **_same("limit")),
    _saying("AsyncFlowClient", "submit", "POST /asyncflow", "destination", "content", **_same("priority")),
    _saying("AsyncFlowClient", "list", "GET /asyncflow", **_same("limit")),
    _saying("AsyncFlowClient", "get", "GET /asyncflow/{id}", **_same("wait")),
    _saying(
        "AsyncQueueClient",
        "create_task",
        "POST /v1/tasks",
        "callbackUrl",
        **_same("method", "headers", "body", "timeout"),
        max_wait_time="maxWaitTime",
        delay_until="delayUntil",
        max_retries="maxRetries",
        retry_backoff="retryBackoff",
        on_complete_url="onCompleteUrl",
    ),
    _saying(
        "AsyncQueueClient",
        "list_tasks",
        "GET /v1/tasks",
        **_same("status", "limit", "offset"),
        sort_order="sortOrder",
        created_after="createdAfter",
        created_before="createdBefore",
    ),
    _saying("AsyncQueueClient", "get_task", "GET /v1/tasks/{id}", **_same("wait")),
    _saying("AsyncQueueClient", "cancel_task", "POST /v1/tasks/{id}/cancel"),
    _saying("AsyncQueueClient", "create_key", "POST /v1/keys", "name"),
    _saying("AsyncQueueClient", "revoke_key", "DELETE /v1/keys/{id}"),
    _saying("AsyncQueueClient", "add_member", "POST /v1/members", "email"),
    _saying("AsyncQueueClient", "list_members", "GET /v1/members"),
    _saying("AsimovClient", "get", "GET /api/tasks/{id}", **_same("wait")),
)


#: Headers that change what a request asks for.
_TELLING = ("content-type", "x-message-struct", "x-request-mode")


class OtherwiseError(Exception):
    """The SDK would have sent another request than the one that is wanted."""


@dataclass
class _Exchange(httpx2.BaseTransport):
    """Lets one request pass, if it is the one that is wanted, and keeps its answer."""

    ask: Callable[[str, str, Mapping[str, str], bytes | None], Reply]
    wanted: tuple[str, str, Mapping[str, str], bytes | None]
    reply: Reply | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        method, path, headers, body = self.wanted
        target = request.url.raw_path.decode()
        sent = {name.lower(): value for name, value in request.headers.items()}
        asked = {name.lower(): value for name, value in headers.items()}
        telling = {*asked, *_TELLING} - ({"accept"} if body else {"accept", "content-type"})
        if (
            (request.method, _parts(target)) != (method, _parts(path))
            or (json.loads(request.content) if request.content else {}) != (json.loads(body) if body else {})
            or any(sent.get(name) != asked.get(name) for name in telling)
        ):
            raise OtherwiseError
        self.reply = self.ask(request.method, target, sent, request.content or None)
        return httpx2.Response(self.reply.status, headers=dict(self.reply.headers), content=self.reply.body)


class ThroughSdk(InProcess):
    """The place. `said` names the methods that have said a request."""

    def __init__(self) -> None:
        super().__init__()
        self.said: set[str] = set()
        self.asked = self.said_requests = 0

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        self.asked += 1
        for saying in SAYINGS:
            found = saying.line.fullmatch(f"{method} {urlsplit(path).path}")
            words = None if found is None else _words(saying, found.groups(), path, body)
            client = _credentials(saying.client, headers)
            if words is not None and client is not None:
                exchange = _Exchange(super().request, (method, path, headers, body))
                reply = _said(saying, words, client, headers, exchange)
                if reply is not None:
                    self.said.add(f"{saying.client}.{saying.method}")
                    self.said_requests += 1
                    return reply
        return super().request(method, path, headers, body)


def _said(
    saying: Saying, words: tuple[list[str], Words], client: Words, headers: Mapping[str, str], exchange: _Exchange
) -> Reply | None:
    """The answer, once the SDK has read it as it is; None when the SDK cannot say the request."""
    positional, named = words
    key = next((value for name, value in headers.items() if name.lower() == "idempotency-key"), None)
    if key is not None:
        named = {**named, "idempotency_key": key}
    kind = getattr(astraflow_sdk, saying.client)
    with kind(base_url=InProcess.base_url, transport=exchange, max_retries=0, **client) as asking:
        try:
            answer = getattr(asking, saying.method)(*positional, **named)
        except (ConfigurationError, OtherwiseError, TypeError):
            return None
        except APIStatusError as refusal:
            answer = refusal
    assert exchange.reply is not None
    _check(answer, exchange.reply)
    return exchange.reply


def _check(answer: Any, reply: Reply) -> None:
    """What the SDK returns, or raises, is what the API answered."""
    shown = json.loads(reply.body)
    if isinstance(answer, APIStatusError):
        told = (answer.status, answer.body, answer.request_id)
        assert told == (reply.status, shown, reply.headers["x-request-id"])
        return
    assert reply.status < 300
    within = (shown, *(shown.values() if isinstance(shown, dict) else ()))
    if isinstance(answer, Model):
        assert answer.raw in within
    elif answer is not None:
        assert [each.raw for each in answer] in within


def _words(saying: Saying, segments: tuple[str, ...], path: str, body: bytes | None) -> tuple[list[str], Words] | None:
    """The words of the call; None when the request holds something that the method has no word for."""
    try:
        members = json.loads(body) if body else {}
    except ValueError:
        return None
    if not isinstance(members, dict):
        return None
    told: Words = {**members, **{name: _value(text) for name, text in parse_qsl(urlsplit(path).query)}}
    if any(name not in told for name in saying.first):
        return None
    positional = [*map(unquote, segments), *(told.pop(name) for name in saying.first)]
    names = saying.named or {}
    return None if told.keys() - names.keys() else (positional, {names[name]: value for name, value in told.items()})


def _credentials(client: str, headers: Mapping[str, str]) -> Words | None:
    found = {name.lower(): value for name, value in headers.items()}
    scheme, _, token = found.get("authorization", "").partition(" ")
    if client == "AsyncFlowClient":
        key, group = found.get("x-api-key"), found.get("x-student-group")
        return {"api_key": key, "group": group} if key and group else None
    if scheme != "Bearer" or not token:
        return {} if client == "AsimovClient" and not scheme else None
    return {"token" if client == "AstraClient" else "api_key": token}


def _value(text: str) -> Any:
    """A query's value as a caller has it."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdigit() else text


def _parts(target: str) -> tuple[str, list[tuple[str, str]]]:
    parts = urlsplit(target)
    return unquote(parts.path), sorted(parse_qsl(parts.query, keep_blank_values=True))
