"""What nobody expected is told to whoever runs the place: where it happened, and what AWS said, but never with what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from world import World

from chalicelib.aws.failures import RejectedCallError, call

SECRET = "the body of a customer"


def refuse(**parameters: Any) -> None:
    """A call of the SDK that AWS refuses, repeating what was sent as its validation does."""
    from botocore.exceptions import ClientError

    error = {"Code": "ValidationException", "Message": f"The value is not valid: {parameters}"}
    raise ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}, "PutItem")  # type: ignore[arg-type]


class Refusing:
    """A port over AWS whose one method is refused."""

    def __init__(self, port: Any, method: str) -> None:
        self._port, self._method = port, method

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._port, name)
        return (lambda *_, **__: call(refuse, Item=SECRET)) if name == self._method else method


def a_world(port: str, method: str) -> World:
    return World(wrap=lambda name, part: Refusing(part, method) if name == port else part)


def test_a_request_that_aws_refuses_is_recorded_with_the_call_and_aws_s_code() -> None:
    with a_world("tasks", "create") as world:
        _, key = world.team()
        reply = world.request("POST", "/v1/tasks", key=key, json={"callbackUrl": "https://a.example", "body": SECRET})

        (recorded,) = world.recording.named("request")
        assert (reply.status, reply.json) == (500, {"error": "Internal server error"})
        assert {name: recorded[name] for name in ("error", "operation", "code")} == {
            "error": "RejectedCallError",
            "operation": "refuse",
            "code": "ValidationException",
        }
        assert str(recorded["where"]).startswith("aws/failures.py:")
        assert SECRET not in repr(world.recording.events)


def test_a_message_that_aws_refuses_to_work_on_is_recorded_so_too() -> None:
    with a_world("tasks", "claim") as world:
        _, key = world.team()
        world.request("POST", "/v1/tasks", key=key, json={"callbackUrl": "https://a.example", "body": SECRET})
        world.deliver()

        (recorded,) = world.recording.named("record failed")
        assert (recorded["operation"], recorded["code"]) == ("refuse", "ValidationException")
        assert SECRET not in repr(world.recording.events)


def test_nothing_of_what_was_sent_stays_in_the_error() -> None:
    with pytest.raises(RejectedCallError) as refused:
        call(refuse, Item=SECRET)

    assert str(refused.value) == "refuse: ValidationException"
    assert refused.value.__cause__ is None
    assert SECRET not in repr(refused.value.args)
