"""What the stores write holds nothing that was entrusted to them, and what they read is what was written there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
import pytest
from contract_bench import NAMES, AwsBench, Bench
from contract_samples import NOW, TOKEN, a_task, fresh

from chalicelib.aws import items, keys
from chalicelib.domain.errors import SpoiledError
from chalicelib.domain.items import Item
from chalicelib.domain.listing import Position, Query
from chalicelib.domain.task import Backoff, Callback, Payload, Result, Task, Unreadable
from chalicelib.domain.webhooks import ItemEvent, Webhook
from chalicelib.ports.tasks import Applied, Fence, Refused

SMALL, LARGE = "a small secret", "a large secret " * 400


@pytest.fixture
def dynamodb(aws_bench: AwsBench) -> Any:
    return boto3.client("dynamodb", region_name=NAMES.region)


def finished(bench: Bench, text: str) -> Task:
    """A task whose request, payload and result hold a text."""
    task = a_task(
        work=Callback(f"https://u:{SMALL}@api.example.com/?key={SMALL}", "POST", 30, 10, Backoff.LINEAR),
        on_complete_url=f"https://api.example.com/?key={SMALL}",
        payload=Payload((("Authorization", SMALL),), text),
    )
    assert isinstance(bench.tasks.create(task), Applied)
    claimed = bench.tasks.claim(task.id, attempt=1, token=TOKEN, now=NOW)
    assert isinstance(claimed, Applied)
    done = replace(claimed.task, result=Result(200, (("set-cookie", SMALL),), text, 5))
    assert isinstance(bench.tasks.commit(done, Fence.of(claimed.task)), Applied)
    return task


def rows_of(dynamodb: Any, table: str, pk: str) -> list[Any]:
    found: list[Any] = dynamodb.query(
        TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": pk}}
    )["Items"]
    return found


@pytest.mark.parametrize("text", [SMALL, LARGE], ids=["in its row", "beside its row"])
def test_no_part_of_a_task_is_stored_in_the_clear(aws_bench: AwsBench, dynamodb: Any, text: str) -> None:
    task = finished(aws_bench, text)

    stored = rows_of(dynamodb, NAMES.tasks_table, task.id)

    assert len(stored) == (1 if text is SMALL else 3)
    assert "secret" not in repr(stored)
    read = aws_bench.tasks.get(task.id, now=NOW, payload=True)
    assert read is not None
    assert (read.work, read.on_complete_url, read.payload) == (task.work, task.on_complete_url, task.payload)


@pytest.mark.parametrize("attribute", ["work", "payload", "result"])
def test_a_part_of_another_row_does_not_open(aws_bench: AwsBench, dynamodb: Any, attribute: str) -> None:
    mine = finished(aws_bench, SMALL)
    theirs = replace(mine, id=finished(aws_bench, SMALL).id)
    (row,) = rows_of(dynamodb, NAMES.tasks_table, mine.id)
    (other,) = rows_of(dynamodb, NAMES.tasks_table, theirs.id)

    dynamodb.put_item(TableName=NAMES.tasks_table, Item={**row, attribute: other[attribute]})

    if attribute == "work":
        read = aws_bench.tasks.get(mine.id, now=NOW)
        assert read is not None
        assert read.work == Unreadable(spoiled=True)
    else:
        with pytest.raises(SpoiledError, match=attribute):
            aws_bench.tasks.get(mine.id, now=NOW, payload=True)
    assert aws_bench.tasks.page(Query(mine.team, NOW), Position(), 10, payloads=True).tasks == ()


def test_a_spoiled_request_keeps_no_write_from_being_made(aws_bench: AwsBench, dynamodb: Any) -> None:
    task = a_task()
    aws_bench.tasks.create(task)
    (row,) = rows_of(dynamodb, NAMES.tasks_table, task.id)
    dynamodb.put_item(TableName=NAMES.tasks_table, Item={**row, "work": {"B": b"\x01 not what was stored, at all"}})

    claimed = aws_bench.tasks.claim(task.id, attempt=1, token=TOKEN, now=NOW)
    again = aws_bench.tasks.claim(task.id, attempt=1, token="another", now=NOW)

    assert isinstance(claimed, Applied)
    assert claimed.task.work == Unreadable(spoiled=True)
    assert isinstance(again, Refused)
    written = aws_bench.tasks.commit(replace(claimed.task, error="spoiled"), Fence.of(claimed.task))
    assert isinstance(written, Applied)
    (row,) = rows_of(dynamodb, NAMES.tasks_table, task.id)
    assert row["work"]["B"] == b"\x01 not what was stored, at all", "what is left of it is kept"


def test_a_row_that_was_written_in_the_clear_is_read_and_carried_on(aws_bench: AwsBench, dynamodb: Any) -> None:
    task = a_task(
        work=Callback("https://api.example.com/hook", "POST", 30, 10, Backoff.LINEAR),
        on_complete_url="https://api.example.com/done",
        payload=Payload((("X-A", "b"),), "hello"),
    )
    clear = {
        "work": {"S": '["callback","https://api.example.com/hook","POST",30,10,"linear"]'},
        "onCompleteUrl": {"S": "https://api.example.com/done"},
        "payload": {"B": b"\x92\x91\x92\xa3X-A\xa1b\xa5hello"},
    }
    dynamodb.put_item(TableName=NAMES.tasks_table, Item={**items.row_of(task), **clear})

    assert aws_bench.tasks.get(task.id, now=NOW, payload=True) == task
    claimed = aws_bench.tasks.claim(task.id, attempt=1, token=TOKEN, now=NOW)
    assert isinstance(claimed, Applied)
    assert (claimed.task.work, claimed.task.payload) == (task.work, task.payload)
    done = replace(claimed.task, result=Result(200, (), "done", 5))
    aws_bench.tasks.commit(done, Fence.of(claimed.task))
    dynamodb.update_item(
        TableName=NAMES.tasks_table,
        Key=keys.task(task.id),
        UpdateExpression="SET #r = :clear",
        ExpressionAttributeNames={"#r": "result"},
        ExpressionAttributeValues={":clear": {"B": b"\x94\xcc\xc8\x90\xa4done\x05"}},
    )
    assert aws_bench.tasks.get(task.id, now=NOW, payload=True) == replace(done, payload=task.payload)


def test_items_and_webhooks_are_stored_sealed(aws_bench: AwsBench, dynamodb: Any) -> None:
    tenant = fresh("tenant")
    item = Item(id=fresh("item"), tenant=tenant, name=SMALL, description=SMALL, created_at=NOW, updated_at=NOW)
    hook = Webhook(
        id=fresh("hook"), tenant=tenant, url=f"https://a.example/?k={SMALL}", event=ItemEvent.DUE, created_at=NOW
    )
    assert aws_bench.items.save(item, over=None)
    assert aws_bench.webhooks.add(hook, most=20)

    assert "secret" not in repr(dynamodb.scan(TableName=NAMES.items_table)["Items"])
    assert aws_bench.items.get(tenant, item.id) == item
    assert aws_bench.webhooks.get(tenant, hook.id) == hook


def test_an_earlier_version_that_was_put_back_does_not_open(aws_bench: AwsBench, dynamodb: Any) -> None:
    tenant = fresh("tenant")
    item = Item(id=fresh("item"), tenant=tenant, name="first", created_at=NOW, updated_at=NOW)
    aws_bench.items.save(item, over=None)
    (before,) = rows_of(dynamodb, NAMES.items_table, f"{tenant}#item#{item.id}")
    aws_bench.items.save(replace(item, name="second", version=2), over=1)
    (now,) = rows_of(dynamodb, NAMES.items_table, f"{tenant}#item#{item.id}")

    dynamodb.put_item(TableName=NAMES.items_table, Item={**now, "row": before["row"]})

    with pytest.raises(SpoiledError, match="item"):
        aws_bench.items.get(tenant, item.id)
    assert aws_bench.items.page(tenant, None, offset=0, limit=10).items == ()


def test_an_item_that_was_written_in_the_clear_is_read_and_sealed_by_its_next_change(
    aws_bench: AwsBench, dynamodb: Any
) -> None:
    tenant = fresh("tenant")
    item = Item(id=fresh("item"), tenant=tenant, name="clear", created_at=NOW, updated_at=NOW)
    text = f'{{"id":"{item.id}","tenant":"{tenant}","name":"clear","created_at":{NOW},"updated_at":{NOW}}}'
    dynamodb.put_item(
        TableName=NAMES.items_table, Item={**keys.item(tenant, item.id), "version": {"N": "1"}, "row": {"S": text}}
    )

    assert aws_bench.items.get(tenant, item.id) == item
    assert aws_bench.items.save(replace(item, version=2), over=1)

    (row,) = rows_of(dynamodb, NAMES.items_table, f"{tenant}#item#{item.id}")
    assert "clear" not in repr(row)
