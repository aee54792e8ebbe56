"""The real app over the embedded ports, on a clock that moves only when somebody sleeps.

It is spoken to over standard input and output, a JSON object a line, until the input ends. Its first line is
`{"document": ...}`, what a local stack offers to scripts.

- `{"request": {"method", "target", "headers", "body"}}` is answered by `{"reply": {"status", "headers", "body"}}`.
- `{"sleep": ms}` lets time pass, in which the workers work, and is answered by `{}`.

Each answer says in `now` what time it is. There may be lines `{"call": {"method", "url", "headers", "body"}}` before
one: the app calls somebody's server, and goes on with the next line, `{"status", "headers", "body"}`, as its answer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from world import LOOPBACK, WorkingClock, World, answer, send  # noqa: E402  (the path comes first)

from chalicelib.domain.exchange import Answer, NoAnswer, Request  # noqa: E402
from chalicelib.domain.ratelimit import Rate  # noqa: E402
from chalicelib.domain.simulator.profiles import named, realistic  # noqa: E402
from chalicelib.engine.groups import Conditions  # noqa: E402
from chalicelib.names import Names  # noqa: E402
from infra.local.environment import STAGE  # noqa: E402
from infra.local.seed import seed  # noqa: E402

BASE_URL = "http://sluice.in-process"
#: Kind: what goes wrong is asked for.
CALM = Conditions(
    Rate(10),
    counts_reads=True,
    profile=named("calm", realistic()),
    pick_up_ms=5_000,
    seed="42",
    hidden_seed="hidden",
)


class Line:
    """The other end: what is written to it, and what it writes."""

    def write(self, message: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()

    def read(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(sys.stdin.readline() or "null")
        return message


class Door:
    """Everybody's servers are at the other end of the line."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def send(
        self,
        request: Request,
        *,
        timeout_s: float,  # noqa: ARG002  (nobody is slow here)
        follow_redirects: bool = True,  # noqa: ARG002  (nobody sends us elsewhere)
        max_body_bytes: int = 262_144,  # noqa: ARG002  (answers are short)
    ) -> Answer | NoAnswer:
        body = (request.body or b"").decode()
        call = {"method": request.method, "url": request.url, "headers": dict(request.headers), "body": body}
        self._line.write({"call": call})
        reply = self._line.read()
        return answer(reply["status"], reply["body"], **reply["headers"])


def main() -> None:
    line, clock = Line(), WorkingClock()
    world = World(
        door=Door(line),
        clock=clock,
        names=Names(STAGE, "123456789012", "us-east-1"),
        outbound_allow_networks=LOOPBACK,
        asyncflow=CALM,
    )
    with world:
        clock.work = world.deliver
        line.write({"document": {"base_url": BASE_URL, **seed()}, "now": clock.now()})
        while message := line.read():
            answered: dict[str, Any] = {}
            if "request" in message:
                asked = message["request"]
                # No request takes no time: what comes later is younger.
                clock.sleep(1)
                reply = send(asked["method"], asked["target"], asked["headers"], asked["body"].encode() or None)
                answered["reply"] = {"status": reply.status, "headers": reply.headers, "body": reply.body.decode()}
            else:
                clock.sleep(message["sleep"])
            line.write({**answered, "now": clock.now()})
        clock.work = None


main()
