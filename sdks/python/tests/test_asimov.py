"""AsimovClient against the real server."""

from __future__ import annotations

from typing import Any

import pytest
from chalicelib.names import Names
from places import Place, Twin

from astraflow_sdk import AuthenticationError, BadRequestError, ConflictError, NotFoundError

HELLO = {"message": "Hello, Asimov"}
OPEN = Names("local", "123456789012", "us-east-1")


@pytest.fixture
def client(place: Place) -> Any:
    return place.client("AsimovClient", place.world.team()[1])


def test_an_operation_is_carried_out_in_the_call(twin: Twin, client: Any) -> None:
    done = twin.run(client.call("hello", HELLO))

    assert (done.kind, done.state, done.finished) == ("platform.Hello", "COMPLETED", True)
    assert done.data == {"message": "Hello, Master Asimov"}


def test_an_operation_is_started_and_waited_for(place: Place, twin: Twin, client: Any) -> None:
    started = twin.run(client.start("hello", HELLO))

    assert (started.state, started.finished) == ("PENDING", False)
    done = twin.run(client.wait(started.id))
    assert (done.id, done.kind, done.state) == (started.id, "platform.Hello", "COMPLETED")
    assert done.data == {"message": "Hello, Master Asimov"}
    assert done.created_at == started.created_at <= done.modified_at
    assert done.raw["kind"] == "platform.Task"


def test_a_start_whose_answer_was_lost_starts_one(place: Place, twin: Twin, client: Any) -> None:
    place.transport.lose["POST"] = 1
    first = twin.run(client.start("hello", HELLO, idempotency_key="greeting"))

    assert twin.run(client.start("hello", HELLO, idempotency_key="greeting")).id == first.id
    assert place.transport.made("POST", "/api/hello") == 3


def test_a_call_whose_answer_was_lost_is_made_again(place: Place, twin: Twin, client: Any) -> None:
    place.transport.lose["POST"] = 1

    assert twin.run(client.call("hello", HELLO)).state == "COMPLETED"


def test_an_operation_is_cancelled_even_when_the_answer_was_lost(place: Place, twin: Twin, client: Any) -> None:
    started = twin.run(client.start("hello", HELLO))
    place.transport.lose["DELETE"] = 1

    cancelled = twin.run(client.cancel(started.id))

    assert (cancelled.state, cancelled.error["code"], cancelled.finished) == ("FAILURE", "CANCELLED", True)
    with pytest.raises(ConflictError, match="Only a task that is PENDING can be cancelled"):
        twin.run(client.cancel(started.id))


def test_refusals_have_their_classes(twin: Twin, client: Any) -> None:
    with pytest.raises(NotFoundError, match="Unknown kind") as unknown:
        twin.run(client.call("juggle", {}))
    assert unknown.value.code == "NOT_FOUND"
    with pytest.raises(BadRequestError, match="message"):
        twin.run(client.call("hello", {}))
    with pytest.raises(NotFoundError, match="Task not found"):
        twin.run(client.get("88386aab-11a5-4d24-9a4b-13679087734f"))


def test_a_key_is_needed_unless_the_deployment_is_open(place: Place, twin: Twin) -> None:
    with pytest.raises(AuthenticationError, match="API key required"):
        twin.run(place.client("AsimovClient").call("hello", HELLO))
    with Place(twin, names=OPEN) as another:
        assert twin.run(another.client("AsimovClient").call("hello", HELLO)).state == "COMPLETED"
