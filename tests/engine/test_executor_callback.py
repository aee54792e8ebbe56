"""One callback: what is sent, and what the answer comes to."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from engine_stories import TARGET, TIMED_OUT, Stage
from standardwebhooks.webhooks import Webhook
from world import ManualClock, answer

from chalicelib.domain import lifecycle
from chalicelib.domain.exchange import Answer, Failure, Headers, NoAnswer, Request
from chalicelib.domain.outcome import BudgetSpent, Failed, Outcome, Succeeded
from chalicelib.domain.task import Callback, Payload, Result, Task

LONG = 120_000


def attempt(stage: Stage, task: Task, *, at_most_ms: int = LONG) -> Outcome | None:
    """One attempt of a task, as the worker that claimed it makes it."""
    return stage.platform.attempts.executors[Callback].attempt(task, until=stage.clock.now() + at_most_ms)


def claimed(stage: Stage, **changes: object) -> Task:
    return lifecycle.claim(stage.submit(**changes), token="t", now=stage.clock.now())


def sent(stage: Stage, payload: Payload, **changes: object) -> Request:
    """The request that a task with this payload makes."""
    attempt(stage, claimed(stage, payload=payload, **changes))
    (request,) = stage.servers.calls
    return request


def values(request: Request, name: str) -> list[str]:
    return [value for each, value in request.headers if each.lower() == name.lower()]


# What is sent


def test_the_callers_headers_and_body_go_out_as_they_came(stage: Stage) -> None:
    given: Headers = (("X-Trace", "one"), ("Accept", "text/csv"), ("Authorization", "Bearer hunter2"))

    request = sent(stage, Payload(given, '{"a": 1}'), method="PUT")

    assert (request.method, request.url, request.body) == ("PUT", TARGET, b'{"a": 1}')
    assert request.headers[:3] == given


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"a": 1}', "application/json"),
        ("[1, 2]", "application/json"),
        ("null", "application/json"),
        ('"text"', "application/json"),
        ("1" * 10_000, "application/json"),
        ("1e999999", "application/json"),
        ("hello", "text/plain; charset=utf-8"),
        ("a=1&b=2", "text/plain; charset=utf-8"),
        ("{", "text/plain; charset=utf-8"),
        ("", "text/plain; charset=utf-8"),
        ("[" * 100_000, "text/plain; charset=utf-8"),
        ("é", "text/plain; charset=utf-8"),
    ],
    ids=lambda value: value[:12],
)
def test_a_body_without_a_content_type_gets_one_that_fits(stage: Stage, body: str, content_type: str) -> None:
    request = sent(stage, Payload((), body))

    assert values(request, "content-type") == [content_type]
    assert request.body == body.encode()


@pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE"])
def test_the_callers_content_type_wins(stage: Stage, name: str) -> None:
    assert values(sent(stage, Payload(((name, "text/xml"),), "{}")), "content-type") == ["text/xml"]


@pytest.mark.parametrize("body", [None, '{"a": 1}'])
def test_a_get_has_neither_body_nor_content_type(stage: Stage, body: str | None) -> None:
    request = sent(stage, Payload((("Content-Type", "text/xml"), ("X-Trace", "1")), body), method="GET")

    assert request.body is None
    assert values(request, "content-type") == []
    assert values(request, "x-trace") == ["1"]


def test_a_request_without_a_body_has_no_content_type(stage: Stage) -> None:
    request = sent(stage, Payload(), method="DELETE")

    assert request.body is None
    assert values(request, "content-type") == []


def test_we_say_who_calls_unless_the_caller_does(stage: Stage) -> None:
    assert values(sent(stage, Payload()), "user-agent") == ["Sluice"]


def test_the_callers_user_agent_wins(stage: Stage) -> None:
    assert values(sent(stage, Payload((("user-agent", "Shop/1"),))), "user-agent") == ["Shop/1"]


def test_the_receiver_learns_which_task_and_which_attempt_this_is(stage: Stage) -> None:
    stage.servers.answers(answer(500))
    task = stage.submit(max_retries=2)

    stage.work()

    told = [
        (values(request, "idempotency-key"), values(request, "x-task-attempt"), values(request, "x-task-last-attempt"))
        for request in stage.servers.calls
    ]
    assert told == [
        ([task.id], ["1"], ["false"]),
        ([task.id], ["2"], ["false"]),
        ([task.id], ["3"], ["true"]),
    ]


def test_the_signature_verifies_and_its_id_is_the_tasks() -> None:
    stage = Stage(clock=ManualClock(time.time_ns() // 1_000_000))
    with stage:
        task = stage.submit(payload=Payload((), '{"a": "é"}'))
        stage.work()
        (request,) = stage.servers.calls
        secret = stage.platform.teams.signing_secret(stage.owner)

        assert Webhook(secret).verify(request.body or b"", dict(request.headers)) == {"a": "é"}
        assert values(request, "webhook-id") == [task.id]


def test_each_attempt_is_signed_with_its_own_time_and_the_same_id(stage: Stage) -> None:
    stage.servers.answers(answer(500), answer(200))
    stage.submit()

    stage.work()

    first, second = stage.servers.calls
    assert values(first, "webhook-id") == values(second, "webhook-id")
    assert int(values(second, "webhook-timestamp")[0]) == int(values(first, "webhook-timestamp")[0]) + 1


def test_redirects_of_callbacks_are_followed(stage: Stage) -> None:
    sent(stage, Payload())

    assert stage.servers.followed == [True]


# What the answer comes to


@pytest.mark.parametrize("status", [200, 201, 204, 301, 304, 400, 401, 404, 410, 429, 499])
def test_any_answer_below_500_is_success(stage: Stage, status: int) -> None:
    stage.servers.answers(answer(status, "words", content_type="text/plain"))

    outcome = attempt(stage, claimed(stage))

    assert outcome == Succeeded(0, Result(status, (("content-type", "text/plain"),), "words", 0))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, "Server error: HTTP 500 - Internal Server Error"),
        (502, "Server error: HTTP 502 - Bad Gateway"),
        (503, "Server error: HTTP 503 - Service Unavailable"),
        (504, "Server error: HTTP 504 - Gateway Timeout"),
        (599, "Server error: HTTP 599 - Unknown"),
    ],
)
def test_a_server_error_is_a_failure_that_shows_its_answer(stage: Stage, status: int, error: str) -> None:
    stage.servers.answers(answer(status, "sorry"))

    assert attempt(stage, claimed(stage)) == Failed(error, 0, Result(status, (), "sorry", 0))


def test_a_status_nobody_knows_is_told_in_the_servers_own_words(stage: Stage) -> None:
    stage.servers.answers(Answer(520, "Web Server Is Odd", (), b""))

    outcome = attempt(stage, claimed(stage))

    assert isinstance(outcome, Failed)
    assert outcome.error == "Server error: HTTP 520 - Web Server Is Odd"


WORDS = {
    Failure.REFUSED: "fetch failed: ECONNREFUSED",
    Failure.NOT_FOUND: "fetch failed: ENOTFOUND",
    Failure.RESET: "fetch failed: ECONNRESET",
    Failure.TIMED_OUT: "fetch failed: ETIMEDOUT",
    Failure.UNREACHABLE: "fetch failed: EHOSTUNREACH",
    Failure.TLS: "fetch failed: ECERT",
    Failure.BLOCKED: "fetch failed: blocked address",
    Failure.REDIRECT: "fetch failed: redirect count exceeded",
}


@pytest.mark.parametrize("failure", list(Failure))
def test_a_failed_exchange_is_told_in_the_documented_words(stage: Stage, failure: Failure) -> None:
    stage.servers.answers(NoAnswer(failure))

    assert attempt(stage, claimed(stage, max_wait_s=100.0)) == Failed(WORDS[failure], 0)


# How long it may take


@pytest.mark.parametrize(
    ("max_wait_s", "timeout_s", "waited_ms", "at_most_ms", "limit_s"),
    [
        (30.0, 10.0, 0, LONG, 10.0),
        (10.0, 30.0, 0, LONG, 10.0),
        (30.0, 30.0, 12_000, LONG, 18.0),
        (30.0, 5.0, 12_000, LONG, 5.0),
        (120.0, 120.0, 0, 25_000, 25.0),
        (0.5, 30.0, 0, LONG, 0.5),
        (30.0, 0.25, 0, LONG, 0.25),
        (30.0, 30.0, 29_999, LONG, 0.001),
    ],
)
def test_an_attempt_may_wait_for_the_least_of_its_limits(
    stage: Stage, max_wait_s: float, timeout_s: float, waited_ms: int, at_most_ms: int, limit_s: float
) -> None:
    task = claimed(stage, max_wait_s=max_wait_s, timeout_s=timeout_s)

    attempt(stage, replace(task, waited_ms=waited_ms), at_most_ms=at_most_ms)

    assert stage.servers.timeouts_s == [limit_s]


def fail_slowly(stage: Stage) -> None:
    """The server takes ten seconds to fail."""

    def script(request: Request, timeout_s: float) -> Answer:
        stage.clock.sleep(10_000)
        return answer(500)

    stage.servers.script = script


def test_a_failure_that_uses_the_budget_up_leaves_no_retry(stage: Stage) -> None:
    fail_slowly(stage)
    task = replace(claimed(stage, max_wait_s=30.0), waited_ms=20_000)

    spent = attempt(stage, task)

    assert isinstance(spent, BudgetSpent)
    assert spent.error == "Timeout: no response within 30 seconds"
    assert spent.result is not None
    assert spent.result.status_code == 500


def test_a_last_failure_that_uses_the_budget_up_is_a_failure(stage: Stage) -> None:
    fail_slowly(stage)
    task = claimed(stage, max_wait_s=30.0)

    failed = attempt(stage, replace(task, waited_ms=20_000, attempt=task.max_attempts))

    assert isinstance(failed, Failed)


@pytest.mark.parametrize(("max_wait_s", "shown"), [(30.0, "30"), (0.5, "0.5"), (2.25, "2.25"), (120.0, "120")])
def test_time_that_runs_out_with_the_budget_is_the_end(stage: Stage, max_wait_s: float, shown: str) -> None:
    stage.servers.answers(TIMED_OUT)

    outcome = attempt(stage, claimed(stage, max_wait_s=max_wait_s, timeout_s=120.0))

    assert outcome == BudgetSpent(f"Timeout: no response within {shown} seconds", round(max_wait_s * 1000))


def test_time_that_runs_out_with_the_function_is_an_ordinary_failure(stage: Stage) -> None:
    stage.servers.answers(TIMED_OUT)

    outcome = attempt(stage, claimed(stage, max_wait_s=30.0, timeout_s=30.0), at_most_ms=7_000)

    assert outcome == Failed("fetch failed: ETIMEDOUT", 0)


def test_the_duration_is_what_was_waited(stage: Stage) -> None:
    def script(request: Request, timeout_s: float) -> Answer:
        stage.clock.sleep(345)
        return answer(200)

    stage.servers.script = script

    assert attempt(stage, claimed(stage)) == Succeeded(345, Result(200, (), "", 345))
