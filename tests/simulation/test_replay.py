"""One seed is one story: told again, it is the same to the last step."""

from __future__ import annotations

from simulation.deployment import run
from simulation.faults import STORM


def test_a_seed_replays_exactly() -> None:
    first, again = (run(seed=7, tasks=30, weather=STORM, keep_trace=True) for _ in range(2))

    assert first.trace == again.trace
    assert first.digest == again.digest
    assert first.faults == again.faults


def test_another_seed_is_another_story() -> None:
    assert run(seed=7, tasks=5).digest != run(seed=8, tasks=5).digest


def test_one_handler_goes_on_after_another_has_acted() -> None:
    trace = run(seed=7, tasks=40, weather=STORM, keep_trace=True).trace
    actors = [line.split()[1] for line in trace if line.split()[1].startswith("tasks-")]
    turns = [actor for actor, before in zip(actors, [None, *actors], strict=False) if actor != before]

    assert len(turns) - len(set(turns)) >= 50
