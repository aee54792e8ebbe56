"""Waiting for things to be finished."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from astraflow_sdk.aio._ambient import Ambient
from astraflow_sdk.errors import ConfigurationError, WaitTimeoutError

#: So long, in seconds, the server is asked to hold an answer back: below what gateways and proxies put up with.
HELD_S = 20.0
#: A server that answers at once although nothing has changed is asked again after this many seconds.
_BREATH_S = 1.0


class Finishing(Protocol):
    """What can be waited for."""

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""


F = TypeVar("F", bound=Finishing)
#: Asks once: the seconds to hold the answer back, and when the caller's patience ends.
Look = Callable[[float, float], Awaitable[F]]


async def until_finished(look: Look[F], what: str, timeout: float, ambient: Ambient) -> F:
    """The thing once it is finished, or WaitTimeoutError after so many seconds."""
    if not timeout > 0:
        raise ConfigurationError("timeout must be a number of seconds above 0")
    end = ambient.now() + timeout
    while True:
        began = ambient.now()
        thing = await look(round(max(0.0, min(HELD_S, end - began)), 1), end)
        if thing.finished:
            return thing
        now = ambient.now()
        if now >= end:
            raise WaitTimeoutError(f"{what} is not finished after {timeout:g} s", thing)
        if now - began < _BREATH_S:
            await ambient.sleep(min(_BREATH_S, end - now))


async def polled(look: Callable[[], Awaitable[F]], what: str, attempts: int, interval: float, ambient: Ambient) -> F:
    """The thing once it is finished, asked for so many times with so many seconds between, or WaitTimeoutError."""
    if attempts < 1:
        raise ConfigurationError("max_attempts must be a whole number of 1 or more")
    if interval < 0:
        raise ConfigurationError("interval must be a number of seconds of 0 or more")
    thing = await look()
    for _ in range(attempts - 1):
        if thing.finished:
            break
        await ambient.sleep(interval)
        thing = await look()
    if not thing.finished:
        raise WaitTimeoutError(f"{what} is not finished after {attempts} looks", thing)
    return thing
