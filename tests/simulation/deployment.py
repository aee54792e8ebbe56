"""One seeded run: a deployment, its customers, and whatever goes wrong between them.

The product's own handlers run over the embedded ports. The code here is what surrounds them on AWS: it delivers
messages, late, twice and out of order, fires schedules within their minute, kills functions at their limit, and in the
end lets everything heal and come to rest.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from simulation.audience import audience, busiest
from simulation.customers import WINDOW_MS, Customer, Wish
from simulation.faults import CALM, CLIMATE, DAY_S, LOSSY, Episode, Faults, Troubled, Weather
from simulation.gateway import Gateway
from simulation.guards import Weakening
from simulation.learners import Crowd, Learner, Note
from simulation.messages import PICK_UP_MS
from simulation.scheduler import MachineClock, Process, Scheduler, SideBySide, VirtualClock
from simulation.servers import Servers
from simulation.visits import LIMIT
from simulation.witness import Story, Witness
from world import BEGINNING, CONTEXT, SCHEDULED, World, sqs_event

from app import attempt, backstop, rescue, webhook
from chalicelib.domain import messages
from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.lifecycle import UNDELIVERABLE
from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator.profiles import realistic
from chalicelib.domain.task import Simulation, Task
from chalicelib.embedded.queue import EmbeddedQueue, Received
from chalicelib.engine.groups import Conditions

#: The limit of the workers' functions, as the deployment sets it.
WORKER_LIMIT_MS = 145_000
#: Invocations of each worker at once.
CONCURRENCY = {"tasks": 8, "webhooks": 3, "dead-letters": 2}
#: All heals at some time within so long after the last task was created or, in other runs, after the last one is due.
CHAOS_LASTS_MS = 1_800_000
#: Two days after that everything has come to rest, or never will.
REST_MS = 2 * 86_400_000
#: How often the backstop is started, and its limit.
LOOK_MS, LOOK_LIMIT_MS = 3_600_000, 900_000
TASKS = 50
#: What blobs are for, as faults tell them apart.
_BLOBS = ("windows", "ledgers")
#: The end of time as far as schedules go.
_NEVER = 2**53


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one run.

    `slowest_ms`: the longest that a task took to settle once it was due and all had healed. `latest_ms`: how long after
    its time a message ended at the latest where nothing went wrong. `visits`: requests of groups, of which `refusals`
    were over their limit.
    """

    seed: int
    weather: str
    lifetimes: int
    violations: list[str]
    faults: Counter[str]
    points: set[tuple[str, str]]
    calls: int
    ends: Counter[str]
    slowest_ms: int
    virtual_ms: int
    latest_ms: int
    visits: int
    refusals: int
    digest: str
    trace: list[str] = field(default_factory=list)


def run(
    seed: int,
    *,
    tasks: int = TASKS,
    weather: Weather | None = None,
    weakening: type[Weakening] = Weakening,
    keep_trace: bool = False,
) -> Result:
    """The run of this seed, in the climate's weather for it unless another is asked for."""
    deployment = Deployment(
        seed, weather or weakening.weather or CLIMATE[seed % len(CLIMATE)], weakening, keep_trace=keep_trace
    )
    try:
        return deployment.run(tasks)
    finally:
        deployment.close()


class Deployment:
    """Everything that surrounds the product in one run."""

    def __init__(self, seed: int, weather: Weather, weakening: type[Weakening], *, keep_trace: bool) -> None:
        self._seed = seed
        self._weather = weather
        self._chance = random.Random(seed)
        self.scheduler = Scheduler(BEGINNING, self._chance)
        self._faults = Faults(weather, self._chance, self.scheduler)
        self._witness = Witness(
            self.scheduler,
            skew_ms=weather.skew_ms,
            faultless=weather.name in (CALM.name, LOSSY.name),
            gives_up=weather.max_receives < CALM.max_receives,
            keep_trace=keep_trace,
        )
        self._weakening = weakening(self.scheduler)
        self._certain = weather.name in (CALM.name, LOSSY.name)
        self.world = World(
            door=Servers(seed, self.scheduler, self._witness),
            clock=VirtualClock(self.scheduler),
            seed=seed,
            wrap=self._wrap,
            max_receives=weather.max_receives,
            retention_s=weather.retention_s,
            asyncqueue_rate_limit=10_000,
            asyncflow=_conditions(seed),
        )
        self.world.__enter__()
        self._witness.world = self.world
        self._machines = [self._chance.randint(-weather.skew_ms, weather.skew_ms) for _ in range(6)]
        self._running: Counter[str] = Counter()
        self._fires_at: dict[str, int] = {}
        self._invocations = 0
        self._healed_at = 0
        self._gateway = Gateway(self.scheduler, self.world, self._witness, self._weakening, self._process, self._chance)
        self._consumers: list[tuple[EmbeddedQueue, Callable[[Any, Any], Any]]] = [
            (queue, self._weakening.handler(queue.name, handler))
            for queue, handler in (
                (self.world.tasks_queue, attempt),
                (self.world.webhooks_queue, webhook),
                (self.world.dead_letters, rescue),
            )
        ]
        #: When the next message may be received or schedule fires; None: to be looked up again.
        self._upcoming: list[int] | None = None

    def close(self) -> None:
        self.scheduler.close()
        self.world.__exit__()

    def run(self, tasks: int) -> Result:
        """Chaos, healing, rest."""
        last_due = self._invite(tasks)
        self._plan_episodes()
        if self._weather.vanished:
            self.scheduler.spawn(self._process("rule"), self._start_looks, after_ms=LOOK_MS)
        heal_at = self._chance.choice((BEGINNING + WINDOW_MS, last_due)) + self._chance.randrange(CHAOS_LASTS_MS)
        self.scheduler.spawn(self._process("heal"), self._heal, after_ms=heal_at - self.scheduler.now)
        while not self._witness.violations and self._move_on():
            if self.scheduler.now > max(heal_at, last_due, self._gateway.last_request_at) + REST_MS:
                self._witness.violated(
                    "no rest", [queue.name for queue, _ in self._consumers if queue.next_visible_at()]
                )
        if not self._witness.violations:
            self._witness.finish()
        return self._result(tasks)

    def _invite(self, tasks: int) -> int:
        """Let customers come; when the last of their tasks is due."""
        wanted = audience(tasks, self._chance, forgetful=self._weather.retention_s <= DAY_S)
        for index, each in enumerate(wanted):
            self._welcome(index, each)
        busy = busiest(wanted, self._chance)
        if busy is not None:
            crowd = Crowd(busy.group, busy.at, self._gateway, self._witness, self._chance, certain=self._certain)
            crowd.begin(self.scheduler.now)
        return max(each.due for each in wanted)

    def _welcome(self, index: int, wanted: Wish | Note) -> None:
        rest = (self._gateway, self._witness, self._chance)
        if isinstance(wanted, Note):
            story = Story(index)
            caller: Learner | Customer = Learner(wanted, story, *rest, certain=self._certain)
        else:
            most_calls = wanted.order["maxRetries"] + 1
            story = Story(index, most_calls, not_before=wanted.due if "delayUntil" in wanted.order else 0)
            caller = Customer(wanted, story, *rest, certain=self._certain)
        self._witness.stories.append(story)
        caller.begin(self.scheduler.now)

    def _plan_episodes(self) -> None:
        if self._weather.throttled:
            for port in ("tasks", "tasks", "tasks", "tasks queue", "schedules", "webhooks queue", "identity", *_BLOBS):
                begins = BEGINNING + self._chance.randrange(WINDOW_MS)
                self._faults.episodes.append(Episode(port, begins, begins + self._chance.randrange(20_000, 120_000)))

    def _start_looks(self) -> None:
        """Start the backstop at its rate, for as long as something is not over."""
        handler = self._weakening.handler("backstop", backstop)
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: LOOK_LIMIT_MS, function_name="backstop")

        def look() -> None:
            # A run that fails is carried on at the next time.
            with suppress(UnavailableError):
                handler(SCHEDULED, context)

        while not self._witness.settled():
            self.scheduler.spawn(self._process("backstop", self.scheduler.now + LOOK_LIMIT_MS), look)
            self.scheduler.pause(LOOK_MS)

    def _heal(self) -> None:
        self._faults.heal()
        self._healed_at = self.scheduler.now
        self._witness.healed = True
        self._witness.log("healed")

    def _wrap(self, name: str, port: Any) -> Any:
        match name:
            case "clock":
                part: Any = MachineClock(self.scheduler)
            case "parallel":
                part = SideBySide(self.scheduler)
            case _:
                part = Troubled(name, port, self._faults, self.scheduler, self._applied)
        return self._weakening.wrap(name, part)

    def _applied(self, port: str, call: str, args: Any, fault: str, **answer: Any) -> None:
        if port not in ("tasks", "identity", "door", *_BLOBS):
            self._upcoming = None
        self._witness.applied(port, call, args, fault, **answer)

    def _process(self, name: str, ends_at: int = _NEVER) -> Process:
        self._invocations += 1
        return Process(f"{name}-{self._invocations}", self._chance.choice(self._machines), ends_at)

    def _move_on(self) -> bool:
        """One step of whatever comes next; False when nothing does."""
        fiber_at, service_at = self.scheduler.next_at(), self._service_at()
        if service_at is not None and (fiber_at is None or service_at <= fiber_at):
            self.scheduler.now = max(self.scheduler.now, service_at)
            self._upcoming = None
            self._fire()
            self._deliver()
            return True
        if fiber_at is None:
            return False
        self.scheduler.step()
        return True

    def _service_at(self) -> int | None:
        """When the next message may be delivered to somebody free, or the next schedule fires."""
        if self._upcoming is None:
            self._upcoming = [
                at
                for queue, _ in self._consumers
                if self._running[queue.name] < CONCURRENCY[queue.name] and (at := queue.next_visible_at()) is not None
            ]
            waiting = self.world.schedules.due(_NEVER)
            for schedule in waiting:
                if schedule.name not in self._fires_at:
                    self._fires_at[schedule.name] = schedule.fire_at_s * 1000 + self._chance.randrange(60_000)
            self._upcoming += [self._fires_at[schedule.name] for schedule in waiting]
        return min(self._upcoming, default=None)

    def _fire(self) -> None:
        """Send what schedules are for: somewhere in their minute, now and then twice, or to the dead-letter queue."""
        for schedule in self.world.schedules.due(_NEVER):
            if self._fires_at[schedule.name] > self.scheduler.now:
                continue
            queue: EmbeddedQueue = self.world.tasks_queue
            if self._faults.happens("vanished", self._faults.weather.vanished):
                self.world.schedules.delete(schedule.name)
                self._witness.vanished(schedule.name[:36])
                continue
            if self._faults.happens("schedule undelivered", self._faults.weather.undelivered):
                queue = self.world.dead_letters
            queue.send(schedule.body, delay_s=0, group=None)
            if self._faults.happens("schedule fired twice", self._faults.weather.fired_twice):
                queue.send(schedule.body, delay_s=self._chance.choice((0, 0, 30)), group=None)
            self.world.schedules.delete(schedule.name)
            self._witness.log("fired", schedule.name, queue.name)
            self._witness.released(schedule.name[:36])

    def _deliver(self) -> None:
        for queue, handler in self._consumers:
            if self._running[queue.name] >= CONCURRENCY[queue.name]:
                continue
            received = queue.receive(self._chance.choice((1, 1, 2, 10)))
            if self._faults.happens("vanished", self._faults.weather.vanished if received else 0):
                for message in received:
                    queue.delete(message.receipt)
                    self._witness.vanished(messages.decode_dead(message.body).task)
                self._upcoming = None
                continue
            if not received:
                continue
            self._invoke(queue, handler, received, after_ms=self._chance.choice((0, 0, 5, 300)))
            for _ in range(2):
                if self._faults.happens("duplicate", self._faults.weather.duplicate / 2):
                    again = self._chance.choice((0, 0, 20, 500, 5_000, 60_000, 140_000))
                    self._invoke(queue, handler, received, after_ms=self._chance.randint(0, again))

    def _invoke(
        self, queue: EmbeddedQueue, handler: Callable[[Any, Any], Any], received: list[Received], *, after_ms: int
    ) -> None:
        process = self._process(queue.name, self.scheduler.now + after_ms + WORKER_LIMIT_MS)
        event = sqs_event(queue, [self._weakening.handed(message) for message in received])
        self._running[queue.name] += 1
        handled = False

        def job() -> None:
            nonlocal handled
            self._witness.log("invoked", [message.message_id for message in received])
            if self._weakening.deletes_first:
                self._delete(queue, received)
            failed = {failure["itemIdentifier"] for failure in handler(event, CONTEXT)["batchItemFailures"]}
            handled = True
            self.scheduler.pause(self._faults.latency_ms())
            self._delete(queue, [message for message in received if message.message_id not in failed])

        def done() -> None:
            self._running[queue.name] -= 1
            self._upcoming = None
            if not handled:
                self._witness.log("stopped")
                # Mostly the messages come back when their visibility ends, now and then earlier.
                if self._chance.random() < 0.6:
                    for message in received:
                        queue.hold(message.receipt, self._chance.randrange(120))

        self.scheduler.spawn(process, job, after_ms=after_ms, done=done)

    def _delete(self, queue: EmbeddedQueue, handled: list[Received]) -> None:
        self._upcoming = None
        for message in handled:
            if not self._faults.happens("lost delete", self._faults.weather.lost_delete):
                queue.delete(message.receipt)
                self._witness.log("deleted", message.message_id)
                self._witness.released(messages.decode(message.body).task)

    def _result(self, tasks: int) -> Result:
        witness = self._witness
        return Result(
            seed=self._seed,
            weather=self._weather.name,
            lifetimes=tasks,
            violations=witness.violations,
            faults=self._faults.counts,
            points=self._faults.points,
            calls=sum(len(story.calls) for story in witness.stories),
            ends=Counter(map(_end, witness.rows.values())),
            slowest_ms=max(map(self._late_ms, witness.ended_at), default=0),
            virtual_ms=self.scheduler.now - BEGINNING,
            latest_ms=max(map(self._after_its_time_ms, witness.ended_at), default=0) if self._certain else 0,
            visits=witness.visits.count(),
            refusals=witness.visits.count(refused=True),
            digest=witness.digest,
            trace=witness.trace,
        )

    def _late_ms(self, index: int) -> int:
        """How long a task took to settle once it was due and all had healed."""
        row = self._witness.rows[index]
        able_at = max(self._healed_at, (row.delay_until or 0) + _takes_ms(row), row.created_at)
        return max(0, self._witness.ended_at[index] - able_at) if self._healed_at else 0

    def _after_its_time_ms(self, index: int) -> int:
        row = self._witness.rows[index]
        if not isinstance(row.work, Simulation) or row.delay_until is None:
            return 0
        return self._witness.ended_at[index] - row.delay_until - row.work.duration_ms


def _conditions(seed: int) -> Conditions:
    """Messages fail often. Requests meet no simulated faults: the real ones must do."""
    profile = realistic(processing_min_s=0, processing_max_s=90, failure_rate=0.3, fault_rate=0, latency_max_ms=200)
    return Conditions(
        Rate(LIMIT), counts_reads=True, profile=profile, pick_up_ms=PICK_UP_MS, seed=str(seed), hidden_seed="h"
    )


def _takes_ms(row: Task) -> int:
    return row.work.duration_ms if isinstance(row.work, Simulation) else 0


def _end(row: Task) -> str:
    if not isinstance(row.work, Simulation):
        return row.status.value
    return "message given up" if row.error == UNDELIVERABLE else f"message {row.status.value}"
