"""Carrying out an operation: once, again after a failure, and in turn where it takes its time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from engine_faults import Crash, Fault
from engine_stories import Stage
from msgspec import Struct
from world import BEGINNING, ManualClock, Recording

from chalicelib.domain.kinds.kind import LONGEST_S, Kind
from chalicelib.domain.kinds.registry import Kinds
from chalicelib.domain.outcome import Continue, Failed, Succeeded
from chalicelib.domain.task import Operation, Payload, Status, Task
from chalicelib.engine.operations import RETRIES, tenant
from chalicelib.engine.submit import Order
from chalicelib.executors.operation import MOST_RESULT_BYTES, OperationExecutor

TENANT = tenant("team")

Script = Callable[[], None]


class Echo(Kind):
    """Gives back what it was given, unless its script does something else. Takes the seconds that it is told."""

    name = "test.Echo"
    path = "echo"

    class Input(Struct):
        text: str
        seconds: float = 0

    def __init__(self) -> None:
        self.script: Script = lambda: None
        self.runs = 0

    def seconds(self, given: Input) -> float:
        return given.seconds

    def run(self, given: Input) -> Mapping[str, Any]:
        self.runs += 1
        self.script()
        return {"text": given.text}


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def stage(echo: Echo) -> Iterator[Stage]:
    with Stage(kinds=Kinds(echo)) as stage:
        yield stage


def accept(stage: Stage, kind: Kind, **members: Any) -> Task:
    """An operation that was just accepted."""
    given = kind.read({"text": "hello", **members})
    return stage.platform.operations.accept(TENANT, kind, given, idempotency_key=None, fingerprint=None).task


def failing(times: int) -> Script:
    """A script that fails so many times."""
    left = iter(range(times))

    def script() -> None:
        if next(left, None) is not None:
            raise ZeroDivisionError("a secret of the input")

    return script


# --- done, and failed ---------------------------------------------------------------------------------------------


def test_an_operation_is_carried_out_and_its_result_is_in_the_row(stage: Stage, echo: Echo) -> None:
    task = accept(stage, echo, text="Größe")

    stage.work()

    row = stage.row(task)
    assert (row.status, row.error, echo.runs) == (Status.COMPLETED, None, 1)
    assert row.result is not None
    assert json.loads(row.result.body) == {"text": "Größe"}
    assert stage.quiet()


def test_the_result_says_how_long_it_took(stage: Stage, echo: Echo) -> None:
    echo.script = lambda: stage.clock.sleep(1_234)
    task = accept(stage, echo)

    stage.work()

    result = stage.row(task).result
    assert result is not None
    assert result.duration_ms == 1_234


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_an_operation_that_raised_is_tried_again(stage: Stage, echo: Echo, failures: int) -> None:
    echo.script = failing(failures)
    task = accept(stage, echo)

    stage.work()

    assert stage.outcomes(task) == ["failed"] * failures + ["succeeded"]
    assert stage.row(task).error is None


def test_the_pauses_before_its_three_retries_double(stage: Stage, echo: Echo) -> None:
    echo.script = failing(100)
    task = accept(stage, echo)

    stage.work()

    row = stage.row(task)
    assert [entry.started_at - BEGINNING for entry in row.history] == [0, 1_000, 3_000, 7_000]
    assert (row.status, row.error) == (Status.FAILED, "test.Echo failed: ZeroDivisionError")
    assert stage.quiet()


def test_a_failure_tells_its_owner_no_more_than_its_name_and_the_record_where_it_is(stage: Stage, echo: Echo) -> None:
    echo.script = failing(1)
    task = accept(stage, echo)

    stage.work()

    (failed,) = stage.recording.named("operation failed")
    assert (failed["task"], failed["kind"], failed["error"]) == (task.id, "test.Echo", "ZeroDivisionError")
    assert str(failed["where"]).startswith("test_executor_operation.py:")
    assert "secret" not in repr(stage.recording.events)


def test_an_operation_of_a_kind_that_is_gone_fails(stage: Stage, echo: Echo) -> None:
    task = accept(stage, echo)
    with Stage(kinds=Kinds()) as bare:
        bare.tasks.create(task)
        bare.repeat(task)
        bare.work()

        assert bare.row(task).status is Status.FAILED
        assert bare.row(task).error == "test.Echo is not known to this version"


def test_an_input_that_the_kind_no_longer_takes_fails(stage: Stage, echo: Echo) -> None:
    task = stage.platform.submit(Order(TENANT, Operation(echo.name), Payload(body="{}"), RETRIES)).task

    stage.work()

    assert stage.row(task).error == "test.Echo failed: ValidationError"


def test_a_result_that_could_not_be_stored_is_a_failure_and_not_tried_again(stage: Stage, echo: Echo) -> None:
    task = accept(stage, echo, text="x" * MOST_RESULT_BYTES)

    stage.work()

    assert stage.outcomes(task) == ["failed"]
    assert stage.row(task).error == "test.Echo failed: the result is larger than 256 KiB"


# --- lost steps ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("call", ["claim", "commit"])
def test_a_step_that_is_killed_or_unheard_loses_no_operation(stage: Stage, echo: Echo, fault: Fault, call: str) -> None:
    task = accept(stage, echo)
    stage.faults.fail("tasks", call, fault)

    for _ in range(3):
        try:
            stage.work()
            break
        except Crash:
            continue

    row = stage.row(task)
    assert row.status is Status.COMPLETED
    assert row.result is not None
    assert json.loads(row.result.body) == {"text": "hello"}
    assert stage.quiet()


# --- turns --------------------------------------------------------------------------------------------------------


def test_long_operations_that_come_together_are_all_done_and_spend_no_retry(stage: Stage, echo: Echo) -> None:
    echo.script = lambda: stage.clock.sleep(86_000)
    tasks = [accept(stage, echo, seconds=86) for _ in range(10)]

    stage.work()

    rows = [stage.row(task) for task in tasks]
    assert {row.status for row in rows} == {Status.COMPLETED}
    assert {row.retries_made for row in rows} == {0}
    assert echo.runs == 10


class Attempt(threading.Thread):
    """One attempt in a thread of its own."""

    def __init__(self, executor: OperationExecutor, *, seconds: float, spare_s: float) -> None:
        super().__init__()
        self._executor, self._task = executor, task_of(seconds)
        self._until = BEGINNING + round((seconds + spare_s) * 1000)
        self.outcome: object = None

    def run(self) -> None:
        self.outcome = self._executor.attempt(self._task, until=self._until)


def task_of(seconds: float, **changes: Any) -> Task:
    payload = Payload(body=json.dumps({"text": "hello", "seconds": seconds}))
    given: dict[str, Any] = {
        "id": "op-1",
        "team": TENANT,
        "status": Status.RUNNING,
        "work": Operation("test.Echo"),
        "max_attempts": 4,
        "due_at": BEGINNING,
        "created_at": BEGINNING,
        "create_token": "create",
        "payload": payload,
    }
    return Task(**{**given, **changes})


@pytest.fixture
def executor(echo: Echo) -> OperationExecutor:
    return OperationExecutor(Kinds(echo), ManualClock(), Recording())


def test_while_a_long_operation_runs_another_waits_its_turn_and_a_quick_one_does_not(
    executor: OperationExecutor, echo: Echo
) -> None:
    began, go_on = threading.Event(), threading.Event()

    def linger() -> None:
        began.set()
        assert go_on.wait(10)

    echo.script = linger
    long = Attempt(executor, seconds=50, spare_s=0)
    long.start()
    assert began.wait(10)
    echo.script = lambda: None
    patient = Attempt(executor, seconds=2, spare_s=60)
    patient.start()
    quick, late = Attempt(executor, seconds=0.9, spare_s=0), Attempt(executor, seconds=2, spare_s=0)
    quick.run()
    late.run()

    assert isinstance(quick.outcome, Succeeded)
    assert isinstance(late.outcome, Continue)
    assert (patient.outcome, echo.runs) == (None, 2)

    go_on.set()
    long.join(10)
    patient.join(10)
    assert isinstance(long.outcome, Succeeded)
    assert isinstance(patient.outcome, Succeeded)


def test_a_turn_ends_with_a_failure_too(executor: OperationExecutor, echo: Echo) -> None:
    echo.script = failing(1)

    outcomes = [executor.attempt(task_of(2), until=BEGINNING + 2_000) for _ in range(2)]

    assert [type(outcome) for outcome in outcomes] == [Failed, Succeeded]


def test_an_operation_that_would_not_be_done_in_time_is_not_begun(executor: OperationExecutor, echo: Echo) -> None:
    assert executor.attempt(task_of(50), until=BEGINNING + 49_999) == Continue(1_000)
    assert executor.attempt(task_of(0), until=BEGINNING) is None
    assert echo.runs == 0


def test_an_operation_that_never_has_time_is_tried_in_the_end(executor: OperationExecutor, echo: Echo) -> None:
    put_off = executor.attempt(task_of(LONGEST_S, continued=99), until=BEGINNING + 1_000)
    tried = executor.attempt(task_of(LONGEST_S, continued=100), until=BEGINNING + 1_000)

    assert (put_off, type(tried), echo.runs) == (Continue(1_000), Succeeded, 1)
