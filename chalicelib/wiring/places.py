"""Where everything is kept: on AWS, or in a folder of this machine. Each is loaded only when it is the one."""

from __future__ import annotations

from pathlib import Path

from chalicelib.machine import SystemClock, SystemRandomness, Threads
from chalicelib.outbound.door import Door as OutboundDoor
from chalicelib.outbound.guard import Guard
from chalicelib.settings import SettingError, Settings
from chalicelib.telemetry import LogRecorder
from chalicelib.wiring.parts import MachineParts, Parts


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
