"""A database in a file: what is confirmed is on disk, what fails leaves nothing, no key takes another one's place."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from contract_bench import NAMES, SILENCE, ManualClock
from contract_samples import NOW, a_task, a_team

from chalicelib.domain import lifecycle
from chalicelib.domain.access import Token, TokenKind
from chalicelib.domain.dead_letters import Reason, dead_letter
from chalicelib.domain.errors import LockedError, UnavailableError
from chalicelib.domain.items import Item
from chalicelib.domain.listing import Position, Query, View, view_of
from chalicelib.domain.task import Status, Task
from chalicelib.embedded import tasks as statements
from chalicelib.embedded.database import Database, FormatError, Values
from chalicelib.embedded.seal import LostKeyError, key_of
from chalicelib.embedded.tasks import EmbeddedTasks
from chalicelib.embedded.whole import MAX_RECEIVES, VISIBILITY_S, Embedded
from chalicelib.ports.identity import KeyEntry
from chalicelib.vault.keeper import LONGEST_MS, Keeper
from chalicelib.vault.keyfile import DerivedKeys

TEMPLATE = Path(__file__).parents[2] / "infra" / "resources.json"
DAY_MS = 86_400_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sluice.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with Database(str(path)) as database:
        yield database


def whole(database: Database, clock: ManualClock) -> Embedded:
    """Everything, sealed with the key file beside where the database is."""
    ((_, _, file),) = database.rows("PRAGMA database_list")
    ring = key_of(database, Path(file).with_name("data.key"))
    return Embedded(database, NAMES, Keeper(ring, clock, SILENCE), clock)


class TestTheFile:
    def test_it_and_what_lies_beside_it_is_its_owner_s_alone(self, database: Database, path: Path) -> None:
        whole(database, ManualClock())

        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}

        assert modes == dict.fromkeys(("sluice.db", "sluice.db-wal", "sluice.db-shm", "data.key"), 0o600)

    def test_a_commit_is_on_disk_before_it_is_confirmed(self, database: Database) -> None:
        full = 2
        assert database.rows("PRAGMA journal_mode") == [("wal",)]
        assert database.rows("PRAGMA synchronous") == [(full,)]

    def test_once_closed_it_is_one_file(self, path: Path) -> None:
        with Database(str(path)) as database:
            database.define("CREATE TABLE things (name TEXT)")

        assert [each.name for each in path.parent.iterdir()] == [path.name]

    def test_another_process_may_copy_it_meanwhile(self, database: Database, path: Path, clock: ManualClock) -> None:
        task = a_task()
        whole(database, clock).tasks.create(task)

        copy = sqlite3.connect(path.with_name("copy.db"))
        with sqlite3.connect(path) as other:
            other.backup(copy)
        other.close()
        copy.close()

        with Database(str(path.with_name("copy.db"))) as copied:
            assert whole(copied, clock).tasks.get(task.id, now=NOW) == replace(task, payload=None)

    @pytest.mark.parametrize(
        ("change", "thing"),
        [
            ("ALTER TABLE schedules ADD COLUMN zone TEXT", "table schedules"),
            ("DROP INDEX tasks_expiry; CREATE INDEX tasks_expiry ON tasks (expires_at)", "index tasks_expiry"),
        ],
    )
    def test_what_other_code_made_is_left_alone(
        self, database: Database, clock: ManualClock, change: str, thing: str
    ) -> None:
        whole(database, clock)
        for statement in change.split("; "):
            database.change(statement)

        with pytest.raises(FormatError, match=f"made by other code: its {thing} is another"):
            whole(database, clock)

    def test_what_is_no_database_is_left_alone(self, path: Path) -> None:
        path.write_text("a letter to somebody\n" * 100)

        with pytest.raises(FormatError, match="cannot be opened"):
            Database(str(path))
        assert path.read_text().startswith("a letter")


def fill(here: Embedded) -> None:
    """Send until no more can be sent."""
    for _ in range(10_000):
        here.tasks_queue.send("x" * 5_000, delay_s=0, group="team")


class TestTransactions:
    def test_one_that_is_left_by_an_exception_has_written_nothing(self, database: Database) -> None:
        database.define("CREATE TABLE things (name TEXT)")

        def half_done() -> None:
            with database.transaction():
                database.change("INSERT INTO things VALUES ('one')")
                with database.transaction():
                    database.change("INSERT INTO things VALUES ('two')")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            half_done()

        assert database.rows("SELECT name FROM things") == []

    def test_a_full_disk_is_a_part_that_does_not_answer(self, database: Database, clock: ManualClock) -> None:
        here = whole(database, clock)
        ((pages,),) = database.rows("PRAGMA page_count")
        database.rows(f"PRAGMA max_page_count = {pages}")

        with pytest.raises(UnavailableError, match="full"):
            fill(here)
        before = here.tasks_queue.depth().waiting
        with pytest.raises(UnavailableError):
            self.replace_the_first_message(database, here)

        assert here.tasks_queue.depth().waiting == before
        database.rows(f"PRAGMA max_page_count = {pages + 100}")
        here.tasks_queue.send("x" * 5_000, delay_s=0, group="team")
        assert here.tasks_queue.depth().waiting == before + 1

    def replace_the_first_message(self, database: Database, here: Embedded) -> None:
        with database.transaction():
            database.change("DELETE FROM messages WHERE id = 1")
            here.tasks_queue.send("x" * 50_000, delay_s=0, group="team")


class TestTheKey:
    def test_it_is_made_once(self, database: Database, path: Path) -> None:
        key = path.with_name("data.key")

        key_of(database, key)
        made = key.read_bytes()
        key_of(database, key)

        assert len(made) == 32
        assert key.read_bytes() == made

    def test_none_is_made_in_place_of_one_that_is_gone(self, database: Database, path: Path) -> None:
        key = path.with_name("data.key")
        key_of(database, key)
        key.unlink()

        with pytest.raises(LostKeyError, match=r"data\.key is missing.*put it back"):
            key_of(database, key)
        assert not key.exists()

    @pytest.mark.parametrize(("secret", "problem"), [(b"k" * 32, "another key"), (b"k" * 31, "damaged")])
    def test_another_one_opens_nothing(self, database: Database, path: Path, secret: bytes, problem: str) -> None:
        key = path.with_name("data.key")
        key_of(database, key)
        key.write_bytes(secret)

        with pytest.raises(LostKeyError, match=problem):
            key_of(database, key)

    def test_whoever_takes_it_away_locks_what_it_sealed(
        self, database: Database, path: Path, clock: ManualClock
    ) -> None:
        here, key = whole(database, clock), path.with_name("data.key")
        task = a_task()
        here.tasks.create(task)
        kept = key.rename(path.with_name("elsewhere.key"))
        clock.sleep(LONGEST_MS)

        with pytest.raises(LockedError):
            here.tasks.get(task.id, now=NOW, payload=True)
        key.write_bytes(b"k" * 32)
        with pytest.raises(LockedError):
            here.tasks.get(task.id, now=NOW, payload=True)

        kept.replace(key)
        assert here.tasks.get(task.id, now=NOW, payload=True) == task


def test_the_queues_are_those_of_the_template() -> None:
    resources = json.loads(TEMPLATE.read_text("utf-8"))["Resources"]
    queues = {
        each["Properties"]["QueueName"]["Fn::Sub"].removeprefix("sluice-${Stage}-"): each["Properties"]
        for each in resources.values()
        if each.get("Type") == "AWS::SQS::Queue"
    }

    assert {name: properties["VisibilityTimeout"] for name, properties in queues.items()} == VISIBILITY_S
    redrives = [each["RedrivePolicy"]["maxReceiveCount"] for each in queues.values() if "RedrivePolicy" in each]
    assert redrives == [MAX_RECEIVES] * 2


def test_what_a_dead_process_had_in_hand_is_taken_over_at_once(database: Database, clock: ManualClock) -> None:
    here, task, waiting = whole(database, clock), a_task(), a_task()
    for each in (task, waiting):
        here.tasks.create(each)
    here.tasks.claim(task.id, attempt=1, token="of the dead", now=NOW)
    here.tasks_queue.send("in hand", delay_s=0, group="team")
    here.tasks_queue.send("later", delay_s=60, group="team")
    here.tasks_queue.receive(1)
    assert not leases_over(here, task)

    here.recover(NOW)

    (message,) = here.tasks_queue.receive(10)
    assert (message.body, message.receives) == ("in hand", 2)
    assert leases_over(here, task)
    assert here.tasks.get(waiting.id, now=NOW) == replace(waiting, payload=None)


def leases_over(here: Embedded, task: Task) -> bool:
    row = here.tasks.get(task.id, now=NOW)
    return row is not None and row.status is Status.RUNNING and lifecycle.lease_over(row, NOW)


def test_what_has_expired_goes_and_nothing_else(database: Database, clock: ManualClock) -> None:
    here = whole(database, clock)
    second, later = NOW // 1000, NOW // 1000 + 90 * 86_400
    for ends in (second, later):
        here.tasks.create(replace(a_task(), status=Status.COMPLETED, expires_at=ends))
        here.letters.keep(dead_letter(Reason.UNREADABLE, NOW, f"until {ends}"), expires_s=ends)
        here.blobs.swap(f"window-{ends}", b"log", over=0, expires_s=ends)
        here.access.kill_family("tenant", f"family-{ends}", expires_s=ends)
        here.access.add_token(
            Token(f"hash-{ends}", TokenKind.ACCESS, "tenant", "client", None, frozenset(), "f", NOW, ends * 1000)
        )
        here.identity.put_key(f"hash-{ends}", KeyEntry("team", "key", ends * 1000))
        item = Item(id=f"item-{ends}", tenant="tenant", name="", created_at=NOW, updated_at=NOW)
        here.items.save(replace(item, deleted_at=NOW, expires_at=ends), over=None)
    here.tasks.create(a_task())
    here.identity.save(a_team(), over=None)
    here.identity.put_key("hash", KeyEntry("team", "key", None))

    assert here.expire(NOW - 1_000) == 0
    assert here.expire(NOW + DAY_MS) == 7
    assert here.expire(NOW + DAY_MS) == 0
    assert here.identity.key("hash") is not None
    assert here.expire(NOW + 100 * DAY_MS) == 7
    assert here.identity.key("hash") is not None
    assert database.rows("SELECT COUNT(*) FROM tasks") == [(1,)]


class Explaining(Database):
    """Remembers how it goes about a query."""

    def __init__(self) -> None:
        super().__init__()
        self.plans: list[str] = []

    def rows(self, statement: str, values: Values = ()) -> list[Any]:
        self.plans.append(str(super().rows(f"EXPLAIN QUERY PLAN {statement}", values)))
        return super().rows(statement, values)


@pytest.mark.parametrize("view", [None, View.DELAYED])
@pytest.mark.parametrize("newest_first", [True, False])
def test_a_list_reads_the_index_alone(view: View | None, newest_first: bool) -> None:
    with Explaining() as database:
        vault = Keeper(DerivedKeys(b"s" * 32), ManualClock(), SILENCE)
        tasks = EmbeddedTasks(database, vault)
        database.plans.clear()
        tasks.page(Query("team", NOW, view, newest_first, 1, NOW), Position(5, (NOW, "x")), 10)

        assert len(database.plans) == 2
        for plan in database.plans:
            assert "USING COVERING INDEX tasks_listing" in plan
            assert "TEMP B-TREE" not in plan


def test_the_names_of_statuses_in_statements_are_the_domain_s(database: Database, clock: ManualClock) -> None:
    for status in Status:
        for due_at in (NOW - 1, NOW, NOW + 1):
            asked = {"status": status.value, "due_at": due_at, "now": NOW}
            columns = "(SELECT :status AS status, :due_at AS due_at)"
            ((view,),) = database.rows(f"SELECT {statements._VIEW} FROM {columns}", asked)  # noqa: S608  (texts of ours)
            assert view == view_of(status, due_at, NOW)
