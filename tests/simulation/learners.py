"""Groups that submit AsyncFlow messages, ask how they fare, repeat themselves, and at times ask too much at once."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from simulation.customers import WINDOW_MS, Api, Caller
from simulation.messages import LONGEST_MS, PICK_UP_MS, shown_before
from simulation.witness import Story, Witness
from world import BEGINNING, Reply

#: Few enough that some group meets its limit, enough that most messages do not.
_GROUPS = ("alpha", "beta", "Gruppe 7 / #b", "delta", "epsilon")
#: Where messages go, by how often.
_DESTINATIONS = (
    ("inbox", 50),
    ("always-fail", 8),
    ("always-complete", 8),
    ("fail-then-complete", 14),
    ("slow-1", 5),
    ("slow-40", 5),
    ("slow-900", 5),
    ("stuck", 5),
)
_MESSAGES = "/asyncflow"
_REPORT = f"{_MESSAGES}/report"
#: What people ask for who only want to ask.
_IDLE = (f"{_MESSAGES}?limit=3", f"{_MESSAGES}/ASF-{'0' * 32}", _REPORT)


@dataclass(frozen=True, slots=True)
class Note:
    """One message that a group wants to send, and what it does about it later."""

    message: dict[str, Any]
    group: str
    at: int
    key: str | None
    polls: int
    twice_at_once: bool = False
    repeats: bool = False
    #: The key belonged to another message, which must have been forgotten first.
    second_life: bool = False

    @property
    def due(self) -> int:
        """When it has ended at the latest, if nothing goes wrong."""
        return self.at + PICK_UP_MS + LONGEST_MS


def note(index: int, chance: random.Random) -> Note:
    """A message like those learners send. Its priority, which means nothing, tells which one it is."""
    keyed = chance.random() < 0.5
    destination = chance.choices([each for each, _ in _DESTINATIONS], [often for _, often in _DESTINATIONS])[0]
    return Note(
        {"destination": destination, "content": f"message {index}", "priority": str(index)},
        chance.choice(_GROUPS),
        BEGINNING + chance.randrange(WINDOW_MS),
        f"key-{index}" if keyed else None,
        chance.choice((0, 0, 1, 2, 6)),
        keyed and chance.random() < 0.2,
        keyed and chance.random() < 0.3,
    )


def second_note(first: Note, index: int, chance: random.Random) -> Note:
    """Another message under the same key, for when the first one is forgotten."""
    later = note(index, chance)
    at = later.at + 86_400_000 + chance.randrange(86_400_000)
    return replace(later, group=first.group, at=at, key=first.key, second_life=True, repeats=False)


class Learner(Caller):
    """Sends one message and follows it."""

    def __init__(
        self, wanted: Note, story: Story, api: Api, witness: Witness, chance: random.Random, *, certain: bool
    ) -> None:
        super().__init__(api, witness, chance, certain=certain)
        self._note = wanted
        self._story = story
        self._submitted_at: str | None = None
        #: What the message's status was when the last poll began.
        self._then = "Queued"
        self._polls_left = wanted.polls

    def begin(self, now: int) -> None:
        """Send the message when its time has come."""
        for _ in range(1 + self._note.twice_at_once):
            self._submit(self._note.at - now)

    def _submit(self, after_ms: int) -> None:
        self._send(self._note.message, self._submitted, after_ms)

    def _send(self, message: dict[str, Any], heard: Any, after_ms: int) -> None:
        self._api.ask(_MESSAGES, heard, after_ms=after_ms, json=message, key=self._note.key, group=self._note.group)

    def _submitted(self, reply: Reply | None) -> None:
        if reply is not None and reply.status == 202:
            self._accepted(reply.json)
        elif reply is not None and reply.status == 429:
            if self._once_more():
                self._submit(_told_to_wait_ms(reply) + self._chance.randrange(10_000))
        elif self._no_news(reply):
            if self._note.key is not None and self._once_more():
                self._submit(self._chance.randrange(10_000))
        elif reply is not None and reply.status == 422 and self._note.second_life:
            if self._once_more():
                self._submit(self._chance.randrange(86_400_000))
        else:
            self._witness.violated("submit answered", reply and (reply.status, reply.body))

    def _accepted(self, told: dict[str, Any]) -> None:
        first = not self._story.acknowledged
        self._witness.acknowledged(self._story, told["trackingId"])
        if first:
            self._submitted_at = told["submittedAt"]
            self._go_on()
        elif told["submittedAt"] != self._submitted_at:
            self._witness.violated("a repeat was answered otherwise", told, self._submitted_at)

    def _go_on(self) -> None:
        self._poll()
        if self._note.repeats:
            self._submit(self._chance.randrange(120_000))
            self._send({**self._note.message, "content": "another"}, self._refused, self._chance.randrange(120_000))

    def _refused(self, reply: Reply | None) -> None:
        if self._no_news(reply) or (reply is not None and reply.status in (422, 429)):
            return
        self._witness.violated("another body under the key answered", reply and (reply.status, reply.body))

    def _poll(self, at_least_ms: int = 0) -> None:
        if self._polls_left:
            self._polls_left -= 1
            wait = self._chance.choice(("", "", "?wait=5", "?wait=20"))
            self._api.ask(
                f"{_MESSAGES}/{self._story.task_id}{wait}",
                self._polled,
                after_ms=at_least_ms + self._chance.randrange(30_000),
                method="GET",
                group=self._note.group,
                begins=self._look,
            )

    def _look(self) -> None:
        self._then = self._witness.status(self._story)

    def _polled(self, reply: Reply | None) -> None:
        if reply is not None and reply.status == 200:
            if shown_before(reply.json["status"], self._then):
                self._witness.violated("status shown that is over", reply.json, self._then)
            self._witness.shown(self._story, reply.json)
            self._poll()
        elif reply is not None and reply.status == 429:
            self._poll(_told_to_wait_ms(reply))
        elif self._no_news(reply):
            self._poll()
        elif not self._witness.forgotten(self._story):
            self._witness.violated("poll answered", reply and (reply.status, reply.body))


class Crowd(Caller):
    """A group that asks more than it may, and once more when a minute has passed."""

    def __init__(
        self, group: str, at: int, api: Api, witness: Witness, chance: random.Random, *, certain: bool
    ) -> None:
        super().__init__(api, witness, chance, certain=certain)
        self._group = group
        self._at = at

    def begin(self, now: int) -> None:
        """Ask around the one instant, and around the other."""
        for at in (self._at, self._at + 60_000 + self._chance.randrange(-4_000, 4_000)):
            for _ in range(self._chance.randrange(8, 18)):
                after_ms = max(0, at - now + self._chance.randrange(-1_000, 1_000))
                self._api.ask(
                    self._chance.choice(_IDLE), self._heard, after_ms=after_ms, method="GET", group=self._group
                )

    def _heard(self, reply: Reply | None) -> None:
        if not self._no_news(reply) and (reply is None or reply.status not in (200, 404, 429)):
            self._witness.violated("a crowd was answered", reply and (reply.status, reply.body))


def _told_to_wait_ms(reply: Reply) -> int:
    return int(reply.headers["retry-after"]) * 1000
