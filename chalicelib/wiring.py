"""The one place that knows concrete classes.

`assemble` turns parts into the platform that surfaces and workers use. `platform()` does so once per process, over AWS
or over a folder of this machine, as the settings say; tests and simulations assemble their own and put it in place with
`use`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.kinds.registry import KINDS, Kinds
from chalicelib.domain.task import Callback, Delivery, Due, Operation, Simulation
from chalicelib.engine.announce import Announcements
from chalicelib.engine.attempt import Attempts
from chalicelib.engine.backstop import Backstop
from chalicelib.engine.batons import Batons
from chalicelib.engine.control import Cancel
from chalicelib.engine.dead_letters import DeadLetters
from chalicelib.engine.events import Events
from chalicelib.engine.flow import Flow
from chalicelib.engine.groups import Groups
from chalicelib.engine.guesses import Guesses
from chalicelib.engine.hooks import Webhooks
from chalicelib.engine.items import Items
from chalicelib.engine.last_use import LastUse
from chalicelib.engine.limits import Limiter
from chalicelib.engine.operations import Operations
from chalicelib.engine.query import Tasks
from chalicelib.engine.replay import Replay
from chalicelib.engine.rescue import Rescue
from chalicelib.engine.submit import Submit
from chalicelib.engine.teams import Teams
from chalicelib.engine.tenants import Tenants
from chalicelib.engine.tokens import Tokens
from chalicelib.engine.users import Users
from chalicelib.executors.callback import CallbackExecutor
from chalicelib.executors.confirmation import Confirmation
from chalicelib.executors.delivery import DeliveryExecutor
from chalicelib.executors.due import DueExecutor
from chalicelib.executors.operation import OperationExecutor
from chalicelib.executors.signatures import Signatures
from chalicelib.executors.simulation import SimulationExecutor
from chalicelib.executors.webhook import CompletionWebhook
from chalicelib.machine import SystemClock, SystemRandomness, Threads
from chalicelib.outbound.door import Door as OutboundDoor
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
from chalicelib.settings import LOCAL_STAGE, SettingError, Settings, load, names
from chalicelib.settings.references import Missing
from chalicelib.telemetry import LogRecorder, log_as_json
from chalicelib.views import items as item_views

if TYPE_CHECKING:
    from chalicelib.embedded.whole import Embedded


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The use cases, ready to be called, and the parts that edges need themselves."""

    settings: Settings
    parts: Parts
    submit: Submit
    cancel: Cancel
    tasks: Tasks
    teams: Teams
    tenants: Tenants
    users: Users
    tokens: Tokens
    limiter: Limiter
    groups: Groups
    flow: Flow
    operations: Operations
    items: Items
    webhooks: Webhooks
    attempts: Attempts
    announcements: Announcements
    rescue: Rescue
    replay: Replay
    dead_letters: DeadLetters
    backstop: Backstop

    def health(self) -> dict[str, bool]:
        """Which parts answer."""
        absent = "00000000-0000-0000-0000-000000000000"
        return {
            "tasks": _answers(lambda: self.parts.reader.get(absent, now=self.parts.clock.now())),
            "identity": _answers(lambda: self.parts.teams.key(absent)),
            "items": _answers(lambda: self.parts.items.get(absent, absent)),
            "queue": _answers(self.parts.tasks_queue.reach),
        }


def _answers(call: Callable[[], object]) -> bool:
    try:
        call()
    except UnavailableError:
        return False
    return True


def assemble(parts: Parts, settings: Settings, kinds: Kinds = KINDS) -> Platform:
    """The platform over these parts, with these kinds of operations."""
    retention_s = settings.retention_s
    batons = Batons(parts.tasks_queue, parts.webhooks_queue, parts.schedules, parts.clock, settings.horizon_s)
    signatures = Signatures(parts.teams, parts.clock, settings.key_pepper)
    submit = Submit(parts.tasks, batons, parts.clock, parts.randomness)
    cancel = Cancel(parts.tasks, batons, parts.clock, retention_s)
    tasks = Tasks(parts.reader, parts.clock)
    guesses = Guesses(parts.blobs, parts.clock)
    users = Users(parts.access, parts.blobs, guesses, parts.clock, parts.randomness, settings.password_cost)
    events = Events(submit, parts.webhooks, item_views.event, parts.clock, parts.randomness)
    webhooks = Webhooks(parts.webhooks, parts.reader, events, parts.clock, parts.randomness, settings.key_pepper)
    confirmation = Confirmation(parts.items, parts.clock)
    last_use = LastUse(parts.clock, parts.recorder)
    deliveries = DeliveryExecutor(parts.door, parts.clock, webhooks, confirmation)
    rescue = Rescue(parts.tasks, parts.reader, parts.letters, batons, parts.clock, parts.recorder, retention_s)
    replay = Replay(parts.reader, parts.teams, kinds, submit, parts.clock, parts.randomness)
    return Platform(
        settings=settings,
        parts=parts,
        submit=submit,
        cancel=cancel,
        tasks=tasks,
        teams=Teams(parts.teams, parts.clock, parts.randomness, settings.key_pepper, last_use),
        tenants=Tenants(parts.access, users, parts.clock, parts.randomness, settings.key_pepper),
        users=users,
        tokens=Tokens(parts.access, parts.clock, parts.randomness, settings.key_pepper, last_use),
        limiter=Limiter(parts.blobs, parts.clock, parts.recorder),
        groups=Groups(parts.blobs, parts.reader, parts.clock, settings.asyncflow, retention_s),
        flow=Flow(submit, parts.clock, settings.asyncflow),
        operations=Operations(kinds, submit, cancel, tasks, parts.randomness),
        items=Items(parts.items, events, cancel, parts.clock, parts.randomness),
        webhooks=webhooks,
        attempts=Attempts(
            tasks=parts.tasks,
            reader=parts.reader,
            batons=batons,
            executors={
                Callback: CallbackExecutor(parts.door, parts.clock, signatures),
                Simulation: SimulationExecutor(parts.clock),
                Delivery: deliveries,
                Due: DueExecutor(events, confirmation),
                Operation: OperationExecutor(kinds, parts.clock, parts.recorder),
            },
            witness=deliveries,
            clock=parts.clock,
            randomness=parts.randomness,
            recorder=parts.recorder,
            retention_s=retention_s,
        ),
        announcements=Announcements(
            tasks=parts.tasks,
            reader=parts.reader,
            announcer=CompletionWebhook(parts.door, signatures),
            clock=parts.clock,
            recorder=parts.recorder,
        ),
        rescue=rescue,
        replay=replay,
        dead_letters=DeadLetters(
            parts.letters, parts.tasks, parts.reader, batons, rescue, replay, parts.clock, parts.recorder
        ),
        backstop=Backstop(parts.reader, parts.blobs, batons, parts.clock, parts.recorder),
    )


def parts(settings: Settings) -> Parts:
    """The parts where the settings want them: in a folder of this machine, or on AWS."""
    return on_aws(settings) if settings.data is None else on_machine(settings, settings.data)


def on_aws(settings: Settings) -> Parts:
    """The parts on AWS, or on whatever answers at the endpoint that the settings name."""
    from chalicelib.aws.access import AwsAccess
    from chalicelib.aws.astraflow import AwsItems, AwsWebhooks
    from chalicelib.aws.blobs import AwsBlobs
    from chalicelib.aws.clients import Clients
    from chalicelib.aws.dead_letters import AwsDeadLetters
    from chalicelib.aws.identity import AwsIdentity
    from chalicelib.aws.keyring import AwsKeyRing
    from chalicelib.aws.queue import AwsQueue
    from chalicelib.aws.schedules import AwsSchedules
    from chalicelib.aws.tasks import AwsTasks
    from chalicelib.vault.keeper import Keeper

    names = settings.names
    clients = Clients(names.region, settings.aws_endpoint_url)
    clock, recorder = SystemClock(), LogRecorder()
    vault = Keeper(AwsKeyRing(clients, names.tasks_table, names.data_key, names.stage), clock, recorder)
    tasks = AwsTasks(clients, names.tasks_table, vault)
    identity = AwsIdentity(clients, names.identity_table)
    guard = Guard(settings.outbound_allow_networks, settings.own_hosts)
    return Parts(
        tasks=tasks,
        reader=tasks,
        teams=identity,
        access=AwsAccess(clients, names.identity_table),
        blobs=AwsBlobs(clients, names.identity_table),
        items=AwsItems(clients, names.items_table, vault),
        webhooks=AwsWebhooks(clients, names.items_table, vault),
        letters=AwsDeadLetters(clients, names.tasks_table),
        tasks_queue=AwsQueue(clients, names.tasks_queue, names.account),
        webhooks_queue=AwsQueue(clients, names.webhooks_queue, names.account),
        dead_letters=AwsQueue(clients, names.dead_letters_queue, names.account),
        schedules=AwsSchedules(
            clients,
            names.schedule_group,
            names.queue_arn(names.tasks_queue),
            names.role_arn(names.scheduler_role),
            names.queue_arn(names.dead_letters_queue),
        ),
        door=OutboundDoor(guard),
        guard=guard,
        clock=clock,
        randomness=SystemRandomness(),
        parallel=Threads(),
        recorder=recorder,
    )


#: What a data folder holds for the product: the database, and the key that it is sealed with.
DATABASE_FILE, KEY_FILE = "sluice.db", "data.key"


def on_machine(settings: Settings, folder: Path) -> MachineParts:
    """The parts in a folder of this machine, which has to be there. SettingError with what keeps it from being used."""
    from chalicelib.embedded.database import Database, FormatError
    from chalicelib.embedded.seal import LostKeyError, key_of
    from chalicelib.embedded.whole import Embedded
    from chalicelib.vault.keeper import Keeper

    clock, recorder = SystemClock(), LogRecorder()
    try:
        database = Database(str(folder / DATABASE_FILE))
        vault = Keeper(key_of(database, folder / KEY_FILE), clock, recorder)
        embedded = Embedded(database, settings.names, vault, clock)
    except (FormatError, LostKeyError, OSError) as problem:
        raise SettingError(str(problem)) from None
    guard = Guard(settings.outbound_allow_networks, settings.own_hosts)
    return MachineParts(
        tasks=embedded.tasks,
        reader=embedded.tasks,
        teams=embedded.identity,
        access=embedded.access,
        blobs=embedded.blobs,
        items=embedded.items,
        webhooks=embedded.webhooks,
        letters=embedded.letters,
        tasks_queue=embedded.tasks_queue,
        webhooks_queue=embedded.webhooks_queue,
        dead_letters=embedded.dead_letters,
        schedules=embedded.schedules,
        door=OutboundDoor(guard),
        guard=guard,
        clock=clock,
        randomness=SystemRandomness(),
        parallel=Threads(),
        recorder=recorder,
        embedded=embedded,
    )


def _secrets(region: str, endpoint_url: str | None, references: Sequence[str]) -> Mapping[str, str | Missing]:
    """What references in the settings point to."""
    from chalicelib.aws.clients import Clients
    from chalicelib.aws.secrets import AwsSecrets

    return AwsSecrets(Clients(region, endpoint_url))(references)


_lock = threading.Lock()
_current: Platform | None = None


def platform() -> Platform:
    """The platform of this process, assembled at the first call."""
    global _current
    if _current is None:
        with _lock:
            if _current is None:
                if names().stage != LOCAL_STAGE:
                    # First of all: what is wrong with the settings has to be read by somebody.
                    log_as_json()
                settings = load(fetch=_secrets)
                _current = assemble(parts(settings), settings)
    return _current


def use(replacement: Platform | None) -> Platform | None:
    """Put another platform in place (None: assemble anew at the next call) and return the one before."""
    global _current
    before, _current = _current, replacement
    return before
