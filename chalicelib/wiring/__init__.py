"""The one place that knows concrete classes.

`assemble` turns parts into the platform that surfaces and workers use. `platform()` does so once per process, over AWS
or over a folder of this machine, as the settings say; tests and simulations assemble their own and put it in place with
`use`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

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
from chalicelib.settings import LOCAL_STAGE, Settings, load, names
from chalicelib.settings.references import Missing
from chalicelib.telemetry import log_as_json
from chalicelib.views import items as item_views
from chalicelib.wiring import places
from chalicelib.wiring.parts import Parts as Parts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
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
                _current = assemble(places.parts(settings), settings)
    return _current


def use(replacement: Platform | None) -> Platform | None:
    """Put another platform in place (None: assemble anew at the next call) and return the one before."""
    global _current
    before, _current = _current, replacement
    return before
