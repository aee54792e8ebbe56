"""One implementation of every port, as the use cases are given them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.outbound.guard import Guard
from chalicelib.ports.access import AccessStore
from chalicelib.ports.ambient import Clock, Parallel, Randomness, Recorder
from chalicelib.ports.blobs import Blobs
from chalicelib.ports.dead_letters import DeadLetterStore
from chalicelib.ports.identity import TeamStore
from chalicelib.ports.items import ItemStore, WebhookStore
from chalicelib.ports.outbound import Door
from chalicelib.ports.queue import Queue, Schedules
from chalicelib.ports.tasks import TaskReader, TaskStore

if TYPE_CHECKING:
    from chalicelib.embedded.whole import Embedded


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Parts:
    """One implementation of every port."""

    tasks: TaskStore
    reader: TaskReader
    teams: TeamStore
    access: AccessStore
    blobs: Blobs
    items: ItemStore
    webhooks: WebhookStore
    letters: DeadLetterStore
    tasks_queue: Queue
    webhooks_queue: Queue
    dead_letters: Queue
    schedules: Schedules
    door: Door
    guard: Guard
    clock: Clock
    randomness: Randomness
    parallel: Parallel
    recorder: Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineParts(Parts):
    """The parts on one machine, and what its owner has to look after: queues that somebody empties, schedules that
    somebody fires, rows that somebody removes."""

    embedded: Embedded
