"""The local stack's sorted indexes answer as moto does, only sooner."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.names import Names
from infra.apply import apply, load_template
from infra.local.aws import ACCOUNT, REGION, LocalAws, local_aws
from infra.local.indexes import sorted_indexes

NAMES = Names("local", ACCOUNT, REGION)
TABLE = NAMES.tasks_table


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with local_aws() as aws:
        apply(load_template(), NAMES, aws.client)
        yield aws


def write_at_random(dynamodb: Any, chance: random.Random, count: int) -> None:
    """Put, change, move between shelves and delete items."""
    for _ in range(count):
        number = chance.randrange(60)
        key = {"pk": {"S": f"task-{number:02}"}, "sk": {"S": "task"}}
        shelf = {"S": chance.choice(["a#active", "a#completed", "b#active"])}
        match chance.randrange(4):
            case 0:
                dynamodb.delete_item(TableName=TABLE, Key=key)
            case 1:
                dynamodb.update_item(
                    TableName=TABLE,
                    Key=key,
                    UpdateExpression="SET shelf = :s, listed = :l, #status = :q",
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues={
                        ":s": shelf,
                        ":l": {"S": f"{number // 3:04}#task-{number:02}"},
                        ":q": {"S": chance.choice(["queued", "running"])},
                    },
                )
            case _:
                item = {**key, "shelf": shelf, "listed": {"S": f"{number // 3:04}#task-{number:02}"}}
                dynamodb.put_item(TableName=TABLE, Item={**item, "status": {"S": "queued"}, "dueAt": {"N": "1"}})
    dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": "other"}, "sk": {"S": "payload"}})


def questions(chance: random.Random) -> Iterator[dict[str, Any]]:
    """Queries of the shapes that a listing asks, and some others."""
    for _ in range(60):
        low, high = sorted(chance.choices(range(25), k=2))
        values = {":s": {"S": chance.choice(["a#active", "a#completed", "b#active", "nobody"])}}
        query: dict[str, Any] = {
            "TableName": TABLE,
            "IndexName": "listing",
            "KeyConditionExpression": "shelf = :s",
            "ExpressionAttributeValues": values,
            "ScanIndexForward": chance.random() < 0.5,
        }
        if chance.random() < 0.6:
            query["KeyConditionExpression"] += " AND listed BETWEEN :low AND :high"
            values |= {":low": {"S": f"{low:04}"}, ":high": {"S": f"{high:04}#~"}}
        elif chance.random() < 0.3:
            query["KeyConditionExpression"] += " AND begins_with(listed, :low)"
            values |= {":low": {"S": f"{low:03}"[:3]}}
        if chance.random() < 0.4:
            query |= {"FilterExpression": "#status = :q", "ExpressionAttributeNames": {"#status": "status"}}
            values |= {":q": {"S": "queued"}}
        if chance.random() < 0.5:
            query["Limit"] = chance.randrange(1, 9)
        if chance.random() < 0.3:
            query["Select"] = "COUNT"
        elif chance.random() < 0.5:
            query["ProjectionExpression"] = "listed"
        yield query


def answers(dynamodb: Any, query: dict[str, Any]) -> list[Any]:
    """How many items a query finds and looks at over all its answers, and the items in order."""
    count = scanned = 0
    found: list[Any] = []
    start: dict[str, Any] = {}
    while True:
        answer = dynamodb.query(**query, **start)
        assert answer["ScannedCount"] <= query.get("Limit", 1_000)
        count, scanned = count + answer["Count"], scanned + answer["ScannedCount"]
        found += answer.get("Items", ())
        if "LastEvaluatedKey" not in answer:
            return [count, scanned, found]
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


@pytest.mark.parametrize("seed", range(6))
def test_the_answers_are_moto_s_own(aws: LocalAws, seed: int) -> None:
    chance = random.Random(seed)
    dynamodb = aws.client("dynamodb")
    with sorted_indexes(aws.lock):
        # Asked in between as well, so that the entries are kept up rather than made anew.
        for _ in range(5):
            write_at_random(dynamodb, chance, 12)
            answers(dynamodb, next(questions(chance)))
        asked = list(questions(chance))
        sooner = [answers(dynamodb, query) for query in asked]
    assert sooner == [answers(dynamodb, query) for query in asked]


def test_an_item_that_went_without_a_call_is_not_found_any_more(aws: LocalAws) -> None:
    from moto.dynamodb.models import dynamodb_backends
    from moto.dynamodb.models.dynamo_type import DynamoType

    dynamodb = aws.client("dynamodb")
    with sorted_indexes(aws.lock):
        for number in range(3):
            item = {"pk": {"S": f"gone-{number}"}, "sk": {"S": "task"}, "shelf": {"S": "c#active"}}
            dynamodb.put_item(TableName=TABLE, Item={**item, "listed": {"S": f"{number}"}})
        query = {
            "TableName": TABLE,
            "IndexName": "listing",
            "KeyConditionExpression": "shelf = :s",
            "ExpressionAttributeValues": {":s": {"S": "c#active"}},
            "ProjectionExpression": "listed",
        }
        assert len(dynamodb.query(**query)["Items"]) == 3
        table = dynamodb_backends[ACCOUNT][REGION].tables[TABLE]
        table.delete_item(DynamoType({"S": "gone-1"}), DynamoType({"S": "task"}))
        assert [item["listed"]["S"] for item in dynamodb.query(**query)["Items"]] == ["0", "2"]
