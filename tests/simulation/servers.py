"""Other people's servers in virtual time: what each answers, and after how long, follows from the seed."""

from __future__ import annotations

import random

from simulation.scheduler import Scheduler
from simulation.witness import Call, Witness

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request

CALLBACKS = "https://callbacks.example.com/"
WEBHOOKS = "https://webhooks.example.com/"


class Servers:
    """The door of the simulation. The number at the end of the URL says whose task it is."""

    def __init__(self, seed: int, scheduler: Scheduler, witness: Witness) -> None:
        self._seed = seed
        self._scheduler = scheduler
        self._witness = witness

    def send(
        self, request: Request, *, timeout_s: float, follow_redirects: bool = True, max_body_bytes: int = 262_144
    ) -> Answer | NoAnswer:
        """One exchange: it takes its time, at most `timeout_s`."""
        headers = dict(request.headers)
        index = int(request.url.rpartition("/")[2])
        if request.url.startswith(WEBHOOKS):
            self._witness.told(index, request.body or b"")
            self._scheduler.pause(min(20, round(timeout_s * 1000)))
            return Answer(204, "", (), b"")
        attempt = int(headers["X-Task-Attempt"])
        chance = random.Random(f"{self._seed}/{index}/{attempt}")
        takes_ms = _takes_ms(chance)
        status = chance.choices((200, 404, 500, 503, None), (45, 5, 25, 15, 10))[0]
        limit_ms = round(timeout_s * 1000)
        answered = status if takes_ms < limit_ms else None
        call = Call(self._scheduler.now + min(takes_ms, limit_ms), answered)
        self._witness.called(index, headers["Idempotency-Key"], attempt, call)
        self._scheduler.pause(min(takes_ms, limit_ms))
        if answered is not None:
            return Answer(answered, "", (("content-type", "text/plain"),), b"")
        return NoAnswer(Failure.TIMED_OUT if takes_ms >= limit_ms else Failure.RESET)


def _takes_ms(chance: random.Random) -> int:
    """Mostly quick, now and then longer than any limit."""
    kind = chance.random()
    if kind < 0.7:
        return chance.randrange(300)
    return chance.randrange(10_000) if kind < 0.9 else chance.randrange(150_000)
