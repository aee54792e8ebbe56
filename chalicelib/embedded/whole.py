"""Every port on one database."""

from __future__ import annotations

from chalicelib.embedded.access import EmbeddedAccess
from chalicelib.embedded.blobs import EmbeddedBlobs
from chalicelib.embedded.database import Database
from chalicelib.embedded.dead_letters import EmbeddedDeadLetters
from chalicelib.embedded.expiry import expire
from chalicelib.embedded.identity import EmbeddedIdentity
from chalicelib.embedded.items import EmbeddedItems, EmbeddedWebhooks
from chalicelib.embedded.queue import EmbeddedQueue
from chalicelib.embedded.schedules import EmbeddedSchedules
from chalicelib.embedded.tasks import EmbeddedTasks
from chalicelib.names import Names
from chalicelib.ports.ambient import Clock
from chalicelib.ports.vault import Vault

#: What the template says of the queues: seconds that a received message is hidden, by what the queue is for, and after
#: how many receives it goes to the dead letters.
VISIBILITY_S = {"tasks": 900, "webhooks": 180, "dead-letters": 360}
MAX_RECEIVES = 20


class Embedded:
    """The stores, queues and schedules of one deployment."""

    def __init__(
        self, database: Database, names: Names, vault: Vault, clock: Clock, *, max_receives: int = MAX_RECEIVES
    ) -> None:
        self.database = database
        with database.transaction():
            self.dead_letters = EmbeddedQueue(
                database, names.dead_letters_queue, clock, visibility_s=VISIBILITY_S["dead-letters"]
            )
            self.tasks_queue, self.webhooks_queue = (
                EmbeddedQueue(
                    database,
                    queue,
                    clock,
                    visibility_s=visibility_s,
                    dead_letters=self.dead_letters,
                    max_receives=max_receives,
                )
                for queue, visibility_s in (
                    (names.tasks_queue, VISIBILITY_S["tasks"]),
                    (names.webhooks_queue, VISIBILITY_S["webhooks"]),
                )
            )
            self.schedules = EmbeddedSchedules(database, clock, self.tasks_queue)
            self.tasks = EmbeddedTasks(database, vault)
            self.identity = EmbeddedIdentity(database)
            self.access = EmbeddedAccess(database)
            self.blobs = EmbeddedBlobs(database)
            self.items = EmbeddedItems(database, vault)
            self.webhooks = EmbeddedWebhooks(database, vault)
            self.letters = EmbeddedDeadLetters(database)

    @property
    def queues(self) -> tuple[EmbeddedQueue, ...]:
        """All queues: each wants a consumer."""
        return self.tasks_queue, self.webhooks_queue, self.dead_letters

    def recover(self, now: int) -> None:
        """Take back what a process had in hand that is no more: nobody has to wait until its time would have been up.
        Only for who is alone with the database."""
        with self.database.transaction():
            self.tasks.end_leases(now)
            for queue in self.queues:
                queue.hand_back()

    def expire(self, now: int) -> int:
        """Delete the rows that have expired at `now` (epoch milliseconds); how many."""
        return expire(self.database, now)
