"""Every AWS call passes one door, however it comes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.host.ports import claim
from infra.local.aws import REGION, AwsServer, LocalAws, local_aws
from infra.moto_lock import Call, Refusal


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with local_aws() as aws:
        yield aws


@pytest.fixture
def remote(aws: LocalAws) -> Iterator[Any]:
    """Makes clients that reach the same AWS over HTTP, as another process would."""
    (listener,) = claim({"AWS_PORT": 0}, "make run")
    host, port = listener.getsockname()
    server = AwsServer(listener)
    server.start()
    clients: list[Any] = []

    def client(service: str) -> Any:
        session = boto3.session.Session("other", "other", region_name=REGION)
        made = session.client(service, endpoint_url=f"http://{host}:{port}", config=Config(max_pool_connections=30))
        clients.append(made)
        return made

    yield client
    for made in clients:
        made.close()
    server.stop()


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """The interpreter changes threads so often that unguarded state breaks: without the lock the race below fails."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_of_many_racing_claims_exactly_one_wins_in_process_and_over_http(aws: LocalAws, remote: Any) -> None:
    items, racers = 100, 20
    local = aws.client("dynamodb")
    over_http = remote("dynamodb")
    local.create_table(
        TableName="claims",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    for number in range(items):
        local.put_item(TableName="claims", Item={"pk": {"S": str(number)}, "owner": {"S": "nobody"}})
    together = threading.Barrier(racers)

    def race(racer: int) -> list[int]:
        client = over_http if racer % 2 else local
        won = []
        together.wait()
        for number in range(racer % 4, items, 4):
            try:
                client.update_item(
                    TableName="claims",
                    Key={"pk": {"S": str(number)}},
                    UpdateExpression="SET #o = :me",
                    ConditionExpression="#o = :nobody",
                    ExpressionAttributeNames={"#o": "owner"},
                    ExpressionAttributeValues={":me": {"S": str(racer)}, ":nobody": {"S": "nobody"}},
                )
                won.append(number)
            except ClientError as lost:
                if lost.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise
        return won

    with ThreadPoolExecutor(racers) as pool:
        winners = [number for won in pool.map(race, range(racers)) for number in won]

    assert sorted(winners) == list(range(items))


def test_another_process_sees_the_same_queue(aws: LocalAws, remote: Any) -> None:
    url = aws.client("sqs").create_queue(QueueName="shared")["QueueUrl"]
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    there = remote("sqs")

    answer = there.receive_message(QueueUrl=there.get_queue_url(QueueName="shared")["QueueUrl"])

    assert [message["Body"] for message in answer["Messages"]] == ["hello"]


def test_a_long_poll_lets_others_through_and_is_woken_by_a_send(aws: LocalAws, remote: Any) -> None:
    here, there = aws.client("sqs"), remote("sqs")
    url = here.create_queue(QueueName="slow")["QueueUrl"]

    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(there.receive_message, QueueUrl=url, WaitTimeSeconds=5)
        time.sleep(0.2)
        started = time.monotonic()
        here.send_message(QueueUrl=url, MessageBody="woken")
        messages = poll.result()["Messages"]

    assert [message["Body"] for message in messages] == ["woken"]
    assert time.monotonic() - started < 1


def test_listeners_are_told_of_each_call(aws: LocalAws) -> None:
    seen: list[tuple[str, str]] = []
    aws.lock.listeners.append(lambda call: seen.append((call.service, call.action)))

    aws.client("sqs").create_queue(QueueName="q")
    aws.client("scheduler").create_schedule_group(Name="g")

    assert seen == [("sqs", "CreateQueue"), ("scheduler", "CreateScheduleGroup")]


@pytest.mark.parametrize("service", ["sqs", "scheduler", "dynamodb"])
def test_a_guard_answers_in_place_of_the_service(aws: LocalAws, service: str) -> None:
    def guard(call: Call) -> Refusal | None:
        return Refusal("AccessDeniedException", "not today") if call.service == service else None

    aws.lock.guards.append(guard)
    calls = {"sqs": "list_queues", "scheduler": "list_schedules", "dynamodb": "list_tables"}

    with pytest.raises(ClientError) as refused:
        getattr(aws.client(service), calls[service])()

    assert refused.value.response["Error"] == {"Code": "AccessDeniedException", "Message": "not today"}
