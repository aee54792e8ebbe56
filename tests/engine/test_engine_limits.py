"""The limiter: exact however many ask at once, and never in the way when its own store is down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from engine_faults import Fault
from engine_stories import Stage

from chalicelib.domain.ratelimit import Admission, Rate
from chalicelib.engine.limits import Limiter

RATE = Rate(10)
SWAP = ("blobs", "swap")


def processes(stage: Stage, count: int) -> list[Limiter]:
    """Limiters that share nothing but the store."""
    return [Limiter(stage.platform.parts.blobs, stage.clock, stage.recording) for _ in range(count)]


def admitted(answers: list[Admission]) -> int:
    return sum(answer.admitted for answer in answers)


@pytest.mark.parametrize("limiters", [1, 4, 40])
def test_of_forty_at_once_exactly_ten_pass(stage: Stage, limiters: int) -> None:
    asked = processes(stage, limiters)
    together = Barrier(40)

    def ask(number: int) -> Admission:
        together.wait()
        return asked[number % limiters]("window", RATE)

    with ThreadPoolExecutor(40) as threads:
        answers = list(threads.map(ask, range(40)))

    assert admitted(answers) == 10
    assert sorted(answer.remaining for answer in answers if answer.admitted) == list(range(10))
    assert stage.recording.named("limiter open") == []


def test_a_minute_later_ten_more_pass(stage: Stage) -> None:
    (limiter,) = processes(stage, 1)

    assert admitted([limiter("window", RATE) for _ in range(12)]) == 10
    stage.clock.sleep(59_999)
    assert not limiter("window", RATE).admitted
    stage.clock.sleep(1)
    assert admitted([limiter("window", RATE) for _ in range(12)]) == 10


def test_windows_of_other_names_do_not_touch_each_other(stage: Stage) -> None:
    (limiter,) = processes(stage, 1)
    for _ in range(11):
        limiter("window", RATE)

    assert limiter("another window", RATE).admitted


def test_an_admitted_request_costs_one_write_and_a_refused_one_none(stage: Stage) -> None:
    (limiter,) = processes(stage, 1)
    for _ in range(10):
        assert limiter("window", RATE).admitted
    assert stage.faults.calls[SWAP] == 10

    assert not limiter("window", RATE).admitted
    assert stage.faults.calls[SWAP] == 10


def test_a_process_that_starts_late_learns_of_the_others_at_its_first_request(stage: Stage) -> None:
    first, second = processes(stage, 2)
    for _ in range(9):
        first("window", RATE)

    assert second("window", RATE).admitted
    assert not second("window", RATE).admitted
    assert not first("window", RATE).admitted


def test_a_window_that_the_store_has_forgotten_begins_anew(stage: Stage) -> None:
    (limiter,) = processes(stage, 1)
    limiter("window", RATE)
    stage.database.change("DELETE FROM blobs")
    stage.clock.sleep(3_600_000)

    assert limiter("window", RATE) == Admission(True, (stage.clock.now(),), 10, 9, 60_000)


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.ANSWER_LOST])
def test_a_store_that_does_not_answer_lets_requests_pass_and_says_so(stage: Stage, fault: Fault) -> None:
    (limiter,) = processes(stage, 1)
    stage.faults.fail(*SWAP, fault)

    assert limiter("window", RATE).admitted
    assert stage.recording.named("limiter open") == [{"window": "window"}]


def test_a_request_whose_answer_was_lost_is_counted_all_the_same(stage: Stage) -> None:
    (limiter,) = processes(stage, 1)
    stage.faults.fail(*SWAP, Fault.ANSWER_LOST)

    assert admitted([limiter("window", RATE) for _ in range(20)]) == 10


def test_the_number_of_windows_kept_in_memory_is_bounded(stage: Stage) -> None:
    (limiter,) = processes(stage, 1)
    for number in range(1_100):
        limiter(f"window {number}", RATE)

    assert len(limiter._seen) <= 1_000
    assert admitted([limiter("window 0", RATE) for _ in range(12)]) == 9
