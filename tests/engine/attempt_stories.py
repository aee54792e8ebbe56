"""What the stories of attempts share: servers that are slow or see the process stop, and what the owner was told."""

from __future__ import annotations

from typing import Any

from engine_faults import Crash
from engine_stories import HOOK, TARGET, Stage
from world import answer

from chalicelib.domain.exchange import Answer, NoAnswer, Request


def patient(stage: Stage, reply: Answer | NoAnswer, ms: int | None = None) -> Any:
    """Servers that answer after so long, or only when time is up."""

    def script(request: Request, timeout_s: float) -> Answer | NoAnswer:
        stage.clock.sleep(round(timeout_s * 1000) if ms is None else ms)
        return reply

    return script


def webhooks(stage: Stage) -> list[str]:
    """The events that the owner was told."""
    return [str(request.body).split('"')[3] for request in stage.servers.calls if request.url == HOOK]


def crash_at_call(number: int, stage: Stage) -> Any:
    """Servers that see the process stop in the middle of one call, and answer all others."""

    def script(request: Request, timeout_s: float) -> Answer:
        if stage.servers.called() == number and request.url == TARGET:
            raise Crash
        return answer(200)

    return script


def work_through_crashes(stage: Stage) -> int:
    """Let everything happen, starting the process anew whenever it stops; how often it did."""
    for crashes in range(20):
        try:
            stage.work()
        except Crash:
            continue
        return crashes
    raise AssertionError("the process does not stop stopping")
