"""When a request that failed is sent again, and after which pause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from astraflow_sdk._ask import Ask
from astraflow_sdk.errors import APIConnectionError, APIStatusError

#: Statuses that may be another one the next time.
_PASSING = (408, 429, 500, 502, 503, 504)
#: A server that asks for more patience than this, in seconds, is not waited for.
LONGEST_RETRY_AFTER_S = 120
#: The first pause is drawn between 0 and this, each later one between 0 and twice as much as the one before.
_FIRST_S = 0.5
_LONGEST_S = 8.0


class Chance(Protocol):
    """Draws a number from 0 to 1."""

    def __call__(self) -> float: ...


@dataclass(slots=True)
class Repeats:
    """What is known of the attempts of one call."""

    ask: Ask
    most: int
    chance: Chance
    made: int = 0
    uncertain: bool = False

    def pause_s(self, failure: APIStatusError | APIConnectionError, now: float) -> float | None:
        """How long to pause before the next attempt; None when there is none.

        Full jitter, so that many clients that failed together do not come back together; never sooner than the server
        asks for. What is neither idempotent nor has a key is sent again only when it certainly had no effect.
        """
        self.made += 1
        unheard, retry_after = _reading(failure)
        self.uncertain = self.uncertain or not unheard
        if isinstance(failure, APIStatusError) and failure.status not in _PASSING:
            return None
        if self.made > self.most or not (unheard or self.ask.repeatable):
            return None
        if retry_after is not None and retry_after > LONGEST_RETRY_AFTER_S:
            return None
        drawn = self.chance() * min(_LONGEST_S, _FIRST_S * 2 ** min(self.made - 1, 10))
        pause = drawn if retry_after is None else retry_after + self.chance() * _FIRST_S
        late = self.ask.until is not None and now + pause > self.ask.until
        return None if late else pause


def _reading(failure: APIStatusError | APIConnectionError) -> tuple[bool, float | None]:
    """Whether the attempt certainly had no effect, and how long the server asks to wait."""
    if isinstance(failure, APIConnectionError):
        return not failure.sent, None
    return failure.status < 500 and failure.status != 408, failure.retry_after
