"""The API as its callers meet it: some instances of its function, each with a memory of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from simulation.customers import Heard
from simulation.guards import Weakening
from simulation.scheduler import Process, Scheduler
from simulation.visits import Visit
from simulation.witness import Witness
from world import Reply, World

from chalicelib import wiring
from chalicelib.domain.literals import ASYNCFLOW_KEY

#: The limit of the function, as the deployment sets it.
LIMIT_MS = 30_000
#: Each remembers ledgers and rate windows as it last saw them.
INSTANCES = 3


class Gateway:
    """The port `customers.Api`. Each request goes to any of the instances; one that dies is replaced by a fresh one."""

    def __init__(
        self,
        scheduler: Scheduler,
        world: World,
        witness: Witness,
        weakening: Weakening,
        process: Callable[[str, int], Process],
        chance: random.Random,
    ) -> None:
        self._scheduler = scheduler
        self._world = world
        self._witness = witness
        self._weakening = weakening
        self._process = process
        self._chance = chance
        self._instances = [self._instance() for _ in range(INSTANCES)]
        # The workers remember nothing: any instance will do for them.
        wiring.use(self._instances[0])
        _, self._key = world.team()
        #: When the last request that somebody has decided on is made: until then nobody can expect rest.
        self.last_request_at = 0

    def ask(
        self,
        path: str,
        heard: Heard,
        *,
        after_ms: int,
        method: str = "POST",
        json: Any = None,
        key: str | None = None,
        group: str | None = None,
        begins: Callable[[], None] = lambda: None,
    ) -> None:
        """Send a request so many milliseconds from now, as `customers.Api` says."""
        replies: list[Reply] = []
        visits: list[Visit] = []
        place = self._chance.randrange(INSTANCES)
        at = self._scheduler.now + after_ms
        self.last_request_at = max(self.last_request_at, at)
        headers = {} if key is None else {"Idempotency-Key": key}
        if group is not None:
            headers |= {"X-API-KEY": ASYNCFLOW_KEY, "X-STUDENT-GROUP": group}

        def job() -> None:
            begins()
            if group is not None:
                visits.append(self._witness.visits.sent(group, path))
            # Nobody else runs before the app has taken its platform.
            wiring.use(self._instances[place])
            team_key = self._key if group is None else None
            body = (json or {}) if method == "POST" else None
            replies.append(self._world.request(method, path, key=team_key, json=body, headers=headers))

        def done() -> None:
            reply = replies[0] if replies else None
            if reply is None:
                self._instances[place] = self._instance()
            self._witness.log("answered", path, reply and reply.status)
            for visit in visits:
                self._witness.visits.ended(visit, reply)
            heard(reply)

        self._scheduler.spawn(self._process("api", at + LIMIT_MS), job, after_ms=after_ms, done=done)

    def _instance(self) -> wiring.Platform:
        fresh = wiring.assemble(self._world.platform.parts, self._world.settings)
        executors = self._weakening.executors(fresh.attempts.executors)
        return replace(fresh, attempts=replace(fresh.attempts, executors=executors))
