"""`make destroy`: takes a stage away. Its data stay unless that is asked for, and confirmed, by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.names import Names
from infra.deploy import plain, secrets
from infra.deploy.problems import NotReadyError
from infra.deploy.stack import Say, Stack
from infra.deploy.up import ready, stack_name

#: Asks a question and returns what was typed.
Ask = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall go: the stack, and with `data` its tables and secrets too."""

    data: bool = False


def destroy(stage: str, wish: Wish, ask: Ask, say: Say) -> None:
    """Take a stage away. Raises NotReadyError, when nobody confirms among others, and StackError."""
    session, place = ready(stage, say)
    names = Names(stage=stage, account=place.account, region=place.region)
    stacks = [
        Stack(session.client("cloudformation"), name, say) for name in (stack_name(stage), plain.stack_name(stage))
    ]
    stack = next((stack for stack in stacks if stack.status() is not None), None)
    if stack is not None:
        say(f"The stack {stack.name} goes: API, functions, queues, schedules, logs, alarms")
        waiting = _waiting(session, names)
        if waiting:
            say(f"  {waiting} messages and schedules wait in it: the tasks that they would wake are never run")
        say(
            f"  the tables {', '.join(tables(names))}, their key and the secrets stay"
            if not wish.data
            else "  and then its data"
        )
        _confirm(ask, f"Type the stage's name to delete the stack of {stage}: ", stage)
        stack.remove()
        say(f"Deleted the stack {stack.name}")
    elif not wish.data:
        say(f"There is no stack {stack_name(stage)}")
    if wish.data:
        _delete_data(session, names, ask, say)
    else:
        say(f"The data stay; `make deploy STAGE={stage}` takes them up again, DATA=delete deletes them")


#: How long a key can still be called back.
_KEY_DAYS = 30


def tables(names: Names) -> tuple[str, ...]:
    """The tables that hold a stage's data."""
    return names.tasks_table, names.identity_table, names.items_table


def _delete_data(session: Any, names: Names, ask: Ask, say: Say) -> None:
    dynamodb = session.client("dynamodb")
    present = [name for name in tables(names) if _items(dynamodb, name) is not None]
    for name in present:
        say(f"  {name}: about {_items(dynamodb, name)} items")
    _confirm(
        ask, f"Type `delete {names.stage}` to delete these tables and the secrets for good: ", f"delete {names.stage}"
    )
    for name in present:
        dynamodb.delete_table(TableName=name)
        dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 2, "MaxAttempts": 90})
    secrets.forget(session.client("ssm"), names.stage)
    say(f"Deleted {len(present)} tables and the secrets")
    kms = session.client("kms")
    try:
        key = kms.describe_key(KeyId=names.data_key)["KeyMetadata"]["KeyId"]
    except kms.exceptions.NotFoundException:
        return
    kms.delete_alias(AliasName=names.data_key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=_KEY_DAYS)
    say(f"The key {key} is deleted in {_KEY_DAYS} days; backups of the tables cannot be read then")


def _items(dynamodb: Any, table: str) -> int | None:
    """About how many items a table holds, as DynamoDB counts every six hours; None when there is no such table."""
    try:
        count: int = dynamodb.describe_table(TableName=table)["Table"]["ItemCount"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return None
    return count


def _waiting(session: Any, names: Names) -> int:
    """About how many messages and schedules are still to come."""
    sqs, scheduler = session.client("sqs"), session.client("scheduler")
    count = 0
    try:
        for queue in (names.tasks_queue, names.webhooks_queue, names.dead_letters_queue):
            url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
            held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTS)["Attributes"]
            count += sum(int(held[name]) for name in _COUNTS)
        pages = scheduler.get_paginator("list_schedules").paginate(GroupName=names.schedule_group)
        count += sum(len(page["Schedules"]) for page in pages)
    except ClientError:
        # A stack that was never finished has not all of them.
        return count
    return count


_COUNTS = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]


def _confirm(ask: Ask, question: str, wanted: str) -> None:
    if ask(question).strip() != wanted:
        raise NotReadyError("Nothing was deleted")
