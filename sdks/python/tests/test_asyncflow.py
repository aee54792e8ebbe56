"""AsyncFlowClient against the real server, on good days and bad ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from chalicelib.domain.literals import ASYNCFLOW_KEY
from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator.profiles import named, realistic
from chalicelib.engine.groups import Conditions
from places import Place, Twin
from world import BEGINNING

from astraflow_sdk import (
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    UnprocessableError,
    WaitTimeoutError,
)


def a_day(profile: str, limit: int = 10, **changes: Any) -> Conditions:
    """The conditions of a stage."""
    conditions = replace(named(profile, realistic()), **changes)
    return Conditions(Rate(limit), True, conditions, pick_up_ms=5_000, seed="monday", hidden_seed="a hidden monday")


def group(place: Place, name: str = "group-7", **options: Any) -> Any:
    return place.client("AsyncFlowClient", ASYNCFLOW_KEY, name, **options)


def test_a_message_is_submitted_followed_and_listed(twin: Twin) -> None:
    with Place(twin, asyncflow=a_day("calm")) as place:
        client = group(place)

        receipt = twin.run(client.submit("warehouse", "Twelve boxes", priority="high"))
        before = twin.run(client.get(receipt.tracking_id))
        done = twin.run(client.wait(receipt.tracking_id))

        assert receipt.accepted
        assert receipt.submitted_at.timestamp() * 1000 == BEGINNING
        assert (before.status, before.finished, before.processed_at) == ("Queued", False, None)
        assert (done.status, done.finished, done.error_details) == ("Completed", True, None)
        assert done.processed_at > done.submitted_at == receipt.submitted_at
        assert twin.run(client.list()) == [done]
        assert place.pauses == []


def test_a_failed_message_is_finished_too(twin: Twin) -> None:
    with Place(twin, asyncflow=a_day("calm")) as place:
        client = group(place)
        receipt = twin.run(client.submit("always-fail", "x"))

        done = twin.run(client.wait(receipt.tracking_id))

        assert (done.status, done.finished) == ("Failed", True)
        assert done.error_details


def test_waiting_ends_when_patience_does(twin: Twin) -> None:
    with Place(twin, asyncflow=a_day("calm")) as place:
        client = group(place)
        receipt = twin.run(client.submit("stuck", "x"))

        with pytest.raises(WaitTimeoutError) as raised:
            twin.run(client.wait(receipt.tracking_id, timeout=30))

        assert raised.value.last.status == "Processing"


def test_pages_lead_to_older_messages(twin: Twin) -> None:
    with Place(twin, asyncflow=a_day("calm", limit=0)) as place:
        client = group(place)
        made = []
        for number in range(5):
            made.append(twin.run(client.submit("warehouse", f"box {number}")).tracking_id)
            place.clock.sleep(1000)

        page = twin.run(client.list(limit=2))

        assert [each.tracking_id for each in page] == made[3:]
        assert (page.total, page.page, page.has_more) == (None, None, True)
        assert {each.tracking_id for each in twin.all(page.auto_paging())} == set(made)


def test_the_limit_is_kept_without_one_early_retry(twin: Twin) -> None:
    with Place(twin, asyncflow=a_day("calm")) as place:
        client = group(place)

        for number in range(25):
            twin.run(client.submit("warehouse", f"box {number}"))
        report = twin.run(client.report())

        assert (report.group, report.submitted, report.early_retries) == ("group-7", 25, 0)
        assert report.throttled >= 2
        assert len(place.pauses) == report.throttled
        assert all(50 < pause < 61 for pause in place.pauses)


def test_who_does_not_want_to_wait_is_told_how_long(twin: Twin) -> None:
    with Place(twin, asyncflow=a_day("calm", limit=1)) as place:
        client = group(place, max_retries=0)
        twin.run(client.list())

        with pytest.raises(RateLimitError) as refused:
            twin.run(client.list())

        assert (refused.value.retry_after, refused.value.limit, place.pauses) == (60, 1, [])


def test_lost_answers_make_no_second_message(twin: Twin) -> None:
    conditions = a_day("lost-responses", limit=0, timeout_rate=0.5, failure_rate=0)
    with Place(twin, asyncflow=conditions) as place:
        client = group(place, max_retries=20)

        made = [twin.run(client.submit("warehouse", f"box {number}")).tracking_id for number in range(30)]
        report = twin.run(client.report())

        assert len(set(made)) == 30 == report.submitted
        assert report.lost_responses > 5
        assert (report.duplicates, report.recovered) == (0, report.lost_responses)


def test_a_flaky_day_is_got_through(twin: Twin) -> None:
    with Place(twin, asyncflow=a_day("flaky", limit=0, failure_rate=0)) as place:
        client = group(place, max_retries=10)

        made = [twin.run(client.submit("warehouse", f"box {number}")).tracking_id for number in range(40)]
        ends = [twin.run(client.wait(tracking_id)).status for tracking_id in made]
        report = twin.run(client.report())

        assert ends == ["Completed"] * 40
        assert report.simulated_faults > 5
        assert (report.early_retries, report.duplicates) == (0, 0)


def test_a_key_of_ones_own_survives_a_restart_and_is_for_one_message(twin: Twin) -> None:
    with Place(twin, asyncflow=a_day("calm")) as place:
        first, second = (
            twin.run(group(place).submit("warehouse", "Parcel 4711", idempotency_key="parcel-4711")) for _ in range(2)
        )

        assert first == second
        with pytest.raises(UnprocessableError):
            twin.run(group(place).submit("warehouse", "Parcel 4712", idempotency_key="parcel-4711"))


def test_refusals_have_their_classes(twin: Twin) -> None:
    with Place(twin, asyncflow=a_day("calm")) as place:
        client = group(place)
        receipt = twin.run(client.submit("warehouse", "x"))

        with pytest.raises(PermissionDeniedError, match="Accessing message from different student group"):
            twin.run(group(place, "group-8").get(receipt.tracking_id))
        with pytest.raises(NotFoundError, match="Message not found"):
            twin.run(client.get("ASF-" + "0" * 32))
        with pytest.raises(BadRequestError, match="Missing payload"):
            twin.run(client.submit("warehouse", ""))
        with pytest.raises(AuthenticationError, match="Missing or invalid API key"):
            twin.run(place.client("AsyncFlowClient", "wrong", "group-7").list())


def test_key_and_group_come_from_the_environment(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    with Place(twin, asyncflow=a_day("calm")) as place:
        with pytest.raises(ConfigurationError, match=r"api_key is missing: .* ASYNCFLOW_API_KEY"):
            place.client("AsyncFlowClient")
        monkeypatch.setenv("ASYNCFLOW_API_KEY", ASYNCFLOW_KEY)
        with pytest.raises(ConfigurationError, match=r"group is missing: .* ASYNCFLOW_GROUP"):
            place.client("AsyncFlowClient")
        monkeypatch.setenv("ASYNCFLOW_GROUP", "group-9")

        assert twin.run(place.client("AsyncFlowClient").report()).group == "group-9"
