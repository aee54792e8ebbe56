# Written by tools/twin.py from aio/__init__.py: change that one.
"""The blocking clients."""

from __future__ import annotations

from astraflow_sdk._sync._ambient import Ambient
from astraflow_sdk._sync._pages import Page
from astraflow_sdk._sync.asimov import AsimovClient
from astraflow_sdk._sync.astraflow import AstraClient
from astraflow_sdk._sync.asyncflow import AsyncFlowClient
from astraflow_sdk._sync.asyncqueue import AsyncQueueClient

__all__ = ["Ambient", "AsimovClient", "AstraClient", "AsyncFlowClient", "AsyncQueueClient", "Page"]
