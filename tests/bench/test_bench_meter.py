"""The meter counts as DynamoDB bills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from chalicelib.aws.attributes import binary, flag, number, size_of, text
from infra.bench.bill import Bill, Price, Unit
from infra.bench.capacity import Index, index_write_units, item_read_units, query_read_units, size, write_units
from infra.bench.deployment import NAMES, Deployment
from infra.bench.meter import UnmeteredError
from infra.local.aws import REGION

INDEX = Index("listing", ("shelf", "listed"), frozenset({"pk", "shelf", "listed", "status"}))
KEY = {"pk": text("a"), "sk": text("task")}
LISTED = {"pk": text("a"), "shelf": text("open"), "listed": text("1"), "status": text("queued")}


def of_bytes(count: int) -> dict[str, Any]:
    return {"b": binary(b"x" * (count - 1))}


@pytest.mark.parametrize(
    ("value", "weight"),
    [
        (text("héllo"), 6),
        (binary(b"12345"), 5),
        (flag(True), 1),
        (number(0), 1),
        (number(7), 2),
        (number(1234), 3),
        (number(-1234), 4),
        (number(12_000_000), 2),
        (number(1_705_314_600_123), 8),
    ],
)
def test_a_value_weighs_what_the_developer_guide_says(value: dict[str, Any], weight: int) -> None:
    assert size({"name": value}) == 4 + weight


def test_the_products_own_estimate_is_never_below_the_weight() -> None:
    item = {**KEY, "at": number(1_705_314_600_000), "max": number(10), "blob": binary(b"123"), "on": flag(False)}

    assert size(item) <= size_of(item) <= size(item) + 8


def test_a_write_takes_a_unit_for_each_kilobyte_of_its_larger_image() -> None:
    assert write_units(None, of_bytes(1_024)) == 1
    assert write_units(None, of_bytes(1_025)) == 2
    assert write_units(of_bytes(3_000), of_bytes(10)) == 3
    assert write_units(None, None) == 1


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, LISTED, 1),
        (LISTED, None, 1),
        (LISTED, {**LISTED, "status": text("running")}, 1),
        (LISTED, {**LISTED, "shelf": text("completed")}, 2),
        (LISTED, {**LISTED, "attempt": number(1)}, 0),
        (None, KEY, 0),
    ],
)
def test_an_index_is_written_when_its_entry_changes(before: Any, after: Any, units: int) -> None:
    assert index_write_units(before, after, INDEX) == units


def test_reads_are_rounded_up_to_four_kilobytes_one_by_one_or_summed_by_a_query() -> None:
    assert item_read_units(None, consistent=True) == 1
    assert item_read_units(of_bytes(4_097), consistent=True) == 2
    assert item_read_units(of_bytes(4_097), consistent=False) == 1
    assert query_read_units([of_bytes(1_000)] * 5, consistent=False) == 1


def test_a_bill_is_priced_by_its_units() -> None:
    prices = {"DynamoDB write unit": Price(0.5, "", ""), "SQS request": Price(0.25, "", "")}
    bill = Bill({"PutItem": 1}, {Unit.TABLE_WRITE: 2, Unit.INDEX_WRITE: 1, Unit.QUEUE_REQUEST: 4})

    assert bill.dollars(prices, (Unit.TABLE_WRITE, Unit.INDEX_WRITE, Unit.QUEUE_REQUEST)) == 2.5
    assert (bill - bill).used == {}


@pytest.fixture(scope="module")
def here() -> Iterator[Deployment]:
    with Deployment() as deployment:
        yield deployment


def watched(here: Deployment, service: str) -> Any:
    client = boto3.client(service, region_name=REGION)
    here.meter.watch(client)
    return client


def test_the_meter_weighs_what_is_stored_not_what_is_sent(here: Deployment) -> None:
    client = watched(here, "dynamodb")
    client.put_item(TableName=NAMES.tasks_table, Item={**KEY, "blob": binary(b"x" * 2_000)})
    assert here.meter.take().used == {Unit.TABLE_WRITE: 2, Unit.INDEX_WRITE: 0}

    client.update_item(
        TableName=NAMES.tasks_table,
        Key=KEY,
        UpdateExpression="REMOVE #blob",
        ExpressionAttributeNames={"#blob": "blob"},
    )
    assert here.meter.take() == Bill({"UpdateItem": 1}, {Unit.TABLE_WRITE: 2, Unit.INDEX_WRITE: 0})


def test_a_refused_write_is_billed_by_the_item_that_stands(here: Deployment) -> None:
    client = watched(here, "dynamodb")
    client.put_item(TableName=NAMES.tasks_table, Item={**KEY, "blob": binary(b"x" * 4_000)})
    here.meter.take()

    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.put_item(TableName=NAMES.tasks_table, Item=KEY, ConditionExpression="attribute_not_exists(pk)")

    assert here.meter.take() == Bill({"PutItem": 1}, {Unit.TABLE_WRITE: 4})


def test_a_message_is_counted_for_each_64_kilobytes(here: Deployment) -> None:
    client = watched(here, "sqs")
    url = here.uncounted["sqs"].get_queue_url(QueueName=NAMES.webhooks_queue)["QueueUrl"]

    client.send_message(QueueUrl=url, MessageBody="x" * 65_537, MessageGroupId="team")

    assert here.meter.take() == Bill({"SendMessage": 1}, {Unit.QUEUE_REQUEST: 2, Unit.FAIR_MESSAGE: 1})


def test_a_call_of_unknown_cost_does_not_pass_for_a_free_one(here: Deployment) -> None:
    with pytest.raises(UnmeteredError, match="ListQueues"):
        watched(here, "sqs").list_queues()
    with pytest.raises(UnmeteredError, match="ValidationException"):
        watched(here, "dynamodb").update_item(TableName=NAMES.tasks_table, Key=KEY, UpdateExpression="nonsense")
