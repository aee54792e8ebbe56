"""The queues and the schedules that carry wake-up calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages a queue holds, roughly: to be had, with a reader or held back by one, and not due yet."""

    waiting: int
    in_flight: int
    delayed: int


class Queue(Protocol):
    """One queue with delivery at least once, in any order."""

    def send(self, body: str, *, delay_s: int, group: str) -> None:
        """Make a message durable that is delivered after `delay_s` seconds (0 to 900). `group` names the tenant whose
        backlog it counts to."""

    def reach(self) -> None:
        """Return when the queue can be reached."""

    def depth(self) -> Depth:
        """How many messages there are."""

    def hold(self, receipt: str, seconds: int) -> None:
        """Let a received message come back after so many seconds (0 to 43,200)."""


class Schedules(Protocol):
    """One-time schedules that send a message into the tasks queue."""

    def create(self, name: str, *, fire_at_s: int, body: str) -> None:
        """Send `body` once, within the minute that begins at the epoch second `fire_at_s`. A schedule of the same name
        is the same schedule: creating it again is a success."""

    def delete(self, name: str) -> None:
        """Forget a schedule; one that does not exist is forgotten already."""
