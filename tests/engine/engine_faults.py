"""Ports that fail on demand, by the names under which `World(wrap=...)` hands them over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any

from chalicelib.domain.errors import UnavailableError


class Crash(BaseException):
    """The process stops here. No `except Exception` sees it, as none would see a killed function."""


class Fault(StrEnum):
    """What becomes of one call."""

    #: It is refused before it has any effect.
    UNAVAILABLE = "unavailable"
    #: It is applied, and its answer does not arrive.
    ANSWER_LOST = "answer lost"
    #: The process stops before it is made.
    CRASH_BEFORE = "crash before"
    #: The process stops once it is applied.
    CRASH_AFTER = "crash after"


@dataclass
class Plan:
    """Trouble for the calls of one method, from call number `nth` of those it is about, so many times."""

    trouble: Fault | Callable[..., object]
    nth: int
    times: int
    about: str | None
    seen: int = 0

    def meets(self, arguments: tuple[Any, ...]) -> bool:
        """Whether this call is one that the trouble is for."""
        if self.about is not None and self.about not in [getattr(each, "id", each) for each in arguments]:
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


@dataclass
class Faults:
    """What goes wrong, and how often each method was called: `World(wrap=faults.around)`."""

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    _plans: dict[tuple[str, str], list[Plan]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def around(self, name: str, port: Any) -> Any:
        """The port of this name, with whatever was planned for it."""
        return Faulty(self, name, port)

    def fail(
        self, port: str, method: str, fault: Fault, *, nth: int = 1, times: int = 1, about: str | None = None
    ) -> None:
        """Let calls of a method fail, counted from now on. `about`: only those for the task of this id."""
        self._plan(port, method, Plan(fault, nth, times, about))

    def before(self, port: str, method: str, action: Callable[..., object], *, nth: int = 1) -> None:
        """Let something else happen just before a call, which the action is told the arguments of."""
        self._plan(port, method, Plan(action, nth, 1, None))

    def heal(self) -> None:
        """From now on nothing fails."""
        self._plans.clear()

    def _plan(self, port: str, method: str, plan: Plan) -> None:
        self._plans.setdefault((port, method), []).append(plan)

    def make(self, port: str, method: str, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Make a call as it was planned."""
        with self._lock:
            self.calls[port, method] += 1
            met = [plan.trouble for plan in self._plans.get((port, method), []) if plan.meets(arguments)]
        for trouble in met:
            if not isinstance(trouble, Fault):
                trouble(*arguments, **named)
        if Fault.CRASH_BEFORE in met:
            raise Crash
        if Fault.UNAVAILABLE in met:
            raise UnavailableError("the call was refused")
        answer = call(*arguments, **named)
        if Fault.CRASH_AFTER in met:
            raise Crash
        if Fault.ANSWER_LOST in met:
            raise UnavailableError("the answer was lost")
        return answer


@dataclass
class Faulty:
    """A port behind its plan."""

    faults: Faults
    name: str
    port: Any

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self.port, method)
        return lambda *arguments, **named: self.faults.make(self.name, method, call, *arguments, **named)
