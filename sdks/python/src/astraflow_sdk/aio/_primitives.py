"""What differs between the twins beyond their words: how to sleep, a lock, and what becomes of a forgotten client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx2

Sleep = Callable[[float], Awaitable[None]]
sleep: Sleep = asyncio.sleep
Lock = asyncio.Lock
#: Nothing can be awaited when an object goes away: `async with` closes it.
Http = httpx2.AsyncClient
