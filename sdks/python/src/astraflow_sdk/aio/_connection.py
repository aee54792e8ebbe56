"""The core that the clients share: it sends requests, repeats what may be repeated, and raises what went wrong."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Protocol, Self

import httpx2

from astraflow_sdk._answer import Answer
from astraflow_sdk._ask import Ask
from astraflow_sdk._repeats import Repeats
from astraflow_sdk._settings import Settings, settings
from astraflow_sdk.aio._ambient import Ambient
from astraflow_sdk.aio._primitives import Http
from astraflow_sdk.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    ConfigurationError,
    NotFoundError,
)

LOG = logging.getLogger("astraflow_sdk")
#: Failures before anything was sent.
_UNSENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)


class Credential(Protocol):
    """What says who is calling."""

    async def headers(self, connection: Connection) -> Mapping[str, str]:
        """The headers of the next request."""

    def drop(self, headers: Mapping[str, str]) -> bool:
        """The server refused these headers: whether there may be better ones now."""


class Fixed:
    """Headers that stay what they are."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    async def headers(self, connection: Connection) -> Mapping[str, str]:  # noqa: ARG002  (others need it)
        return self._headers

    def drop(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002  (likewise)
        return False


class Connection:
    """Requests to one deployment under one credential. Copies share its connection pool."""

    def __init__(
        self, told: Settings, credential: Credential, transport: httpx2.AsyncBaseTransport | None, ambient: Ambient
    ) -> None:
        self.told = told
        self.ambient = ambient
        self._credential = credential
        self._http = Http(transport=transport, headers={"User-Agent": told.user_agent, "Accept": "application/json"})

    def with_options(self, timeout: float | None, max_retries: int | None) -> Connection:
        """The same connection with another patience."""
        told = settings(
            self.told.base_url,
            self.told.timeout_s if timeout is None else timeout,
            self.told.max_retries if max_retries is None else max_retries,
            None,
        )
        other = copy.copy(self)
        other.told = replace(told, user_agent=self.told.user_agent)
        return other

    async def ask(self, ask: Ask) -> Answer:
        """The answer to a request. Raises APIStatusError and APIConnectionError.

        A token that is refused is renewed once: what answers 401 has done nothing.
        """
        headers = await self._credential.headers(self)
        try:
            return await self.send(ask, headers)
        except AuthenticationError:
            if not self._credential.drop(headers):
                raise
        return await self.send(ask, await self._credential.headers(self))

    async def send(self, ask: Ask, headers: Mapping[str, str]) -> Answer:
        """The answer to a request with these headers, after as many attempts as it takes and is allowed."""
        repeats = Repeats(ask, self.told.max_retries, self.ambient.chance)
        while True:
            try:
                return await self._attempt(ask, headers)
            except (APIStatusError, APIConnectionError) as failure:
                before = repeats.uncertain
                pause_s = repeats.pause_s(failure, self.ambient.now())
                if pause_s is None:
                    if isinstance(failure, APIStatusError):
                        failure.uncertain = before
                    raise
            LOG.debug("%s %s again in %.2f s", ask.method, ask.path, pause_s)
            await self.ambient.sleep(pause_s)

    async def close(self) -> None:
        """Give the network connections back; copies share them."""
        await self._http.aclose()

    async def _attempt(self, ask: Ask, headers: Mapping[str, str]) -> Answer:
        content, described = ask.content
        began = self.ambient.now()
        try:
            response = await self._http.request(
                ask.method,
                self.told.base_url + ask.target,
                content=content,
                headers={**headers, **described, **ask.headers},
                timeout=httpx2.Timeout(self.told.timeout_s, read=self.told.timeout_s + ask.held_s),
            )
        except httpx2.InvalidURL:
            raise ConfigurationError("base_url must be an address like https://sluice.example.com") from None
        except httpx2.RequestError as error:
            raise _no_answer(ask, error) from error
        found = {name.lower(): value for name, value in response.headers.items()}
        answer = Answer(response.status_code, found, response.content)
        took_ms = (self.ambient.now() - began) * 1000
        LOG.debug("%s %s %s in %.0f ms (%s)", ask.method, ask.path, answer.status, took_ms, answer.request_id)
        if not answer.ok:
            raise answer.error()
        return answer


class Client:
    """What all clients can do. Use one as a context manager, or close it in the end."""

    _connection: Connection

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        """This client with another patience, in seconds, or another number of retries. Both share their connections."""
        other = copy.copy(self)
        other._connection = self._connection.with_options(timeout, max_retries)
        return other

    async def close(self) -> None:
        """Give the network connections back."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._connection.told.base_url!r})"

    async def _get(self, path: str) -> Answer:
        return await self._connection.ask(Ask(method="GET", path=path))

    async def _post(self, path: str, members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
        return await self._connection.ask(Ask(method="POST", path=path, members=members, headers=headers or {}))

    async def _delete(self, path: str) -> None:
        try:
            await self._connection.ask(Ask(method="DELETE", path=path))
        except NotFoundError as refusal:
            # The first attempt may have done it, and only its answer got lost: gone is what it was to be.
            if not refusal.uncertain:
                raise

    def _keyed(self, key: str | None) -> dict[str, str]:
        """The header under which a request can be sent twice and counts once."""
        return {"Idempotency-Key": self._connection.ambient.new_key() if key is None else _fit(key)}


def _fit(key: str) -> str:
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise ConfigurationError("idempotency_key must be 1 to 255 printable ASCII characters")
    return key


def _no_answer(ask: Ask, error: httpx2.RequestError) -> APIConnectionError:
    what = f"{ask.method} {ask.path}: {str(error) or type(error).__name__}"
    kind = APITimeoutError if isinstance(error, httpx2.TimeoutException) else APIConnectionError
    return kind(what, sent=not isinstance(error, _UNSENT))
