# Written by tools/twin.py from aio/_ambient.py: change that one.
"""Time and chance, as a client meets them."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from astraflow_sdk._sync._primitives import Sleep, sleep


def _new_key() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Ambient:
    """A clock in seconds, how to sleep, numbers from 0 to 1, and idempotency keys. Tests may put in their own, so that
    pauses cost no time."""

    now: Callable[[], float] = time.monotonic
    sleep: Sleep = sleep
    chance: Callable[[], float] = random.random
    new_key: Callable[[], str] = _new_key
