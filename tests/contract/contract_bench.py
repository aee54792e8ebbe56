"""The implementations under contract, each with what a story needs to look behind the ports: a consumer of the queue,
a list of what is scheduled, and a hand on the time that messages are hidden for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from contract_samples import NOW

from chalicelib.embedded.database import Database
from chalicelib.embedded.queue import Received
from chalicelib.embedded.whole import Embedded
from chalicelib.names import Names
from chalicelib.ports.access import AccessStore
from chalicelib.ports.blobs import Blobs
from chalicelib.ports.dead_letters import DeadLetterStore
from chalicelib.ports.identity import TeamStore
from chalicelib.ports.items import ItemStore, WebhookStore
from chalicelib.ports.queue import Queue, Schedules
from chalicelib.ports.tasks import TaskReader, TaskStore
from chalicelib.ports.vault import KeyRing
from chalicelib.vault.keeper import Keeper

NAMES = Names("test", "123456789012", "us-east-1")
VAULT_SECRET = b"secret of the vault of the bench."


class Tasks(TaskStore, TaskReader, Protocol):
    """Both sides of the task rows."""


class Waiting(NamedTuple):
    """A schedule that has not fired."""

    fire_at_s: int
    body: str


class Bench(Protocol):
    """One implementation of every port."""

    @property
    def tasks(self) -> Tasks: ...

    @property
    def identity(self) -> TeamStore: ...

    @property
    def access(self) -> AccessStore: ...

    @property
    def blobs(self) -> Blobs: ...

    @property
    def items(self) -> ItemStore: ...

    @property
    def webhooks(self) -> WebhookStore: ...

    @property
    def letters(self) -> DeadLetterStore: ...

    @property
    def ring(self) -> KeyRing: ...

    @property
    def queue(self) -> Queue: ...

    @property
    def schedules(self) -> Schedules: ...

    def now(self) -> int:
        """Epoch milliseconds by the clock of the queue and the schedules."""

    def receive(self) -> list[Received]:
        """Take one message or none from the queue."""

    def receive_dead(self) -> list[Received]:
        """Take one message or none from the queue of dead letters."""

    def delete(self, receipt: str) -> None:
        """Forget a message of the queue."""

    def pass_time(self, seconds: int) -> None:
        """Let the messages' delays and holds go on by so much."""

    def waiting(self) -> dict[str, Waiting]:
        """The schedules there are, by name."""


class ManualClock:
    """Time that passes only when told to."""

    def __init__(self, now: int = NOW) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def sleep(self, ms: int) -> None:
        self._now += ms


class Silence:
    """Records nothing."""

    def record(self, event: str, **fields: object) -> None:
        return


SILENCE = Silence()


class EmbeddedBench:
    """Everything on one SQLite database."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._clock = ManualClock()
        self.database = database
        self.ring = ring
        whole = Embedded(database, NAMES, Keeper(ring, self._clock, SILENCE), self._clock)
        self._dead_letters = whole.dead_letters
        self.tasks = whole.tasks
        self.identity = whole.identity
        self.access = whole.access
        self.blobs = whole.blobs
        self.items = whole.items
        self.webhooks = whole.webhooks
        self.letters = whole.letters
        self.queue = whole.tasks_queue
        self.schedules = whole.schedules

    def now(self) -> int:
        return self._clock.now()

    def receive(self) -> list[Received]:
        return self.queue.receive(1)

    def receive_dead(self) -> list[Received]:
        return self._dead_letters.receive(1)

    def delete(self, receipt: str) -> None:
        self.queue.delete(receipt)

    def pass_time(self, seconds: int) -> None:
        self._clock.sleep(seconds * 1000)

    def waiting(self) -> dict[str, Waiting]:
        everything = self.schedules.due(NOW * 10)
        return {schedule.name: Waiting(schedule.fire_at_s, schedule.body) for schedule in everything}


class AwsBench:
    """Everything on moto, made from the template and reached through the production clients."""

    def __init__(self, clients: Any, lock: Any) -> None:
        from chalicelib.aws.access import AwsAccess
        from chalicelib.aws.astraflow import AwsItems, AwsWebhooks
        from chalicelib.aws.blobs import AwsBlobs
        from chalicelib.aws.dead_letters import AwsDeadLetters
        from chalicelib.aws.identity import AwsIdentity
        from chalicelib.aws.keyring import AwsKeyRing
        from chalicelib.aws.queue import AwsQueue
        from chalicelib.aws.schedules import AwsSchedules
        from chalicelib.aws.tasks import AwsTasks

        self._clients = clients
        self._lock = lock
        self.ring = AwsKeyRing(clients, NAMES.tasks_table, NAMES.data_key, NAMES.stage)
        vault = Keeper(self.ring, ManualClock(), SILENCE)
        self.tasks = AwsTasks(clients, NAMES.tasks_table, vault)
        self.identity = AwsIdentity(clients, NAMES.identity_table)
        self.access = AwsAccess(clients, NAMES.identity_table)
        self.blobs = AwsBlobs(clients, NAMES.identity_table)
        self.items = AwsItems(clients, NAMES.items_table, vault)
        self.webhooks = AwsWebhooks(clients, NAMES.items_table, vault)
        self.letters = AwsDeadLetters(clients, NAMES.tasks_table)
        self.queue = AwsQueue(clients, NAMES.tasks_queue, NAMES.account)
        self.schedules = AwsSchedules(
            clients,
            NAMES.schedule_group,
            NAMES.queue_arn(NAMES.tasks_queue),
            NAMES.role_arn(NAMES.scheduler_role),
            NAMES.queue_arn(NAMES.dead_letters_queue),
        )

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def receive(self) -> list[Received]:
        return self._receive(NAMES.tasks_queue)

    def receive_dead(self) -> list[Received]:
        return self._receive(NAMES.dead_letters_queue)

    def delete(self, receipt: str) -> None:
        self._clients.sqs.delete_message(QueueUrl=self._url(NAMES.tasks_queue), ReceiptHandle=receipt)

    def pass_time(self, seconds: int) -> None:
        with self._lock.held:
            for queue in self._moto_queues():
                for message in queue._messages:
                    message.delayed_until -= seconds * 1000
                    message.visible_at -= seconds * 1000

    def waiting(self) -> dict[str, Waiting]:
        from infra.local.schedules import fire_time

        found = {}
        for listed in self._clients.scheduler.list_schedules(GroupName=NAMES.schedule_group)["Schedules"]:
            schedule = self._clients.scheduler.get_schedule(GroupName=NAMES.schedule_group, Name=listed["Name"])
            moment = fire_time(schedule["ScheduleExpression"], schedule.get("ScheduleExpressionTimezone"))
            assert moment is not None, schedule["ScheduleExpression"]
            found[listed["Name"]] = Waiting(int(moment), schedule["Target"]["Input"])
        return found

    def clear(self) -> None:
        """Take away what the story before may have left in the queues and schedules."""
        with self._lock.held:
            for queue in self._moto_queues():
                queue._messages.clear()
                queue.pending_messages.clear()
        for name in self.waiting():
            self._clients.scheduler.delete_schedule(GroupName=NAMES.schedule_group, Name=name)

    def _receive(self, queue: str) -> list[Received]:
        answer = self._clients.sqs.receive_message(
            QueueUrl=self._url(queue), MaxNumberOfMessages=1, MessageSystemAttributeNames=["All"]
        )
        return [
            Received(
                message_id=message["MessageId"],
                receipt=message["ReceiptHandle"],
                body=message["Body"],
                sent_at=int(message["Attributes"]["SentTimestamp"]),
                receives=int(message["Attributes"]["ApproximateReceiveCount"]),
                group=message["Attributes"].get("MessageGroupId"),
            )
            for message in answer.get("Messages", [])
        ]

    def _moto_queues(self) -> list[Any]:
        from moto.sqs.models import sqs_backends

        return list(sqs_backends[NAMES.account][NAMES.region].queues.values())

    def _url(self, queue: str) -> str:
        return f"https://sqs.{NAMES.region}.amazonaws.com/{NAMES.account}/{queue}"


@contextmanager
def aws() -> Iterator[AwsBench]:
    """The AWS side over moto, with the resources of the template."""
    import boto3
    from moto import mock_aws

    from chalicelib.aws.clients import Clients
    from infra.apply import apply, load_template
    from infra.moto_lock import MotoLock

    with mock_aws(), MotoLock() as lock:
        apply(load_template(), NAMES, lambda service: boto3.client(service, region_name=NAMES.region))
        yield AwsBench(Clients(NAMES.region), lock)
