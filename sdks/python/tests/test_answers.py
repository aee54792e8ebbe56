"""How answers are read: what the API documents, and what it does not."""

from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from typing import Any

import pytest
from places import Misbehaving, Twin, answer

from astraflow_sdk import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AstraError,
    ConfigurationError,
    NotFoundError,
    QueueTask,
    ServerError,
    Task,
    UnexpectedAnswerError,
    WaitTimeoutError,
)
from astraflow_sdk._answer import Answer, seconds
from astraflow_sdk.models import ApiKey, Operation, User

NOW = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)


def test_a_page_of_a_proxy_is_no_answer(twin: Twin) -> None:
    page = answer(200, "<html>Please log in</html>", Content_Type="text/html", X_Request_Id="abc")
    with Misbehaving([page]).up() as server:
        client = twin.sdk.AstraClient("token", base_url=server.url)
        with pytest.raises(UnexpectedAnswerError, match=r"not JSON but text/html \(request id abc\)") as raised:
            twin.run(client.get_tasks())
        assert (raised.value.status, raised.value.request_id) == (200, "abc")
        twin.run(client.close())


@pytest.mark.parametrize(
    "body",
    ["[]", "{}", '{"tasks": {}}', '{"tasks": [1]}', '{"tasks": [{"name": "x"}]}', '{"tasks": [{"id": 1}]}', "null"],
)
def test_an_answer_of_another_shape_is_refused(twin: Twin, body: str) -> None:
    with Misbehaving([answer(200, body)]).up() as server:
        client = twin.sdk.AstraClient("token", base_url=server.url)
        with pytest.raises(UnexpectedAnswerError):
            twin.run(client.get_tasks())
        twin.run(client.close())


def test_what_this_version_does_not_know_is_kept() -> None:
    task = Task.of({"id": "1", "colour": "red"})

    assert task.raw == {"id": "1", "colour": "red"}
    assert repr(task) == "Task(id='1')"


def test_models_do_not_change() -> None:
    task = Task.of({"id": "1", "name": "New"})

    with pytest.raises(FrozenInstanceError):
        task.name = "Other"  # type: ignore[misc]
    assert {task} == {Task.of({"id": "1", "name": "New", "colour": "red"})}


@pytest.mark.parametrize(
    ("model", "raw", "complaint"),
    [
        (User, {"id": "u1"}, "User has no email"),
        (Task, {"id": "1", "due_date": "tomorrow"}, "due_date is no instant"),
        (QueueTask, {"id": "1", "status": "pending", "retryCount": True}, "retryCount is a bool"),
        (QueueTask, {"id": "1", "status": "pending", "result": []}, "no TaskResult"),
        (ApiKey, None, "no ApiKey"),
        (Operation, {"id": "1"}, "no Operation"),
        (Operation, [], "no Operation"),
    ],
)
def test_models_are_what_their_types_say(model: Any, raw: Any, complaint: str) -> None:
    with pytest.raises(UnexpectedAnswerError, match=complaint):
        model.of(raw)


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"error": "Task not found"}, "Task not found", None),
        ({"code": 404, "error": "Not Found", "message": "Resource does not exist"}, "Resource does not exist", 404),
        ({"error": "invalid_client", "error_description": "Who are you?"}, "Who are you?", "invalid_client"),
        ({"code": "NOT_FOUND", "message": "Task not found", "details": {}}, "Task not found", "NOT_FOUND"),
        ({"title": "Not Found", "status": 404, "detail": "No such task"}, "No such task", None),
        ({"message": {"deep": 1}}, "The server gave no reason", None),
        ([], "The server gave no reason", None),
    ],
)
def test_the_error_shapes_of_all_surfaces_are_read(body: Any, message: str, code: Any) -> None:
    error = Answer(404, {"x-request-id": "abc"}, json.dumps(body).encode()).error()

    assert isinstance(error, NotFoundError)
    assert (error.message, error.code, error.body) == (message, code, body)
    assert str(error) == f"404: {message} (request id abc)"


def test_an_explanation_elsewhere_is_pointed_to() -> None:
    body = {"type": "https://sluice.example.com/docs/outage", "detail": "An outage"}

    error = Answer(503, {}, json.dumps(body).encode()).error()

    assert str(error) == "503: An outage see https://sluice.example.com/docs/outage"


@pytest.mark.parametrize(
    "error",
    [
        Answer(429, {"x-ratelimit-limit": "10", "retry-after": "7"}, b'{"error": "Slow down"}').error(),
        APIConnectionError("GET /: no answer", sent=False),
        APITimeoutError("GET /: too late", sent=True),
        WaitTimeoutError("Task 1 is not finished", Task.of({"id": "1"})),
        UnexpectedAnswerError("not JSON", status=200, request_id="abc"),
        ConfigurationError("token is missing"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_cross_processes(error: AstraError) -> None:
    other = pickle.loads(pickle.dumps(error))  # noqa: S301  (it is our own)

    assert type(other) is type(error)
    assert (str(other), vars(other)) == (str(error), vars(error))


def test_statuses_that_nobody_named_have_a_class_too() -> None:
    assert type(Answer(418, {}, b"").error()) is APIStatusError
    assert type(Answer(599, {}, b"\xff").error()) is ServerError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("0", 0),
        ("7", 7),
        (" 1.5 ", 1.5),
        ("-1", None),
        ("soon", None),
        ("nan", None),
        ("1e9", None),
        ("Mon, 15 Jan 2024 10:31:00 GMT", 60),
        ("Mon, 15 Jan 2024 10:29:00 GMT", 0),
        ("Mon, 15 Jan 2024 10:31:00 -0000", 60),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, expected: float | None) -> None:
    assert seconds(text, NOW) == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("", None),
        ('</v1/tasks?cursor=a%2Bb&limit=2>; rel="next"', {"cursor": "a+b", "limit": "2"}),
        ('</t?page=1>; rel="first", </t?page=3>; rel="next", </t?page=9>; rel="last"', {"page": "3"}),
        ('</t?page=1>; rel="first", </t?page=1>; rel="prev"', None),
        ("</t?page=2>; rel=next", {"page": "2"}),
        ('</t?page=2>; rel="nextish"', None),
    ],
)
def test_the_next_page_is_found_among_the_links(link: str, expected: Any) -> None:
    assert Answer(200, {"link": link}, b"").next_query() == expected
