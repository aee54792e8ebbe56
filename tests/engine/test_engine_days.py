"""One seed is one day: the same faults, the same messages and the same ends, whoever asks in whatever order."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from math import sqrt

import pytest
from engine_stories import Stage
from flow_stories import Learner, conditions

from chalicelib.domain.listing import Position, Query
from chalicelib.domain.simulator.ledger import Kind, Visit
from chalicelib.domain.simulator.profiles import realistic
from chalicelib.domain.task import Task
from chalicelib.engine.groups import Groups, tenant

STORMY = realistic(fault_rate=0.3)
SUBMIT = Visit(Kind.SUBMIT, message=b"a message")

#: A request's latency, its fault and the number of its message, by its own number.
Weather = dict[int, tuple[int, str | None, int]]


def weather(clients: list[int], *, threads: int = 1, seed: str = "42") -> Weather:
    """What happens to a group's requests when these clients, which share nothing but the store, send them."""
    with Stage(asyncflow=conditions(STORMY, limit=0, seed=seed)) as stage, ThreadPoolExecutor(threads) as pool:
        parts = stage.platform.parts
        groups = [Groups(parts.blobs, parts.reader, parts.clock, stage.settings.asyncflow, 86_400) for _ in range(8)]
        rulings = pool.map(lambda client: groups[client].admit("group", SUBMIT)[0], clients)
        return {
            ruling.number: (ruling.latency_ms, ruling.fault.rule if ruling.fault else None, ruling.message)
            for ruling in rulings
        }


def ends(seed: str, *, requests: int = 100) -> tuple[list[int], dict[str, object]]:
    """The statuses that a client gets that only submits, and how each message has ended."""
    with Stage(asyncflow=conditions(STORMY, limit=0, seed=seed)) as stage:
        learner = Learner(stage)
        statuses = []
        for _ in range(requests):
            statuses.append(learner.submit().status)
            stage.work(until=stage.clock.now() + 700)
        stage.work()
        return statuses, {task.id: (task.status, task.error, task.work) for task in messages(stage)}


def messages(stage: Stage) -> tuple[Task, ...]:
    return stage.tasks.page(Query(tenant("group-1"), stage.clock.now()), Position(), 10_000).tasks


def test_the_order_of_clients_changes_nothing() -> None:
    alone = weather([0] * 120)

    assert sorted(alone) == list(range(1, 121))
    assert weather([0, 1, 2, 3] * 30) == alone
    assert weather([3] * 60 + [1] * 60) == alone


@pytest.mark.parametrize("threads", [2, 8])
def test_neither_does_their_number_at_once(threads: int) -> None:
    clients = [number % threads for number in range(120)]

    assert weather(clients, threads=threads) == weather([0] * 120)


def test_another_seed_is_another_day() -> None:
    assert weather([0] * 120, seed="43") != weather([0] * 120)


def test_a_day_repeats_itself_to_the_last_message() -> None:
    assert ends("42") == ends("42")
    assert ends("42") != ends("43")


def test_ten_thousand_messages_fail_and_take_their_time_as_the_manual_says() -> None:
    with Stage(asyncflow=conditions(realistic(), limit=0)) as stage:
        learner = Learner(stage)
        statuses: Counter[int] = Counter()
        for _ in range(10_000):
            statuses[learner.submit().status] += 1
            stage.work(until=stage.clock.now() + 3_000)
        stage.work()
        ended = messages(stage)

    faults = 10_000 - statuses[202]
    lost = len(ended) - statuses[202]
    failed = sum(task.error is not None for task in ended)
    assert set(statuses) == {202, 500, 503, 504}
    assert abs(faults - 300) <= 4 * sqrt(10_000 * 0.03 * 0.97)
    assert 0 < lost < statuses[504]
    assert abs(failed - len(ended) * 0.1) <= 4 * sqrt(len(ended) * 0.1 * 0.9)
    assert all(task.finished for task in ended)
    took = [(task.completed_at or 0) - (task.delay_until or 0) for task in ended]
    assert 2_000 <= min(took) < 2_100
    assert 29_900 < max(took) <= 31_000
