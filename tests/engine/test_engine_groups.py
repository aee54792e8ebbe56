"""Groups: exact windows, one write each, profiles in force, and reports."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from engine_faults import Fault
from engine_stories import Stage
from flow_stories import FAIR, Learner, conditions
from world import OPERATOR_KEY

from chalicelib.domain.errors import NotFoundError, UnavailableError
from chalicelib.domain.simulator.faults import fault
from chalicelib.domain.simulator.ledger import Kind, Ruling, Visit
from chalicelib.domain.simulator.profiles import Assignment, named
from chalicelib.engine.groups import STAGE_FRESH_MS, Groups

SWAP, GET = ("blobs", "swap"), ("blobs", "get")
READ = Visit(Kind.LIST)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage(asyncflow=conditions()) as stage:
        yield stage


def instances(stage: Stage, count: int) -> list[Groups]:
    """What so many instances of a function have: nothing in common but the store."""
    parts = stage.platform.parts
    return [
        Groups(parts.blobs, parts.reader, parts.clock, stage.settings.asyncflow, retention_s=86_400)
        for _ in range(count)
    ]


def calls(stage: Stage) -> tuple[int, int]:
    """Writes and reads of the ledgers' store so far."""
    return stage.faults.calls[SWAP], stage.faults.calls[GET]


# --- the window ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 4, 40])
def test_of_forty_at_once_exactly_ten_pass_and_are_numbered_one_to_ten(stage: Stage, count: int) -> None:
    asked, together = instances(stage, count), Barrier(40)

    def ask(number: int) -> Ruling:
        together.wait()
        return asked[number % count].admit("group", READ)[0]

    with ThreadPoolExecutor(40) as threads:
        rulings = list(threads.map(ask, range(40)))

    admitted = [ruling for ruling in rulings if ruling.admission.admitted]
    assert sorted(ruling.number for ruling in admitted) == list(range(1, 11))
    assert sorted(ruling.admission.remaining for ruling in admitted) == list(range(10))


def test_an_uncontended_request_is_one_write_and_no_read(stage: Stage) -> None:
    (groups,) = instances(stage, 1)
    groups.admit("group", READ)
    before = calls(stage)

    for _ in range(9):
        groups.admit("group", READ)

    assert calls(stage) == (before[0] + 9, before[1])


def test_a_refused_request_writes_and_reads_nothing(stage: Stage) -> None:
    (groups,) = instances(stage, 1)
    for _ in range(10):
        groups.admit("group", READ)
    before = calls(stage)

    assert not any(groups.admit("group", READ)[0].admission.admitted for _ in range(20))
    assert calls(stage) == before


def test_an_instance_that_knows_nothing_yet_writes_once_more(stage: Stage) -> None:
    first, second = instances(stage, 2)
    first.admit("group", READ)
    before = calls(stage)

    ruling, _ = second.admit("group", READ)

    assert ruling.number == 2
    assert calls(stage) == (before[0] + 2, before[1] + 1)


def test_the_window_slides(stage: Stage) -> None:
    (groups,) = instances(stage, 1)
    for _ in range(10):
        groups.admit("group", READ)
        stage.clock.sleep(1_000)

    stage.clock.sleep(49_999)
    assert not groups.admit("group", READ)[0].admission.admitted
    stage.clock.sleep(1)
    assert groups.admit("group", READ)[0].admission.admitted
    assert not groups.admit("group", READ)[0].admission.admitted


@pytest.mark.parametrize("call", [SWAP, GET])
def test_a_store_that_does_not_answer_lets_nobody_in_and_forgets_no_refusal(
    stage: Stage, call: tuple[str, str]
) -> None:
    (groups,) = instances(stage, 1)
    for _ in range(13):
        groups.admit("group", READ)
    stage.clock.sleep(60_000)
    stage.faults.fail(*call, Fault.UNAVAILABLE)

    with pytest.raises(UnavailableError):
        groups.admit("group", READ)
    groups.admit("group", READ)

    assert groups.report("group").ledger.throttled == 3


# --- profiles -----------------------------------------------------------------------------------------------------


def profile_of(groups: Groups, group: str) -> str:
    return groups.admit(group, READ)[1].name


def test_a_groups_own_profile_comes_before_the_stages_and_that_before_the_default(stage: Stage) -> None:
    (groups,) = instances(stage, 1)
    assert profile_of(groups, "group") == "realistic"

    groups.assign(None, Assignment("flaky"))
    groups.assign("group", Assignment("slow"))

    assert (profile_of(groups, "group"), profile_of(groups, "others")) == ("slow", "flaky")
    groups.assign("group", None)
    assert profile_of(groups, "group") == "flaky"


def test_a_profile_ends_by_itself(stage: Stage) -> None:
    (groups,) = instances(stage, 1)
    groups.assign("group", Assignment("slow", expires_at=stage.clock.now() + 60_000))
    groups.assign(None, Assignment("flaky", expires_at=stage.clock.now() + 120_000))

    seen = [profile_of(groups, "group")]
    for _ in range(2):
        stage.clock.sleep(60_000)
        seen.append(profile_of(groups, "group"))

    assert seen == ["slow", "flaky", "realistic"]
    assert groups.in_force("group").assignment is None


def test_changes_lie_over_the_named_profile(stage: Stage) -> None:
    (groups,) = instances(stage, 1)

    shown = groups.assign("group", Assignment("calm", {"failure_rate": 0.5}))

    assert (shown.profile.name, shown.profile.failure_rate, shown.profile.latency_max_ms) == ("calm", 0.5, 0)


def test_a_changed_whole_number_stays_one_in_every_instance(stage: Stage) -> None:
    operator, worker = instances(stage, 2)
    operator.assign("group", Assignment("calm", {"retry_after_s": 7, "latency_min_ms": 10, "latency_max_ms": 10}))

    ruling, profile = worker.admit("group", Visit(Kind.LIST, forced=503))

    assert repr((profile.retry_after_s, ruling.latency_ms)) == "(7, 10)"
    assert ruling.fault is not None
    assert repr(ruling.fault.retry_after_s) == "7"


def test_another_instance_goes_by_a_groups_new_profile_at_its_next_request(stage: Stage) -> None:
    operator, worker = instances(stage, 2)
    worker.admit("group", READ)

    operator.assign("group", Assignment("exam"))

    assert profile_of(worker, "group") == "exam"


def test_whoever_knows_the_seed_can_foretell_nothing_of_an_exam(stage: Stage) -> None:
    (groups,) = instances(stage, 1)
    exam = {"error_rate": 0.5}
    groups.assign("group", Assignment("exam", exam))
    told = named("exam", FAIR, exam)

    met = []
    for _ in range(20):
        stage.clock.sleep(6_000)
        met.append(groups.admit("group", READ)[0].fault is not None)
    foretold = [
        fault(told, "42", "group", number, now=stage.clock.now(), submits=False) is not None for number in range(1, 21)
    ]

    assert True in met
    assert met != foretold


def test_under_an_exam_a_group_is_not_told_what_was_simulated(stage: Stage) -> None:
    stage.platform.groups.assign("group-1", Assignment("exam"))
    learner = Learner(stage)
    learner.submit()

    own = learner.ask("GET", "/asyncflow/report").json
    everybodys = stage.request("GET", "/operator/asyncflow/report", key=OPERATOR_KEY).json["groups"][0]

    simulated = ("simulatedFaults", "lostResponses", "duplicates", "recovered")
    assert [own[member] for member in simulated] == [None] * 4
    assert all(isinstance(everybodys[member], int) for member in simulated)


def test_what_an_instance_has_refused_is_in_its_report_at_once(stage: Stage) -> None:
    (groups,) = instances(stage, 1)
    for _ in range(13):
        groups.admit("group", READ)

    assert groups.report("group").ledger.throttled == 3


def test_a_group_whose_profile_was_taken_back_before_it_asked_is_not_there(stage: Stage) -> None:
    stage.platform.groups.assign("nobody", None)

    assert stage.platform.groups.reports() == []


def test_a_group_may_call_itself_by_any_letters(stage: Stage) -> None:
    learner = Learner(stage, "École 日本".encode().decode("latin-1"))

    assert learner.ask("GET", "/asyncflow/report").json["group"] == "École 日本"


def test_another_instance_goes_by_the_stages_new_profile_within_ten_seconds(stage: Stage) -> None:
    operator, worker = instances(stage, 2)
    worker.admit("group", READ)

    operator.assign(None, Assignment("exam"))

    assert profile_of(worker, "group") == "realistic"
    stage.clock.sleep(STAGE_FRESH_MS)
    assert profile_of(worker, "group") == "exam"


def test_the_stages_profile_is_read_once_in_ten_seconds(stage: Stage) -> None:
    (groups,) = instances(stage, 1)
    for number in range(100):
        groups.admit(f"group {number}", READ)
        stage.clock.sleep(100)

    assert stage.faults.calls[GET] == 1


def test_putting_a_profile_in_force_keeps_the_window_and_the_numbers(stage: Stage) -> None:
    (groups,) = instances(stage, 1)
    for _ in range(9):
        groups.admit("group", READ)
    groups.assign("group", Assignment("calm"))

    assert [groups.admit("group", READ)[0].admission.admitted for _ in range(2)] == [True, False]


def test_ten_requests_pass_while_an_operator_changes_the_profile_all_the_time(stage: Stage) -> None:
    operator, *workers = instances(stage, 5)
    together = Barrier(44)

    def ask(number: int) -> bool:
        together.wait()
        if number >= 40:
            operator.assign("group", Assignment("calm", {"failure_rate": number / 100}))
            return False
        return workers[number % 4].admit("group", READ)[0].admission.admitted

    with ThreadPoolExecutor(44) as threads:
        assert sum(threads.map(ask, range(44))) == 10


# --- reports ------------------------------------------------------------------------------------------------------


def test_a_report_tells_what_the_group_did(stage: Stage) -> None:
    learner = Learner(stage)
    good = learner.accepted("always-complete")
    learner.accepted("always-fail")
    learner.accepted("slow-900")
    stage.work(until=stage.clock.now() + 40_000)
    for _ in range(4):
        learner.message(good)
    learner.submit(Prefer="code=503")
    stage.clock.sleep(1_000)
    learner.submit(Prefer="code=500")
    assert learner.ask("GET", "/asyncflow/report").status == 200
    assert [learner.ask("GET", "/asyncflow").status for _ in range(3)] == [429, 429, 429]
    stage.clock.sleep(61_000)

    report = learner.ask("GET", "/asyncflow/report").json

    assert report == {
        "group": "group-1",
        "profile": "realistic",
        "firstRequestAt": "2024-01-15T10:30:00Z",
        "lastRequestAt": "2024-01-15T10:31:42Z",
        "submitted": 3,
        "completed": 1,
        "failed": 1,
        "unfinished": 1,
        "requests": 11,
        "throttled": 3,
        # The 503 asked for five seconds: the 500 and the three refused requests came before they were over. So did the
        # report, which asks for nothing.
        "earlyRetries": 4,
        "polls": 4,
        "pollsPerMessage": 1.33,
        "simulatedFaults": 2,
        "lostResponses": 0,
        "duplicates": 0,
        "recovered": 0,
    }


def test_a_patient_client_has_no_early_retries(stage: Stage) -> None:
    learner = Learner(stage)
    for _ in range(30):
        reply = learner.submit()
        while reply.status == 429:
            stage.clock.sleep(int(reply.headers["retry-after"]) * 1000)
            reply = learner.submit()

    report = stage.platform.groups.report("group-1")
    assert (report.ledger.throttled, report.ledger.early_retries) == (2, 0)


def test_a_client_that_sends_a_message_again_after_a_lost_response_makes_a_duplicate() -> None:
    losing = replace(FAIR, timeout_rate=1.0, lost_response_share=1.0)
    with Stage(asyncflow=conditions(losing)) as stage:
        learner = Learner(stage)
        lost = [learner.submit().status for _ in range(2)]

        report = stage.platform.groups.report("group-1")
        assert lost == [504, 504]
        assert (report.submitted, report.ledger.lost_responses, report.ledger.duplicates) == (2, 2, 1)


def test_a_group_that_never_asked_has_no_report(stage: Stage) -> None:
    with pytest.raises(NotFoundError):
        stage.platform.groups.report("nobody")


def test_all_groups_are_reported_by_name(stage: Stage) -> None:
    for group in ("b", "a", "ü", "a b"):
        Learner(stage, group).ask("GET", "/asyncflow")

    assert [report.ledger.group for report in stage.platform.groups.reports()] == ["a", "a b", "b", "ü"]
