"""Time, chance and other people's servers, scripted: two runs come to the same figures to the byte."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from chalicelib.domain.exchange import Answer, Request
from chalicelib.domain.literals import ASYNCFLOW_KEY
from chalicelib.domain.passwords import STANDARD
from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator.profiles import realistic
from chalicelib.engine.groups import Conditions
from chalicelib.names import Names
from chalicelib.settings import Settings

T = TypeVar("T")

#: 2024-01-15T10:30:00.123Z. Not a round second: DynamoDB does not weigh the zeros at a number's end.
BEGINNING = 1_705_314_600_123
#: How long the owner's server takes: assumed.
ANSWER_MS = 250


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self._now = BEGINNING

    def now(self) -> int:
        return self._now

    def sleep(self, ms: int) -> None:
        self._now += ms


class Randomness:
    """Chance that repeats itself."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311  (nothing here is a secret)

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


class Serial:
    """One job after the other: side by side they would move the one clock in any order."""

    def run(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        return [job() for job in jobs]


class Silence:
    """Records nothing."""

    def record(self, event: str, **fields: object) -> None:
        """Forget it."""


class Servers:
    """Other people's servers: all answer alike, after `ANSWER_MS`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.status = 200
        self.body = '{"ok":true,"id":"rcpt_20240115103000"}'
        self.calls = 0

    def send(
        self,
        request: Request,  # noqa: ARG002  (whatever is asked)
        *,
        timeout_s: float,  # noqa: ARG002
        follow_redirects: bool = True,  # noqa: ARG002
        max_body_bytes: int = 262_144,
    ) -> Answer:
        self.calls += 1
        self._clock.sleep(ANSWER_MS)
        body = self.body.encode()[:max_body_bytes]
        headers = (
            ("date", "Mon, 15 Jan 2024 10:30:00 GMT"),
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("server", "nginx"),
        )
        return Answer(self.status, "", headers, body)


def settings(names: Names) -> Settings:
    """The settings of a deployment that nobody lives in, without a rate limit."""
    return Settings(
        names=names,
        operator_key="operator-key-of-the-bench",
        key_pepper=b"pepper-of-the-bench",
        retention_s=30 * 86_400,
        horizon_s=900,
        outbound_allow_networks=(),
        own_hosts=(),
        cors_allow_origins=(),
        asyncqueue_rate_limit=0,
        asyncflow_api_key=ASYNCFLOW_KEY,
        asyncflow=Conditions(
            Rate(0),
            counts_reads=True,
            profile=realistic(fault_rate=0, latency_max_ms=0),
            pick_up_ms=5_000,
            seed="bench",
            hidden_seed="hidden bench",
        ),
        asimov_open=True,
        asimov_rate_limit=0,
        astraflow_rate=Rate(0),
        astraflow_password_grant=True,
        password_cost=STANDARD,
        partial_batch=True,
        aws_endpoint_url=None,
        data=None,
    )
