"""What a data folder's stores write is sealed for its place: moved, cut or put back, it does not open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from contract_bench import EmbeddedBench
from contract_samples import NOW, TOKEN, a_task, fresh

from chalicelib.domain.errors import SpoiledError
from chalicelib.domain.items import Item
from chalicelib.domain.listing import Position, Query
from chalicelib.domain.task import Backoff, Callback, Payload, Result, Task, Unreadable
from chalicelib.domain.webhooks import ItemEvent, Webhook
from chalicelib.embedded.database import Database
from chalicelib.embedded.seal import key_of
from chalicelib.ports.tasks import Applied, Fence

SECRET = "a small secret"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[EmbeddedBench]:
    with Database(str(tmp_path / "sluice.db")) as database:
        yield EmbeddedBench(database, key_of(database, tmp_path / "data.key"))


def finished(bench: EmbeddedBench, team: str) -> Task:
    """A task whose request, payload and result hold the secret."""
    task = a_task(
        team=team,
        work=Callback(f"https://u:{SECRET}@api.example.com/?key={SECRET}", "POST", 30, 10, Backoff.LINEAR),
        on_complete_url=f"https://api.example.com/?key={SECRET}",
        payload=Payload((("Authorization", SECRET),), SECRET),
    )
    assert isinstance(bench.tasks.create(task), Applied)
    claimed = bench.tasks.claim(task.id, attempt=1, token=TOKEN, now=NOW)
    assert isinstance(claimed, Applied)
    done = replace(claimed.task, result=Result(200, (("set-cookie", SECRET),), SECRET, 5))
    assert isinstance(bench.tasks.commit(done, Fence.of(claimed.task)), Applied)
    return task


def test_nothing_is_in_the_clear_in_any_file(bench: EmbeddedBench, tmp_path: Path) -> None:
    tenant = fresh("tenant")
    task = finished(bench, "team")
    item = Item(id=fresh("item"), tenant=tenant, name=SECRET, description=SECRET, created_at=NOW, updated_at=NOW)
    bench.items.save(item, over=None)
    url = f"https://a.example/?k={SECRET}"
    hook = Webhook(id=fresh("hook"), tenant=tenant, url=url, event=ItemEvent.DUE, created_at=NOW)
    bench.webhooks.add(hook, most=20)

    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    assert "sluice.db-wal" in files
    assert [name for name, content in files.items() if SECRET.encode() in content] == []
    read = bench.tasks.get(task.id, now=NOW, payload=True)
    assert read is not None
    assert (read.work, read.on_complete_url, read.payload) == (task.work, task.on_complete_url, task.payload)
    assert bench.items.get(tenant, item.id) == item


@pytest.mark.parametrize("column", ["request", "payload", "result"])
@pytest.mark.parametrize("neighbour", ["of the same team", "of another team"])
def test_a_part_of_another_row_does_not_open(bench: EmbeddedBench, column: str, neighbour: str) -> None:
    mine = finished(bench, "team")
    theirs = finished(bench, "team" if neighbour == "of the same team" else "another team")

    moved = f"UPDATE tasks SET {column} = t.{column} FROM tasks AS t WHERE t.id = ? AND tasks.id = ?"  # noqa: S608
    assert bench.database.change(moved, (theirs.id, mine.id)) == 1

    if column == "request":
        read = bench.tasks.get(mine.id, now=NOW)
        assert read is not None
        assert read.work == Unreadable(spoiled=True)
    else:
        with pytest.raises(SpoiledError, match=column):
            bench.tasks.get(mine.id, now=NOW, payload=True)
    shown = bench.tasks.page(Query(mine.team, NOW), Position(), 10, payloads=True)
    assert mine.id not in {task.id for task in shown.tasks}
    assert not shown.more


def test_an_earlier_version_that_was_put_back_does_not_open(bench: EmbeddedBench) -> None:
    item = Item(id=fresh("item"), tenant="tenant", name="first", created_at=NOW, updated_at=NOW)
    bench.items.save(item, over=None)
    ((before,),) = bench.database.rows("SELECT row FROM items WHERE id = ?", (item.id,))
    bench.items.save(replace(item, name="second", version=2), over=1)

    bench.database.change("UPDATE items SET row = ? WHERE id = ?", (before, item.id))

    with pytest.raises(SpoiledError, match="item"):
        bench.items.get("tenant", item.id)
    assert bench.items.page("tenant", None, offset=0, limit=10).items == ()
