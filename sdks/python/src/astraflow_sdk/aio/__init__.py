"""The clients for asyncio, under the same names as their twins in `astraflow_sdk`: methods are awaited, `auto_paging`
is iterated with `async for`, clients are closed with `async with`."""

from __future__ import annotations

from astraflow_sdk.aio._ambient import Ambient
from astraflow_sdk.aio._pages import Page
from astraflow_sdk.aio.asimov import AsimovClient
from astraflow_sdk.aio.astraflow import AstraClient
from astraflow_sdk.aio.asyncflow import AsyncFlowClient
from astraflow_sdk.aio.asyncqueue import AsyncQueueClient

__all__ = ["Ambient", "AsimovClient", "AstraClient", "AsyncFlowClient", "AsyncQueueClient", "Page"]
