"""What differs between the twins beyond their words: how to sleep, a lock, and what becomes of a forgotten client."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import httpx2

Sleep = Callable[[float], None]
sleep: Sleep = time.sleep
Lock = threading.Lock


class Http(httpx2.Client):
    """Closes itself when nobody needs it any more: a script of four lines leaves nothing open."""

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()
