"""Teams that create tasks, repeat themselves, change their minds, and give up on answers that do not come."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from simulation.servers import CALLBACKS, WEBHOOKS
from simulation.witness import Story, Witness
from world import BEGINNING, Reply

from chalicelib.domain.timing import iso_milliseconds

#: Tasks are created over so many milliseconds.
WINDOW_MS = 600_000
#: Delays by how often they are asked for: the shortest and longest of each kind, in seconds.
_DELAYS = (
    ((0, 0), 45),
    ((1, 60), 25),
    ((60, 900), 10),
    ((880, 1_000), 5),
    ((1_000, 7_200), 10),
    ((86_400, 500_000), 5),
)
#: So often does anybody ask for the same thing.
_PATIENCE = 6

Heard = Callable[[Reply | None], None]


class Api(Protocol):
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
        """Send a request so many milliseconds from now; `heard` gets the reply, None when none came. `key` is its
        `Idempotency-Key`. It speaks for the one team of AsyncQueue, or for a `group` of AsyncFlow."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One task that somebody wants, and what they do about it later."""

    order: dict[str, Any]
    at: int
    due: int
    key: str | None
    cancel_after_ms: int | None
    twice_at_once: bool = False
    repeats: bool = False
    #: The key belonged to another task, which must have been forgotten first.
    second_life: bool = False


def wish(index: int, chance: random.Random) -> Wish:
    """A task like those people make."""
    at = BEGINNING + chance.randrange(WINDOW_MS)
    shortest, longest = chance.choices([each for each, _ in _DELAYS], [often for _, often in _DELAYS])[0]
    delay_ms = chance.randint(shortest * 1000, longest * 1000)
    due = at + delay_ms
    order: dict[str, Any] = {
        "callbackUrl": f"{CALLBACKS}{index}",
        "maxRetries": chance.choice((0, 0, 1, 2, 3, 3, 5, 10)),
        "retryBackoff": chance.choice(("linear", "exponential")),
        "timeout": chance.choice((0.1, 1, 5, 30, 120)),
        "maxWaitTime": chance.choice((1, 30, 120, 120, 120)),
    }
    if delay_ms:
        order["delayUntil"] = iso_milliseconds(due)
    if chance.random() < 0.5:
        order["onCompleteUrl"] = f"{WEBHOOKS}{index}"
    keyed = chance.random() < 0.5
    # Half of the cancels come around the time at which the attempt begins.
    cancel = None
    if chance.random() < 0.3:
        cancel = chance.choice(
            (chance.randrange(30_000), max(0, delay_ms + chance.randrange(-1_500, 1_500)), chance.randrange(300_000))
        )
    return Wish(
        order,
        at,
        due,
        f"key-{index}" if keyed else None,
        cancel,
        keyed and chance.random() < 0.2,
        keyed and chance.random() < 0.3,
    )


def second_life(first: Wish, index: int, chance: random.Random) -> Wish:
    """Another task under the same key, for when the first one is forgotten."""
    later = wish(index, chance)
    after_ms = 86_400_000 + chance.randrange(86_400_000)
    order, due = dict(later.order), later.due + after_ms
    if "delayUntil" in order:
        order["delayUntil"] = iso_milliseconds(due)
    return replace(later, order=order, at=later.at + after_ms, due=due, key=first.key, second_life=True, repeats=False)


class Caller:
    """Somebody who asks, asks again when no answer comes, and gives up in the end."""

    def __init__(self, api: Api, witness: Witness, chance: random.Random, *, certain: bool) -> None:
        self._api = api
        self._witness = witness
        self._chance = chance
        #: Nothing happens that in-place retries do not cover: every answer must come, and be the good one.
        self._certain = certain
        self._tries = 0

    def _no_news(self, reply: Reply | None) -> bool:
        """Whether the answer, or its absence, is one that people must live with."""
        return (reply is None or reply.status == 503) and not self._certain

    def _once_more(self) -> bool:
        """Whether there is patience left for another try."""
        self._tries += 1
        return self._tries < _PATIENCE


class Customer(Caller):
    """Pursues one wish."""

    def __init__(
        self, wished: Wish, story: Story, api: Api, witness: Witness, chance: random.Random, *, certain: bool
    ) -> None:
        super().__init__(api, witness, chance, certain=certain)
        self._wish = wished
        self._story = story

    def begin(self, now: int) -> None:
        """Ask for the task when its time has come."""
        for _ in range(1 + self._wish.twice_at_once):
            self._create(self._wish.at - now)

    def _create(self, after_ms: int) -> None:
        self._api.ask("/v1/tasks", self._created, after_ms=after_ms, json=self._wish.order, key=self._wish.key)

    def _created(self, reply: Reply | None) -> None:
        if reply is not None and reply.status == 201:
            first = not self._story.acknowledged
            self._witness.acknowledged(self._story, reply.json["task"]["id"])
            if first:
                self._go_on()
        elif self._no_news(reply):
            if self._wish.key is not None and self._once_more():
                self._create(self._chance.randrange(10_000))
        elif reply is not None and reply.status == 422 and self._wish.second_life:
            if self._once_more():
                self._create(self._chance.randrange(86_400_000))
        else:
            self._witness.violated("create answered", reply and (reply.status, reply.body))

    def _go_on(self) -> None:
        if self._wish.cancel_after_ms is not None:
            self._cancel(self._wish.cancel_after_ms)
        if self._wish.repeats:
            self._create(self._chance.randrange(120_000))
            other = {**self._wish.order, "body": "another"}
            self._api.ask(
                "/v1/tasks", self._refused, after_ms=self._chance.randrange(120_000), json=other, key=self._wish.key
            )

    def _refused(self, reply: Reply | None) -> None:
        if self._no_news(reply) or (reply is not None and reply.status == 422):
            return
        self._witness.violated("another body under the key answered", reply and (reply.status, reply.body))

    def _cancel(self, after_ms: int) -> None:
        self._api.ask(f"/v1/tasks/{self._story.task_id}/cancel", self._cancelled, after_ms=after_ms)

    def _cancelled(self, reply: Reply | None) -> None:
        if reply is not None and reply.status == 200:
            self._witness.cancelled(self._story)
        elif self._no_news(reply):
            if self._once_more():
                self._cancel(self._chance.randrange(3_000))
        elif reply is None or (reply.status != 409 and not self._witness.forgotten(self._story)):
            self._witness.violated("cancel answered", reply and (reply.status, reply.body))
