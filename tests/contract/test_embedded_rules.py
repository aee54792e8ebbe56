"""What the embedded implementations do beyond the ports: consuming, virtual time, and the refusals of the services."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from contract_bench import SILENCE, VAULT_SECRET, ManualClock
from contract_samples import NOW, a_task, a_team

from chalicelib.domain.listing import PAGE_BODY_BYTES, Position, Query
from chalicelib.domain.task import Result
from chalicelib.embedded.blobs import EmbeddedBlobs
from chalicelib.embedded.database import Database
from chalicelib.embedded.identity import EmbeddedIdentity
from chalicelib.embedded.queue import EmbeddedQueue
from chalicelib.embedded.schedules import EmbeddedSchedules, Scheduled
from chalicelib.embedded.tasks import EmbeddedTasks
from chalicelib.ports.tasks import Fence
from chalicelib.vault.keeper import Keeper
from chalicelib.vault.keyfile import DerivedKeys


@pytest.fixture
def database() -> Iterator[Database]:
    with Database() as database:
        yield database


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def queue(database: Database, clock: ManualClock) -> EmbeddedQueue:
    return EmbeddedQueue(database, "work", clock, visibility_s=30)


@pytest.fixture
def schedules(database: Database, clock: ManualClock, queue: EmbeddedQueue) -> EmbeddedSchedules:
    return EmbeddedSchedules(database, clock, queue)


class TestTheQueueRefusesWhatSqsRefuses:
    @pytest.mark.parametrize("delay_s", [-1, 901])
    def test_delays(self, queue: EmbeddedQueue, delay_s: int) -> None:
        with pytest.raises(ValueError, match="delay_s must be 0 to 900"):
            queue.send("x", delay_s=delay_s, group="g")

    @pytest.mark.parametrize("body", ["", "é" * (512 * 1024) + "x"], ids=["none", "a byte over 1 MiB"])
    def test_sizes(self, queue: EmbeddedQueue, body: str) -> None:
        with pytest.raises(ValueError, match="body must be 1 to 1048576 bytes"):
            queue.send(body, delay_s=0, group="g")

    @pytest.mark.parametrize("character", ["\0", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
    def test_characters(self, queue: EmbeddedQueue, character: str) -> None:
        with pytest.raises(ValueError, match="characters that XML forbids"):
            queue.send(f"a{character}b", delay_s=0, group="g")

    @pytest.mark.parametrize("group", ["", "two words", "ä", "g" * 129])
    def test_groups(self, queue: EmbeddedQueue, group: str) -> None:
        with pytest.raises(ValueError, match="group must be"):
            queue.send("x", delay_s=0, group=group)

    @pytest.mark.parametrize("count", [0, 11])
    def test_batches(self, queue: EmbeddedQueue, count: int) -> None:
        with pytest.raises(ValueError, match="max_messages must be 1 to 10"):
            queue.receive(count)

    def test_and_nothing_of_it_is_kept(self, queue: EmbeddedQueue) -> None:
        with pytest.raises(ValueError, match="XML"):
            queue.send("\0", delay_s=0, group="g")

        assert queue.next_visible_at() is None


class TestQueue:
    def test_a_batch_holds_what_is_due_the_longest_due_first(self, queue: EmbeddedQueue, clock: ManualClock) -> None:
        for delay_s in (9, 3, 0, 6):
            queue.send(str(delay_s), delay_s=delay_s, group="g")
        clock.sleep(6_000)

        assert [message.body for message in queue.receive(2)] == ["0", "3"]
        assert [message.body for message in queue.receive(10)] == ["6"]

    def test_the_queue_tells_when_its_next_message_can_be_had(self, queue: EmbeddedQueue, clock: ManualClock) -> None:
        assert queue.next_visible_at() is None
        queue.send("late", delay_s=40, group="g")
        queue.send("now", delay_s=0, group="g")

        assert queue.next_visible_at() == NOW
        (message,) = queue.receive(10)
        assert queue.next_visible_at() == NOW + 30_000
        queue.delete(message.receipt)
        assert queue.next_visible_at() == NOW + 40_000

    def test_a_receipt_of_an_earlier_receive_does_nothing(self, queue: EmbeddedQueue, clock: ManualClock) -> None:
        queue.send("x", delay_s=0, group="g")
        (first,) = queue.receive(1)
        clock.sleep(30_000)
        (second,) = queue.receive(1)

        queue.delete(first.receipt)
        queue.hold(first.receipt, 5)
        assert queue.next_visible_at() == clock.now() + 30_000

        queue.delete(second.receipt)
        assert queue.next_visible_at() is None

    def test_a_receipt_never_fits_a_later_message(self, queue: EmbeddedQueue) -> None:
        queue.send("first", delay_s=0, group="g")
        (first,) = queue.receive(1)
        queue.delete(first.receipt)
        queue.send("second", delay_s=0, group="g")
        (second,) = queue.receive(1)

        queue.delete(first.receipt)

        assert first.message_id != second.message_id
        assert queue.next_visible_at() is not None

    def test_dead_letters_make_room_in_the_batch(self, database: Database, clock: ManualClock) -> None:
        dead = EmbeddedQueue(database, "dead", clock)
        queue = EmbeddedQueue(database, "short", clock, visibility_s=1, dead_letters=dead, max_receives=2)
        queue.send("poison", delay_s=0, group="g")
        queue.send("good", delay_s=2, group="g")
        for _ in range(2):
            queue.receive(1)
            clock.sleep(1_000)

        (received,) = queue.receive(1)
        (buried,) = dead.receive(1)

        assert received.body == "good"
        assert (buried.body, buried.group, buried.sent_at, buried.receives) == ("poison", "g", NOW, 3)

    def test_queues_of_one_database_keep_to_themselves(self, database: Database, clock: ManualClock) -> None:
        one, other = EmbeddedQueue(database, "one", clock), EmbeddedQueue(database, "other", clock)
        one.send("x", delay_s=0, group="g")
        (message,) = one.receive(1)

        other.delete(message.receipt)
        other.hold(message.receipt, 0)

        assert other.receive(1) == []
        assert one.next_visible_at() == NOW + 900_000

    def test_each_message_goes_to_one_of_many_consumers(self, queue: EmbeddedQueue) -> None:
        for number in range(200):
            queue.send(str(number), delay_s=0, group="g")

        def consume(_: int) -> list[str]:
            bodies = []
            while messages := queue.receive(7):
                bodies += [message.body for message in messages]
            return bodies

        with ThreadPoolExecutor(8) as threads:
            received = [body for bodies in threads.map(consume, range(8)) for body in bodies]

        assert sorted(received, key=int) == [str(number) for number in range(200)]


class TestSchedules:
    def test_what_is_due_is_sent_once_and_forgotten(
        self, schedules: EmbeddedSchedules, queue: EmbeddedQueue, clock: ManualClock
    ) -> None:
        at = NOW // 1000 + 60
        schedules.create("b", fire_at_s=at + 1, body="second")
        schedules.create("a", fire_at_s=at, body="first")
        schedules.create("c", fire_at_s=at + 2, body="third")

        assert schedules.next_at() == at * 1000
        assert schedules.fire_due(at * 1000 - 1) == []
        clock.sleep(61_000)
        assert schedules.due(clock.now()) == [Scheduled("a", at, "first"), Scheduled("b", at + 1, "second")]
        assert [fired.name for fired in schedules.fire_due(clock.now())] == ["a", "b"]

        assert [(message.body, message.group) for message in queue.receive(10)] == [("first", None), ("second", None)]
        assert schedules.fire_due(clock.now()) == []
        assert schedules.next_at() == (at + 2) * 1000
        schedules.delete("c")
        assert schedules.next_at() is None

    def test_a_second_create_does_not_change_the_first(self, schedules: EmbeddedSchedules) -> None:
        schedules.create("same", fire_at_s=NOW // 1000 + 60, body="first")

        schedules.create("same", fire_at_s=NOW // 1000 + 90, body="second")

        assert schedules.due(NOW + 90_000) == [Scheduled("same", NOW // 1000 + 60, "first")]

    @pytest.mark.parametrize("name", ["", "n" * 65, "a b", "a/b", "ä", "a\n"])
    def test_names_that_the_service_refuses(self, schedules: EmbeddedSchedules, name: str) -> None:
        with pytest.raises(ValueError, match="name must be"):
            schedules.create(name, fire_at_s=NOW // 1000 + 60, body="x")

    def test_a_time_in_the_past(self, schedules: EmbeddedSchedules) -> None:
        with pytest.raises(ValueError, match="fire_at_s must not be in the past"):
            schedules.create("late", fire_at_s=NOW // 1000 - 1, body="x")


VAULT = Keeper(DerivedKeys(VAULT_SECRET), ManualClock(), SILENCE)


class TestDatabase:
    def test_a_page_shows_one_task_however_large_its_result(self, database: Database) -> None:
        tasks = EmbeddedTasks(database, VAULT)
        team = "team"
        for number in range(2):
            task = a_task(team=team, created_at=NOW + number)
            tasks.create(task)
            tasks.commit(replace(task, result=Result(200, (), "x" * (PAGE_BODY_BYTES + 1), 1)), Fence.of(task))

        page = tasks.page(Query(team, NOW), Position(), 10)

        assert (len(page.tasks), page.total, page.more) == (1, 2, True)

    def test_a_file_outlives_its_process(self, tmp_path: Path, clock: ManualClock) -> None:
        path = str(tmp_path / "sluice.db")
        task, team = a_task(), a_team()
        with Database(path) as database:
            EmbeddedTasks(database, VAULT).create(task)
            EmbeddedIdentity(database).save(team, over=None)
            EmbeddedBlobs(database).swap("window", b"log", over=0, expires_s=0)
            queue = EmbeddedQueue(database, "work", clock)
            queue.send("x", delay_s=5, group="g")
            EmbeddedSchedules(database, clock, queue).create("later", fire_at_s=NOW // 1000 + 60, body="x")

        with Database(path) as database:
            queue = EmbeddedQueue(database, "work", clock)
            assert EmbeddedTasks(database, VAULT).get(task.id, now=NOW, payload=True) == task
            assert EmbeddedIdentity(database).team(team.id) == team
            assert EmbeddedBlobs(database).swap("window", b"", over=0, expires_s=0) == (1, b"log")
            assert queue.next_visible_at() == NOW + 5_000
            assert EmbeddedSchedules(database, clock, queue).next_at() == NOW + 60_000
