"""What goes wrong, how often, and the proxy that lets it happen before or after every call of a port."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from simulation.scheduler import Scheduler, Stop

from chalicelib.domain.errors import UnavailableError

DAY_S = 86_400
#: Calls that change a row: the answer of just these is lost in `LOSSY`.
ROW_WRITES = frozenset({"create", "claim", "commit", "cancel", "announced"})


@dataclass(frozen=True, slots=True)
class Weather:
    """Chances in a thousand: `stop`, `lost`, `refused`, `frozen` per port call, others per occasion of their kind."""

    name: str
    #: The process ends before or after the call.
    stop: float = 0
    #: The call was applied, its answer did not come.
    lost: float = 0
    #: The call was not applied.
    refused: float = 0
    #: Of the calls in an episode of throttling, so many are refused.
    throttled: float = 0
    #: The process stands still for up to three minutes after the call.
    frozen: float = 0
    #: A message is delivered twice or three times.
    duplicate: float = 0
    #: The delete of a handled message is lost.
    lost_delete: float = 0
    #: A schedule fires twice; a schedule cannot deliver and ends in the dead-letter queue.
    fired_twice: float = 0
    undelivered: float = 0
    #: A schedule or a message vanishes: it is not delivered, and no dead letter tells of it.
    vanished: float = 0
    #: Clocks of machines differ by up to so many milliseconds from the reference.
    skew_ms: int = 0
    #: How long rows of ended tasks are kept: after a day, an Idempotency-Key may begin a second life.
    retention_s: int = 30 * DAY_S
    #: Receives after which a message goes to the dead-letter queue.
    max_receives: int = 20
    #: Lose only answers of row writes, and never two in a row in one process: what in-place retries must cover.
    single_losses_of_writes: bool = False


CALM = Weather("calm", duplicate=150, lost_delete=80, fired_twice=200)
LOSSY = replace(CALM, name="lossy", lost=50, single_losses_of_writes=True)
ROUGH = Weather(
    "rough",
    stop=6,
    lost=12,
    refused=12,
    throttled=700,
    frozen=2,
    duplicate=150,
    lost_delete=80,
    fired_twice=200,
    undelivered=200,
    skew_ms=2_400,
)
STORM = replace(ROUGH, name="storm", stop=20, lost=30, refused=30, throttled=950, frozen=8, duplicate=300)
FREEZING = replace(ROUGH, name="freezing", frozen=40)
FEW_RECEIVES = replace(STORM, name="few receives", stop=40, max_receives=2)
FORGETFUL = replace(ROUGH, name="forgetful", retention_s=DAY_S)
ONE_CLOCK = replace(STORM, name="storm, one clock", skew_ms=0)
ONE_RECEIVE = replace(ROUGH, name="one receive", max_receives=1)
#: What the engine does not rest on breaks: only the daily look finds what is lost.
LOSING = replace(ROUGH, name="losing", vanished=40)
#: The weather of seed n is CLIMATE[n % len(CLIMATE)].
CLIMATE = (CALM, ROUGH, LOSSY, STORM, FORGETFUL, FEW_RECEIVES, ONE_CLOCK, ONE_RECEIVE, FREEZING)


@dataclass(frozen=True, slots=True)
class Episode:
    """A time of throttling of one port."""

    port: str
    begins_at: int
    ends_at: int


class Faults:
    """Draws what happens next, and counts it."""

    def __init__(self, weather: Weather, chance: random.Random, scheduler: Scheduler) -> None:
        self.weather = weather
        self.counts: Counter[str] = Counter()
        self.points: set[tuple[str, str]] = set()
        self.episodes: list[Episode] = []
        self.chance = chance
        self._scheduler = scheduler

    def heal(self) -> None:
        """Nothing goes wrong from now on; machines keep their clocks."""
        self.episodes = []
        self.weather = Weather("healed", skew_ms=self.weather.skew_ms, max_receives=self.weather.max_receives)

    def happens(self, kind: str, per_mille: float) -> bool:
        """Whether something of a kind happens on this occasion."""
        if per_mille and self.chance.random() * 1000 < per_mille:
            self.counts[kind] += 1
            return True
        return False

    def before(self, port: str, call: str) -> str | None:
        """The fault that keeps a call from being applied, or None."""
        if self.happens("stop before", self.weather.stop / 2):
            return self._hit("stop before", port, call)
        if port == "door":
            return None
        now = self._scheduler.now
        if any(each.port == port and each.begins_at <= now < each.ends_at for each in self.episodes) and self.happens(
            "throttled", self.weather.throttled
        ):
            return self._hit("refused", port, call)
        return self._hit("refused", port, call) if self.happens("refused", self.weather.refused) else None

    def after(self, port: str, call: str) -> str | None:
        """The fault that strikes once a call was applied, or None."""
        if self.happens("stop after", self.weather.stop / 2):
            return self._hit("stop after", port, call)
        if port != "door" and self._may_lose(port, call) and self.happens("lost answer", self.weather.lost):
            self._remember_loss(lost=True)
            return self._hit("lost answer", port, call)
        self._remember_loss(lost=False)
        return "frozen" if self.happens("frozen", self.weather.frozen) else None

    def latency_ms(self) -> int:
        """How long half a call takes."""
        return int(self.chance.expovariate(1 / 4)) if self.chance.random() < 0.98 else self.chance.randrange(1_000)

    def _may_lose(self, port: str, call: str) -> bool:
        if not self.weather.single_losses_of_writes:
            return True
        fiber = self._scheduler.current
        return port == "tasks" and call in ROW_WRITES and fiber is not None and not fiber.notes.get("lost")

    def _remember_loss(self, *, lost: bool) -> None:
        if self._scheduler.current is not None:
            self._scheduler.current.notes["lost"] = lost

    def _hit(self, kind: str, port: str, call: str) -> str:
        self.points.add((f"{port}.{call}", kind))
        return kind


class Troubled:
    """A port whose every call is a scheduling point and may meet a fault. `applied` hears of each call."""

    def __init__(
        self, port: str, inner: Any, faults: Faults, scheduler: Scheduler, applied: Callable[..., None]
    ) -> None:
        self._port = port
        self._inner = inner
        self._faults = faults
        self._scheduler = scheduler
        self._applied = applied

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*args: Any, **fields: Any) -> Any:
            fiber = self._scheduler.current
            if fiber is None:
                return method(*args, **fields)
            port = _shelf(args[0]) if self._port == "blobs" else self._port
            self._scheduler.pause(self._faults.latency_ms())
            fault = self._faults.before(port, name)
            if fault is not None:
                self._applied(port, name, args, fault)
                self._strike(fault)
            answer = method(*args, **fields)
            fault = self._faults.after(port, name)
            self._applied(port, name, args, fault or "", answer=answer)
            self._scheduler.pause(self._faults.latency_ms())
            self._strike(fault)
            return answer

        setattr(self, name, call)
        return call

    def _strike(self, fault: str | None) -> None:
        if fault in ("stop before", "stop after"):
            fiber = self._scheduler.current
            assert fiber is not None
            fiber.process.stopped = True
            raise Stop
        if fault in ("refused", "lost answer"):
            raise UnavailableError(fault)
        if fault == "frozen":
            self._scheduler.pause(self._faults.chance.randrange(180_000))


def _shelf(name: str) -> str:
    """AsyncFlow's ledgers and profile are counted apart from AsyncQueue's rate windows."""
    return "ledgers" if name.startswith("asyncflow") else "windows"
