"""What becomes of tasks whose stored parts do not open: because somebody changed them, or because no key can be had."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rings import CountedRing
from standardwebhooks import Webhook
from world import BEGINNING, CONTEXT, Reply, World, answer, sqs_event

from app import attempt
from chalicelib.domain.exchange import Request
from chalicelib.domain.timing import iso_milliseconds
from chalicelib.engine.announce import RESULT_SPOILED
from chalicelib.engine.attempt import SPOILED
from chalicelib.vault.keeper import LONGEST_MS

ROOT = Path(__file__).parents[2]
URL = "https://api.example.com/hook?token=s3cret"
DONE = "https://api.example.com/done?token=s3cret"
HOUR_MS = 3_600_000
MINUTE_MS = 60_000


@pytest.fixture
def ring() -> CountedRing:
    return CountedRing()


@pytest.fixture
def world(ring: CountedRing) -> Iterator[World]:
    with World(ring=ring) as world:
        yield world


@pytest.fixture
def key(world: World) -> str:
    return world.team()[1]


def create(world: World, key: str, **wanted: Any) -> str:
    reply = world.request("POST", "/v1/tasks", key=key, json={"callbackUrl": URL, "body": "a body", **wanted})
    assert reply.status == 201, reply.json
    task_id: str = reply.json["task"]["id"]
    return task_id


def get(world: World, key: str, task_id: str) -> Reply:
    return world.request("GET", f"/v1/tasks/{task_id}", key=key)


def history(world: World, key: str, task_id: str) -> list[str]:
    entries = world.request("GET", f"/v1/tasks/{task_id}/attempts", key=key).json["attempts"]
    return [entry["outcome"] for entry in entries]


def swap(world: World, column: str, one: str, other: str) -> None:
    """Exchange what two rows store."""
    stored = dict(world.database.rows(f"SELECT id, {column} FROM tasks"))  # noqa: S608  (a column of the stories)
    for here, there in ((one, other), (other, one)):
        store(world, column, here, stored[there])


def store(world: World, column: str, task_id: str, value: bytes) -> None:
    changed = world.database.change(f"UPDATE tasks SET {column} = ? WHERE id = ?", (value, task_id))  # noqa: S608
    assert changed == 1


def stored(world: World, column: str, task_id: str) -> bytes:
    found: bytes = world.database.rows(f"SELECT {column} FROM tasks WHERE id = ?", (task_id,))[0][0]  # noqa: S608
    return found


def verifies(world: World, key: str, call: Request) -> bool:
    """Whether a call is signed with the secret of the key's team."""
    secret = world.request("GET", "/v1/signing-secret", key=key).json["secret"]
    sent = dict(call.headers)
    at = datetime.fromtimestamp(int(sent["webhook-timestamp"]), UTC)
    signature: str = Webhook(secret).sign(sent["webhook-id"], at, (call.body or b"").decode())
    return signature == sent["webhook-signature"]


def at_rest(world: World) -> bool:
    queues = (world.tasks_queue, world.webhooks_queue, world.dead_letters)
    return all(queue.next_visible_at() is None for queue in queues)


class TestSpoiled:
    @pytest.mark.parametrize("column", ["request", "payload"])
    def test_a_task_with_anothers_part_fails_at_once_without_a_call(self, world: World, key: str, column: str) -> None:
        _, strangers = world.team()
        mine, theirs = create(world, key, maxRetries=5), create(world, strangers, maxRetries=5)
        swap(world, column, mine, theirs)

        world.work()

        assert world.door.calls == []
        assert at_rest(world)
        for task_id in (mine, theirs):
            row = world.tasks.get(task_id, now=world.clock.now())
            assert row is not None
            assert (row.status, row.error, row.attempt) == ("failed", SPOILED, 1)
        lines = world.recording.named("spoiled")
        assert {line["id"] for line in lines} == {mine, theirs}
        assert {line["part"] for line in lines} == {column}
        assert "s3cret" not in repr(world.recording.events)

    def test_a_part_that_was_cut_fails_its_task(self, world: World, key: str) -> None:
        task_id = create(world, key)
        store(world, "payload", task_id, stored(world, "payload", task_id)[:-1])

        world.work()

        assert world.door.calls == []
        assert get(world, key, task_id).json["task"]["error"] == SPOILED

    def test_the_owner_is_told_while_the_address_is_known(self, world: World, key: str) -> None:
        task_id = create(world, key, onCompleteUrl=DONE)
        store(world, "payload", task_id, b"\x01" * 40)

        world.work()

        (call,) = world.door.calls
        assert call.url == DONE
        assert b"task.failed" in (call.body or b"")
        assert at_rest(world)

    def test_a_spoiled_row_says_so_by_its_id_and_leaves_its_neighbours_in_peace(self, world: World, key: str) -> None:
        spoiled, sound = create(world, key), create(world, key)
        store(world, "request", spoiled, stored(world, "request", sound))

        reply = get(world, key, spoiled)
        listed = world.request("GET", "/v1/tasks", key=key)

        assert (reply.status, reply.json) == (500, {"error": "What is stored of this cannot be read"})
        assert [task["id"] for task in listed.json["tasks"]] == [sound]
        assert world.recording.named("request")[-2]["error"] == "spoiled"

    def test_a_result_of_another_attempt_is_no_result_but_the_end_is_told(self, world: World, key: str) -> None:
        world.door.script = lambda request: answer(200, "first")
        one, other = create(world, key), create(world, key, onCompleteUrl=DONE)
        attempt(sqs_event(world.tasks_queue, world.tasks_queue.receive(10)), CONTEXT)
        swap(world, "result", one, other)

        world.work()

        assert get(world, key, one).status == get(world, key, other).status == 500
        assert [call.url for call in world.door.calls] == [URL, URL, DONE]
        told = json.loads(world.door.calls[-1].body or b"")
        assert told == {
            "event": "task.completed",
            "task": {
                "id": other,
                "status": "completed",
                "result": None,
                "error": RESULT_SPOILED,
                "retryCount": 0,
                "createdAt": "2024-01-15T10:30:00.000Z",
                "completedAt": "2024-01-15T10:30:00.000Z",
            },
        }
        assert verifies(world, key, world.door.calls[-1])
        assert at_rest(world)
        assert [line["outcome"] for line in world.recording.named("webhook")] == ["delivered"]

    def test_a_failure_keeps_its_own_words_beside_those_about_its_result(self, world: World, key: str) -> None:
        world.door.script = lambda request: answer(500, "oops")
        task_id = create(world, key, maxRetries=0, onCompleteUrl=DONE)
        attempt(sqs_event(world.tasks_queue, world.tasks_queue.receive(10)), CONTEXT)
        store(world, "result", task_id, b"\x01" * 40)

        world.work()

        told = json.loads(world.door.calls[-1].body or b"")
        assert (told["event"], told["task"]["result"]) == ("task.failed", None)
        assert told["task"]["error"] == f"Server error: HTTP 500 - Internal Server Error. {RESULT_SPOILED}"

    def test_a_webhook_whose_address_is_spoiled_goes_nowhere(self, world: World, key: str) -> None:
        one, other = create(world, key), create(world, key, onCompleteUrl=DONE)
        attempt(sqs_event(world.tasks_queue, world.tasks_queue.receive(10)), CONTEXT)
        store(world, "request", other, stored(world, "request", one))

        world.work()

        assert [call.url for call in world.door.calls] == [URL, URL]
        assert at_rest(world)
        assert [line["error"] for line in world.recording.named("webhook")] == ["spoiled"]

    def test_a_payload_of_an_earlier_life_of_the_id_does_not_open(self, world: World, key: str) -> None:
        headers = {"Idempotency-Key": "order-7"}
        body = {"callbackUrl": URL, "body": "once"}
        first = world.request("POST", "/v1/tasks", key=key, json=body, headers=headers).json["task"]["id"]
        before = stored(world, "payload", first)
        world.work()
        world.clock.sleep(31 * 24 * HOUR_MS)
        second = world.request("POST", "/v1/tasks", key=key, json=body, headers=headers).json["task"]["id"]
        assert second == first
        store(world, "payload", second, before)
        world.door.calls.clear()

        world.work()

        assert world.door.calls == []
        assert get(world, key, second).json["task"]["error"] == SPOILED


class TestLocked:
    def test_a_create_is_refused_and_leaves_nothing_behind(self, world: World, key: str, ring: CountedRing) -> None:
        ring.down = True

        reply = world.request("POST", "/v1/tasks", key=key, json={"callbackUrl": URL})

        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        assert world.database.rows("SELECT id FROM tasks") == []
        world.work()
        assert at_rest(world), "the message without a row dies by itself"

    @pytest.mark.parametrize("retries", [0, 3])
    def test_an_outage_of_hours_costs_no_attempt(self, world: World, key: str, ring: CountedRing, retries: int) -> None:
        due = BEGINNING + LONGEST_MS + HOUR_MS
        task_id = create(world, key, maxRetries=retries, delayUntil=iso_milliseconds(due))
        world.clock.move_to(due - MINUTE_MS)
        ring.down = True

        world.work(until=due + HOUR_MS)
        assert world.door.calls == []
        assert get(world, key, task_id).status == 503
        ring.down = False
        world.work()

        task = get(world, key, task_id).json["task"]
        assert (task["status"], task["retryCount"]) == ("completed", 0)
        assert len(world.door.calls) == 1
        assert set(history(world, key, task_id)) == {"continued", "succeeded"}
        assert world.recording.named("spoiled") == []

    def test_a_completion_webhook_waits_for_the_key(self, world: World, key: str, ring: CountedRing) -> None:
        def slow(request: Request) -> Any:
            # The instance that sends the webhook has just started, and finds no key.
            ring.down = True
            world.clock.sleep(LONGEST_MS)
            return answer(200, "done")

        create(world, key, onCompleteUrl=DONE)
        world.door.script = slow
        world.deliver()
        assert len(world.door.calls) == 1
        world.door.script = lambda request: answer(200)

        world.work(until=world.clock.now() + HOUR_MS)
        assert len(world.door.calls) == 1
        ring.down = False
        world.work()

        assert [call.url for call in world.door.calls] == [URL, DONE]
        assert at_rest(world)

    def test_a_list_is_refused_rather_than_shown_in_part(self, world: World, key: str, ring: CountedRing) -> None:
        create(world, key)
        world.clock.sleep(LONGEST_MS)
        ring.down = True

        assert world.request("GET", "/v1/tasks", key=key).status == 503

    def test_a_cancel_needs_no_key_to_be_made(self, world: World, key: str, ring: CountedRing) -> None:
        task_id = create(world, key, delayUntil=iso_milliseconds(BEGINNING + 5 * HOUR_MS))
        world.clock.sleep(LONGEST_MS)
        ring.down = True

        world.request("POST", f"/v1/tasks/{task_id}/cancel", key=key)

        row = world.tasks.get(task_id, now=world.clock.now())
        assert row is not None
        assert row.status == "cancelled"


def test_the_sentences_are_those_that_the_documentation_shows() -> None:
    page = (ROOT / "docs" / "encryption.md").read_text("utf-8")
    assert f"`{SPOILED}`" in page
    assert f"`{RESULT_SPOILED}`" in page
    assert RESULT_SPOILED in (ROOT / "docs" / "openapi" / "asyncqueue.yaml").read_text("utf-8")
