"""Items that expire: DynamoDB deletes them some time after the time their TTL attribute names; moto never does."""

from __future__ import annotations

import time
from threading import Event, Thread
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from chalicelib.names import Names
from infra.moto_lock import MotoLock

#: Seconds between two rounds. AWS promises days; a person at a terminal would not see it happen.
EVERY_S = 3.0


def expire(names: Names, lock: MotoLock, now: float) -> int:
    """Delete the items of every table whose TTL attribute lies before `now` (epoch seconds); returns how many."""
    deleted = 0
    with lock.held:
        for table in dynamodb_backends[names.account][names.region].tables.values():
            if table.ttl["TimeToLiveStatus"] != "ENABLED":
                continue
            attribute = table.ttl["AttributeName"]
            # Not `all_items`, which sorts the whole table while every call waits.
            items = [item for group in table.items.values() for item in group.values()]
            for item in items:
                if _expired(item.attrs.get(attribute), now):
                    table.delete_item(item.hash_key, item.range_key)
                    deleted += 1
    return deleted


def _expired(value: Any, now: float) -> bool:
    """Only a number counts: the service ignores a TTL attribute of another type."""
    return value is not None and value.is_number() and float(value.value) < now


class Expiry(Thread):
    """Runs `expire` every few seconds."""

    def __init__(self, names: Names, lock: MotoLock, every_s: float = EVERY_S) -> None:
        super().__init__(name="expiry", daemon=True)
        self._names = names
        self._lock = lock
        self._every_s = every_s
        self._over = Event()

    def stop(self) -> None:
        """Delete no more."""
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(self._every_s):
            expire(self._names, self._lock, time.time())
