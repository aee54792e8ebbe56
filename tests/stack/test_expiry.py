"""Items whose time is over disappear from tables that say so."""

from __future__ import annotations

import time

from chalicelib.names import Names
from infra.apply import apply, load_template
from infra.local.aws import ACCOUNT, REGION, LocalAws, local_aws
from infra.local.expiry import Expiry, expire

NAMES = Names(stage="test", account=ACCOUNT, region=REGION)
NOW = 1_700_000_000


def put(aws: LocalAws, table: str, name: str, **attributes: dict[str, str]) -> None:
    aws.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": name}, "sk": {"S": "row"}, **attributes})


def names_in(aws: LocalAws, table: str) -> set[str]:
    return {item["pk"]["S"] for item in aws.client("dynamodb").scan(TableName=table)["Items"]}


def test_only_items_past_their_time_are_deleted() -> None:
    with local_aws() as aws:
        apply(load_template(), NAMES, aws.client)
        put(aws, NAMES.tasks_table, "over", expiresAt={"N": str(NOW - 1)})
        put(aws, NAMES.tasks_table, "ahead", expiresAt={"N": str(NOW + 1)})
        put(aws, NAMES.tasks_table, "endless")
        put(aws, NAMES.tasks_table, "text", expiresAt={"S": str(NOW - 1)})

        assert expire(NAMES, aws.lock, NOW) == 1
        assert names_in(aws, NAMES.tasks_table) == {"ahead", "endless", "text"}


def test_a_table_without_expiry_keeps_everything() -> None:
    with local_aws() as aws:
        aws.client("dynamodb").create_table(
            TableName="plain",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        put(aws, "plain", "old", expiresAt={"N": str(NOW - 1)})

        assert expire(NAMES, aws.lock, NOW) == 0


def test_the_stack_deletes_them_by_itself() -> None:
    with local_aws() as aws:
        apply(load_template(), NAMES, aws.client)
        put(aws, NAMES.identity_table, "over", expiresAt={"N": "1"})
        expiry = Expiry(NAMES, aws.lock, every_s=0.05)
        expiry.start()
        end = time.monotonic() + 2
        while names_in(aws, NAMES.identity_table) and time.monotonic() < end:
            time.sleep(0.01)
        expiry.stop()

        assert names_in(aws, NAMES.identity_table) == set()
