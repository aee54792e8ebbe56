"""What a task shows, from its acceptance to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec import Struct
from world import BEGINNING, World

from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.kinds.hello import Hello
from chalicelib.domain.kinds.kind import Kind
from chalicelib.domain.kinds.primes import Primes
from chalicelib.domain.kinds.registry import Kinds
from surfaces.asimov.customer import Customer, refused


class Scripted(Kind):
    """Does as its script says, and gives back what it was given."""

    name = "test.Scripted"
    path = "scripted"

    class Input(Struct):
        text: str = "hello"

    def __init__(self) -> None:
        self.script: Callable[[], object] = lambda: None

    def run(self, given: Input) -> Mapping[str, Any]:
        self.script()
        return {"text": given.text, "length": len(given.text)}


class Immediate(Scripted):
    """The same, with a result that is shown from the start."""

    name = "test.Immediate"
    path = "immediate"
    immediate = True


@dataclass
class Watched:
    """The store of tasks, with something that happens before each call of a method."""

    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    port: Any = None

    def around(self, name: str, port: Any) -> Any:
        if name != "tasks":
            return port
        self.port = port
        return self

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.before.get(method, lambda: None)()
            return getattr(self.port, method)(*arguments, **named)

        return call


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
def immediate() -> Immediate:
    return Immediate()


@pytest.fixture
def store() -> Watched:
    return Watched()


@pytest.fixture
def world(scripted: Scripted, immediate: Immediate, store: Watched) -> Iterator[World]:
    kinds = Kinds(Hello(), Primes(), scripted, immediate)
    with World(asimov_open=True, kinds=kinds, wrap=store.around) as world:
        yield world


@pytest.fixture
def customer(world: World) -> Customer:
    return Customer(world)


def fail() -> None:
    raise ZeroDivisionError


def unavailable() -> None:
    raise UnavailableError


# --- states and times ---------------------------------------------------------------------------------------------


def test_a_task_is_pending_then_running_then_completed(world: World, customer: Customer, scripted: Scripted) -> None:
    seen: list[dict[str, Any]] = []

    def look() -> None:
        world.clock.sleep(1_234)
        seen.append(customer.task(task_id))

    scripted.script = look
    task_id = customer.start("scripted", {"text": "abc"})
    seen.append(customer.task(task_id))
    world.clock.sleep(5_000)
    world.work()
    seen.append(customer.task(task_id))

    created = {"id": task_id, "_creationTime": "2024-01-15T10:30:00+00:00", "text": "abc"}
    assert seen == [
        {**created, "_state": "PENDING"},
        {**created, "_state": "RUNNING", "_lastModified": "2024-01-15T10:30:05.000Z"},
        {**created, "_state": "COMPLETED", "length": 3, "_lastModified": "2024-01-15T10:30:06.234Z"},
    ]


def test_the_members_stand_in_the_order_of_the_manual(world: World, customer: Customer) -> None:
    task_id = customer.start()
    world.work()

    assert list(customer.task(task_id)) == ["id", "_state", "message", "_creationTime", "_lastModified"]
    fully = customer.task(task_id, X_Message_Struct="fully")
    assert list(fully) == ["apiVersion", "kind", "id", "metadata", "data"]
    assert list(fully["data"]) == ["apiVersion", "kind", "id", "metadata", "data"]
    assert list(fully["metadata"]) == ["_state", "_type", "_creationTime", "_lastModified"]


def test_the_full_structure_has_the_states_and_times_of_the_simple_one(
    world: World, customer: Customer, scripted: Scripted
) -> None:
    seen: list[dict[str, Any]] = []
    scripted.script = lambda: seen.append(customer.task(task_id, X_Message_Struct="fully"))
    task_id = customer.start("scripted", {"text": "abc"})
    world.clock.sleep(5_678)
    world.work()

    (running,) = seen
    assert running["metadata"] == running["data"]["metadata"]
    assert running["metadata"] == {
        "_state": "RUNNING",
        "_type": "processing",
        "_creationTime": "2024-01-15T10:30:00+00:00",
        "_lastModified": "2024-01-15T10:30:05+00:00",
    }
    assert (running["kind"], running["data"]["kind"]) == ("platform.Task", "test.Scripted")
    assert (running["data"]["id"], running["data"]["data"]) == (task_id, {"text": "abc"})


def test_the_manuals_greeting_is_there_while_it_runs(world: World, customer: Customer) -> None:
    task_id = customer.start()
    world.tasks.claim(f"op-{task_id}", attempt=1, token="a worker", now=world.clock.now())

    assert customer.task(task_id) == {
        "id": task_id,
        "_state": "RUNNING",
        "message": "Hello, Master Asimov",
        "_creationTime": "2024-01-15T10:30:00+00:00",
        "_lastModified": "2024-01-15T10:30:00.000Z",
    }


def test_between_two_attempts_a_task_is_pending_and_says_when_to_come_back(
    world: World, customer: Customer, scripted: Scripted
) -> None:
    scripted.script = fail
    task_id = customer.start("scripted", {"text": "abc"})
    world.work(until=BEGINNING + 3_500)

    reply = customer.ask("GET", f"/api/tasks/{task_id}")
    assert (reply.json["_state"], reply.json["_lastModified"]) == ("PENDING", "2024-01-15T10:30:03.000Z")
    assert "error" not in reply.json
    assert reply.headers["retry-after"] == "4"


def test_a_final_failure_says_why(world: World, customer: Customer, scripted: Scripted) -> None:
    scripted.script = fail
    task_id = customer.start("scripted", {"text": "abc"})
    world.work()

    error = {"code": "FAILED", "message": "test.Scripted failed: ZeroDivisionError"}
    assert customer.task(task_id) == {
        "id": task_id,
        "_state": "FAILURE",
        "text": "abc",
        "error": error,
        "_creationTime": "2024-01-15T10:30:00+00:00",
        "_lastModified": "2024-01-15T10:30:07.000Z",
    }
    fully = customer.task(task_id, X_Message_Struct="fully")
    assert (fully["error"], fully["metadata"]["_state"]) == (error, "FAILURE")
    assert "error" not in fully["data"]


def test_an_unfinished_task_says_when_to_ask_again(world: World, customer: Customer) -> None:
    task_id = customer.start()
    assert customer.ask("GET", f"/api/tasks/{task_id}").headers["retry-after"] == "1"
    world.work()
    assert "retry-after" not in customer.ask("GET", f"/api/tasks/{task_id}").headers


def test_a_task_is_gone_when_it_was_kept_long_enough(world: World, customer: Customer) -> None:
    task_id = customer.start()
    world.work()
    world.clock.sleep(30 * 86_400_000)

    refused(customer.ask("GET", f"/api/tasks/{task_id}"), 404, "NOT_FOUND", "Task not found")


def test_an_id_that_no_task_can_have_costs_no_look_up(customer: Customer, store: Watched) -> None:
    store.before = {"get": unavailable, "cancel": unavailable}

    for method in ("GET", "DELETE"):
        assert customer.ask(method, "/api/tasks/nothing").status == 404
        assert customer.ask(method, "/api/tasks/88386aab-11a5-4d24-9a4b-13679087734f").status == 503


# --- data ---------------------------------------------------------------------------------------------------------


def test_a_result_that_is_known_from_the_start_is_shown_from_the_start(
    world: World, customer: Customer, immediate: Immediate
) -> None:
    accepted = customer.carry_out("immediate", {"text": "abc"}, X_Request_Mode="async")
    assert accepted.json["data"] == {"text": "abc", "length": 3}
    assert customer.task(accepted.json["id"])["length"] == 3


def test_a_kind_that_fails_shows_its_input(world: World, customer: Customer, immediate: Immediate) -> None:
    immediate.script = fail
    accepted = customer.carry_out("immediate", {"text": "abc"}, X_Request_Mode="async")
    world.work()

    assert (accepted.status, accepted.json["data"]) == (202, {"text": "abc"})
    assert customer.task(accepted.json["id"])["_state"] == "FAILURE"


def test_a_result_whose_way_to_the_row_was_blocked_is_computed_for_the_view(
    world: World, customer: Customer, store: Watched
) -> None:
    task_id = customer.start("primes", {"below": 100})
    store.before["commit"] = unavailable
    world.deliver()
    del store.before["commit"]
    world.work()

    row = world.tasks.get(f"op-{task_id}", now=world.clock.now())
    assert row is not None
    assert row.result is not None
    assert row.result.body == ""
    shown = customer.task(task_id)
    assert (shown["_state"], shown["count"]) == ("COMPLETED", 25)


def test_a_task_of_a_kind_that_is_gone_can_still_be_read(world: World, customer: Customer) -> None:
    task_id = customer.start("scripted", {"text": "abc"})
    with World(asimov_open=True) as bare:
        row = world.tasks.get(f"op-{task_id}", now=world.clock.now(), payload=True)
        assert row is not None
        bare.tasks.create(row)
        shown = Customer(bare).task(task_id)

    assert (shown["_state"], shown["text"]) == ("PENDING", "abc")


# --- waiting ------------------------------------------------------------------------------------------------------


def test_a_wait_ends_when_the_state_changes(world: World, customer: Customer, store: Watched) -> None:
    task_id = customer.start()
    began = world.clock.now()
    store.before["get"] = lambda: world.clock.now() < began + 5_000 or world.deliver()

    shown = customer.ask("GET", f"/api/tasks/{task_id}?wait=20")

    assert shown.json["_state"] == "COMPLETED"
    assert 5_000 <= world.clock.now() - began <= 6_000


def test_a_wait_ends_with_its_time(world: World, customer: Customer) -> None:
    task_id = customer.start()
    for asked, waited_ms in (("3", 3_000), ("0.5", 500), ("1000", 25_000)):
        began = world.clock.now()
        shown = customer.ask("GET", f"/api/tasks/{task_id}?wait={asked}")
        assert shown.json["_state"] == "PENDING"
        assert world.clock.now() - began == waited_ms


def test_a_finished_task_is_not_waited_for(world: World, customer: Customer) -> None:
    task_id = customer.start()
    world.work()
    began = world.clock.now()
    customer.ask("GET", f"/api/tasks/{task_id}?wait=20")
    assert world.clock.now() == began


# --- cancelling ---------------------------------------------------------------------------------------------------


def test_a_cancelled_task_is_never_carried_out(world: World, customer: Customer, scripted: Scripted) -> None:
    ran = threading.Event()
    scripted.script = ran.set
    task_id = customer.start("scripted", {"text": "abc"})

    assert customer.cancel(task_id).json["error"] == {"code": "CANCELLED", "message": "Cancelled before it ran"}
    world.work()
    assert not ran.is_set()
    assert customer.task(task_id)["_state"] == "FAILURE"


def test_a_task_that_waits_for_its_next_attempt_can_be_cancelled(
    world: World, customer: Customer, scripted: Scripted
) -> None:
    scripted.script = fail
    task_id = customer.start("scripted", {"text": "abc"})
    world.work(until=BEGINNING + 1_500)

    reply = customer.ask("DELETE", f"/api/tasks/{task_id}", X_Message_Struct="fully")
    assert (reply.status, reply.json["error"]["code"]) == (200, "CANCELLED")
    assert reply.json["data"]["data"] == {"text": "abc"}


def test_a_task_that_runs_or_is_finished_cannot_be_cancelled(
    world: World, customer: Customer, scripted: Scripted
) -> None:
    late = (409, "CONFLICT", "Only a task that is PENDING can be cancelled")
    scripted.script = lambda: refused(customer.cancel(task_id), *late)
    task_id = customer.start("scripted", {"text": "abc"})
    world.work()

    assert customer.task(task_id)["_state"] == "COMPLETED"
    refused(customer.cancel(task_id), *late)
    cancelled = customer.start()
    assert customer.cancel(cancelled).status == 200
    world.clock.sleep(1)
    refused(customer.cancel(cancelled), *late)


# --- repeats ------------------------------------------------------------------------------------------------------


def test_a_repeated_request_gets_its_first_answer_however_far_the_task_has_come(
    world: World, customer: Customer
) -> None:
    request = {"kind": "primes", "given": {"below": 100}, "X_Request_Mode": "async", "Idempotency_Key": "one"}
    first = customer.carry_out(**request)
    world.work()
    again = customer.carry_out(**request)

    assert (again.status, again.json, again.headers["location"]) == (202, first.json, first.headers["location"])
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


def test_a_key_belongs_to_one_kind(customer: Customer) -> None:
    headers = {"X_Request_Mode": "async", "Idempotency_Key": "one"}
    assert customer.carry_out("scripted", {"text": "abc"}, **headers).status == 202
    reply = customer.carry_out("immediate", {"text": "abc"}, **headers)
    message = "Idempotency-Key was already used with another request body"
    refused(reply, 422, "IDEMPOTENCY_KEY_REUSED", message)


def test_an_operation_in_the_call_is_as_old_as_the_call(world: World, customer: Customer, scripted: Scripted) -> None:
    scripted.script = lambda: world.clock.sleep(7_000)

    reply = customer.carry_out("scripted", {"text": "abc"})

    assert reply.json["metadata"] == {
        "_state": "COMPLETED",
        "_type": "processing",
        "_creationTime": "2024-01-15T10:30:00+00:00",
    }


def test_an_operation_in_the_call_keeps_nothing(world: World, customer: Customer) -> None:
    reply = customer.carry_out(Idempotency_Key="one")
    again = customer.carry_out(Idempotency_Key="one")

    assert reply.json["id"] != again.json["id"]
    assert customer.ask("GET", f"/api/tasks/{reply.json['id']}").status == 404
    assert world.database.rows("SELECT id FROM tasks") == []
