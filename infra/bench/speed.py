"""How fast the engine's rows and the app's requests are, without AWS: printed, never judged."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from chalice.local import LambdaEventConverter, RouteMatcher

import app as entry
from chalicelib import wiring
from chalicelib.domain import lifecycle
from chalicelib.domain.ids import uuid4_from
from chalicelib.domain.outcome import Succeeded
from chalicelib.domain.sealing import Place
from chalicelib.domain.task import Backoff, Callback, Payload, Result, Status, Task
from chalicelib.embedded.access import EmbeddedAccess
from chalicelib.embedded.blobs import EmbeddedBlobs
from chalicelib.embedded.database import Database
from chalicelib.embedded.dead_letters import EmbeddedDeadLetters
from chalicelib.embedded.identity import EmbeddedIdentity
from chalicelib.embedded.items import EmbeddedItems, EmbeddedWebhooks
from chalicelib.embedded.queue import EmbeddedQueue
from chalicelib.embedded.schedules import EmbeddedSchedules
from chalicelib.embedded.tasks import EmbeddedTasks
from chalicelib.outbound.guard import Guard
from chalicelib.ports.tasks import Applied, Fence, Refused
from chalicelib.vault.keeper import Keeper
from chalicelib.vault.keyfile import DerivedKeys
from infra.bench.deployment import NAMES
from infra.bench.paths import ORDER
from infra.bench.scripted import ANSWER_MS, BEGINNING, Clock, Randomness, Serial, Servers, Silence, settings
from infra.host.functions import Context

T = TypeVar("T")

_SUCCESS = Succeeded(ANSWER_MS, Result(200, (("content-type", "application/json"),), '{"ok":true}', ANSWER_MS))
_ROUNDS, _CALLS = 7, 200
#: Told by a process of its own: this one has loaded it.
_LOADING = (
    "import time; began = time.process_time(); import chalicelib.vault.cipher; print(time.process_time() - began)"
)


def report() -> str:
    """The figures as lines of text."""
    with Database() as database:
        store = _store(EmbeddedTasks(database, _vault(Clock())))
    with Database() as database:
        wiring.use(_platform(database))
        try:
            unknown, create = _requests()
        finally:
            wiring.use(None)
    sealing, opening = _vault_seconds()
    loading = float(subprocess.run([sys.executable, "-c", _LOADING], capture_output=True, text=True, check=True).stdout)
    return "\n".join(
        [
            f"Speed (CPU, best of {_ROUNDS} rounds of {_CALLS}; compares states of the code, not machines)",
            *(f"  embedded {name:<6} {1 / seconds:>8,.0f} a second" for name, seconds in store.items()),
            f"  sealing 1 KB {sealing * 1e6:.1f} µs, opening it {opening * 1e6:.1f} µs",
            f"  loading the cipher's library, once in a process {loading * 1e3:.0f} ms",
            f"  request to an unknown path {unknown * 1e6:>5,.0f} µs",
            f"  request that creates a task {create * 1e6:>4,.0f} µs, {create / unknown:.1f} times as much",
        ]
    )


def _vault_seconds() -> tuple[float, float]:
    """Seconds for sealing a kilobyte and for opening it."""
    vault, place, value = _vault(Clock()), Place("team", "task", "payload", "token"), bytes(1_024)
    sealing = min(_each(lambda _: vault.seal(place, value), range(_CALLS)) for _ in range(_ROUNDS))
    sealed = vault.seal(place, value)
    return sealing, min(_each(lambda _: vault.open(place, sealed), range(_CALLS)) for _ in range(_ROUNDS))


def _store(tasks: EmbeddedTasks) -> dict[str, float]:
    """Seconds for each call on the rows of an everyday task's life."""
    chance = Randomness()
    seconds: dict[str, float] = {}
    for _ in range(_ROUNDS):
        fresh = [_task(uuid4_from(chance.bytes(16))) for _ in range(_CALLS)]
        claimed: list[Task] = []

        def claim(task: Task, claimed: list[Task] = claimed) -> None:
            answer = tasks.claim(task.id, attempt=1, token="token", now=BEGINNING)  # noqa: S106  (names a claim)
            claimed.append(_applied(answer))

        def commit(task: Task) -> None:
            step = lifecycle.settle(task, _SUCCESS, now=BEGINNING + ANSWER_MS, retention_s=86_400)
            _applied(tasks.commit(step.task, Fence.of(task)))

        for name, call, rows in (
            ("create", lambda task: _applied(tasks.create(task)), fresh),
            ("claim", claim, fresh),
            ("commit", commit, claimed),
        ):
            seconds[name] = min(seconds.get(name, float("inf")), _each(call, rows))
    return seconds


def _requests() -> tuple[float, float]:
    """Seconds for a request to a path that is not there, and for one that creates an everyday task."""
    _, minted = wiring.platform().teams.create("a team", "pro")
    converter = LambdaEventConverter(RouteMatcher(list(entry.app.routes)), entry.app.api.binary_types)
    headers = {"Authorization": f"Bearer {minted.secret}", "Content-Type": "application/json"}
    unknown = converter.create_lambda_event("GET", "/nowhere", headers)
    create = converter.create_lambda_event("POST", "/v1/tasks", headers, json.dumps(ORDER).encode())

    def send(sent: tuple[Any, int]) -> None:
        event, status = sent
        reply = entry.app(event, Context("api_handler", 29))
        if reply["statusCode"] != status:
            raise RuntimeError(f"answered with {reply['statusCode']}: {reply['body']}")

    def best(event: Any, status: int) -> float:
        return min(_each(send, [(event, status)] * _CALLS) for _ in range(_ROUNDS))

    return best(unknown, 404), best(create, 201)


def _each(call: Callable[[T], object], arguments: Sequence[T]) -> float:
    """Seconds of CPU for one call."""
    began = time.process_time()
    for argument in arguments:
        call(argument)
    return (time.process_time() - began) / len(arguments)


def _applied(answer: Applied | Refused) -> Task:
    if not isinstance(answer, Applied):
        raise TypeError("a write was refused that nothing stands against")
    return answer.task


def _task(task_id: str) -> Task:
    return Task(
        id=task_id,
        team="a team",
        status=Status.QUEUED,
        work=Callback(ORDER["callbackUrl"], "POST", 30, 30, Backoff.EXPONENTIAL),
        max_attempts=4,
        due_at=BEGINNING,
        created_at=BEGINNING,
        create_token="token",  # noqa: S106  (names a create)
        payload=Payload((), ORDER["body"]),
    )


def _vault(clock: Clock) -> Keeper:
    return Keeper(DerivedKeys(b"secret of the bench's own vault.."), clock, Silence())


def _platform(database: Database) -> wiring.Platform:
    """The real app over the embedded ports: no AWS, no network."""
    clock = Clock()
    vault = _vault(clock)
    tasks, identity = EmbeddedTasks(database, vault), EmbeddedIdentity(database)
    queue = EmbeddedQueue(database, NAMES.tasks_queue, clock)
    parts = wiring.Parts(
        tasks=tasks,
        reader=tasks,
        teams=identity,
        access=EmbeddedAccess(database),
        blobs=EmbeddedBlobs(database),
        items=EmbeddedItems(database, vault),
        webhooks=EmbeddedWebhooks(database, vault),
        letters=EmbeddedDeadLetters(database),
        tasks_queue=queue,
        webhooks_queue=EmbeddedQueue(database, NAMES.webhooks_queue, clock),
        dead_letters=EmbeddedQueue(database, NAMES.dead_letters_queue, clock),
        schedules=EmbeddedSchedules(database, clock, queue),
        door=Servers(clock),
        guard=Guard(()),
        clock=clock,
        randomness=Randomness(),
        parallel=Serial(),
        recorder=Silence(),
    )
    return wiring.assemble(parts, settings(NAMES))
