"""Queues wake handlers as an SQS event source mapping of Lambda does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Lock
from typing import Any

import pytest
from chalice.app import Chalice

from chalicelib.names import Names
from infra.host.functions import load_config, time_limit
from infra.host.mappings import event_sources, failures
from infra.host.pollers import Poller
from infra.local.aws import ACCOUNT, REGION, LocalAws, local_aws
from infra.local.mailbox import MotoMailbox
from infra.local.stack import PROJECT
from infra.moto_lock import Call, Refusal

NAMES = Names(stage="test", account=ACCOUNT, region=REGION)


@dataclass
class Toy:
    """A Chalice app with one queue whose handler does what the test says, and remembers its events."""

    aws: LocalAws
    app: Chalice = field(default_factory=lambda: Chalice(app_name="toy"))
    invocations: SimpleQueue[dict[str, Any]] = field(default_factory=SimpleQueue)
    behave: Callable[[dict[str, Any]], Any] = field(default=lambda event: None)
    pollers: list[Poller] = field(default_factory=list)
    url: str = ""
    letters_url: str = ""

    def start(self, *, batch_size: int = 10, concurrency: int = 10, limit_s: float = 60, **attributes: str) -> None:
        sqs = self.aws.client("sqs")
        self.letters_url = sqs.create_queue(QueueName="letters")["QueueUrl"]
        self.url = sqs.create_queue(QueueName="work", Attributes=attributes)["QueueUrl"]

        def work(event: Any) -> Any:
            self.invocations.put(event.to_dict())
            return self.behave(event.to_dict())

        self.app.on_sqs_message(queue="work", batch_size=batch_size, maximum_concurrency=concurrency)(work)
        for source in event_sources(self.app, lambda function: limit_s):
            poller = Poller(source, MotoMailbox("work", NAMES, sqs, self.aws.lock))
            self.pollers.append(poller)
            poller.start()

    def send(self, body: str, **more: Any) -> None:
        self.aws.client("sqs").send_message(QueueUrl=self.url, MessageBody=body, **more)

    def show_again(self, record: dict[str, Any], *, after_s: int) -> None:
        self.aws.client("sqs").change_message_visibility(
            QueueUrl=self.url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=after_s
        )

    def next_bodies(self, timeout: float = 2.0) -> list[str]:
        return [record["body"] for record in self.invocations.get(timeout=timeout)["Records"]]

    def quiet_for(self, seconds: float) -> bool:
        try:
            self.invocations.get(timeout=seconds)
        except Empty:
            return True
        return False

    def left(self, url: str) -> int:
        attributes = self.aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


@pytest.fixture
def toy() -> Iterator[Toy]:
    with local_aws() as aws:
        toy = Toy(aws)
        yield toy
        for poller in toy.pollers:
            poller.stop()


def eventually(condition: Callable[[], bool], seconds: float = 2.0) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def redrive(receives: int) -> str:
    return f'{{"deadLetterTargetArn": "{NAMES.queue_arn("letters")}", "maxReceiveCount": {receives}}}'


def test_a_handled_message_is_gone(toy: Toy) -> None:
    toy.start()
    toy.send("hello")

    assert toy.next_bodies() == ["hello"]
    assert eventually(lambda: toy.left(toy.url) == 0)


def test_the_handler_sees_the_event_that_lambda_would_send(toy: Toy) -> None:
    toy.start()
    before = time.time() * 1000
    note = {"note": {"DataType": "String", "StringValue": "x"}}
    toy.send("hello", MessageGroupId="team-1", MessageAttributes=note)

    (record,) = toy.invocations.get(timeout=2)["Records"]

    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:work"
    assert record["awsRegion"] == REGION
    assert record["messageId"]
    assert record["receiptHandle"]
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["attributes"]["MessageGroupId"] == "team-1"
    assert before - 1000 <= int(record["attributes"]["SentTimestamp"]) <= time.time() * 1000
    assert int(record["attributes"]["ApproximateFirstReceiveTimestamp"]) >= int(record["attributes"]["SentTimestamp"])
    assert record["messageAttributes"]["note"]["stringValue"] == "x"


def test_an_idle_queue_wakes_its_handler_at_once(toy: Toy) -> None:
    toy.start()
    latencies = []
    for number in range(7):
        time.sleep(0.02)  # the poller is asleep again
        started = time.monotonic()
        toy.send(str(number))
        sent = time.monotonic()
        toy.next_bodies()
        latencies.append(time.monotonic() - max(started, sent - 0.002))

    assert sorted(latencies)[3] < 0.02


def test_messages_travel_in_batches(toy: Toy) -> None:
    hold = Event()
    toy.behave = lambda event: hold.wait(2) and None
    toy.start(batch_size=5, concurrency=1)
    for number in range(11):
        toy.send(str(number))
        if number == 0:
            assert toy.next_bodies() == ["0"]  # the one place is taken; the rest piles up
    hold.set()

    assert [len(toy.next_bodies()) for _ in range(2)] == [5, 5]


def test_several_batches_run_at_once_up_to_the_limit(toy: Toy) -> None:
    running, peak, guard = [0], [0], Lock()

    def behave(event: dict[str, Any]) -> None:
        with guard:
            running[0] += 1
            peak[0] = max(peak[0], running[0])
        time.sleep(0.1)
        with guard:
            running[0] -= 1

    toy.behave = behave
    toy.start(batch_size=1, concurrency=3)
    for number in range(6):
        toy.send(str(number))

    assert eventually(lambda: toy.left(toy.url) == 0)
    assert peak == [3]


def test_only_the_named_failures_come_back(toy: Toy) -> None:
    hold = Event()

    def behave(event: dict[str, Any]) -> Any:
        hold.wait(2)
        bad = [record for record in event["Records"] if record["body"] == "bad"]
        for record in bad:
            toy.show_again(record, after_s=0)
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in bad]}

    toy.behave = behave
    toy.start(concurrency=1)
    toy.send("first")
    toy.next_bodies()
    toy.send("good")
    toy.send("bad")
    hold.set()

    bodies = [body for _ in range(3) for body in toy.next_bodies()]

    assert bodies[:3].count("good") == 1
    assert set(bodies[2:]) == {"bad"}
    assert toy.left(toy.url) == 1


def test_a_message_comes_back_when_the_handler_says_and_counts_its_receives(toy: Toy) -> None:
    def behave(event: dict[str, Any]) -> Any:
        (record,) = event["Records"]
        if record["attributes"]["ApproximateReceiveCount"] == "2":
            return None
        toy.show_again(record, after_s=1)
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}

    toy.behave = behave
    toy.start(VisibilityTimeout="900")
    toy.send("held")
    toy.next_bodies()
    started = time.monotonic()

    assert toy.next_bodies() == ["held"]
    assert 0.9 < time.monotonic() - started < 1.2
    assert eventually(lambda: toy.left(toy.url) == 0)


def test_a_delayed_message_wakes_the_handler_at_its_time(toy: Toy) -> None:
    toy.start()
    started = time.monotonic()
    toy.send("later", DelaySeconds=1)

    assert toy.next_bodies() == ["later"]
    # A wake-up that was missed would come with the next change of the queue, and here there is none.
    assert 0.95 < time.monotonic() - started < 2


def test_after_its_receives_a_message_goes_to_the_dead_letters_by_itself(toy: Toy) -> None:
    def behave(event: dict[str, Any]) -> Any:
        for record in event["Records"]:
            toy.show_again(record, after_s=0)
        raise RuntimeError("poison")

    toy.behave = behave
    toy.start(RedrivePolicy=redrive(3))
    toy.send("poison")

    assert [toy.next_bodies() for _ in range(3)] == [["poison"]] * 3
    assert eventually(lambda: toy.left(toy.letters_url) == 1)
    assert toy.quiet_for(0.1)


def test_a_handler_that_outlives_its_limit_has_given_no_answer(toy: Toy) -> None:
    toy.behave = lambda event: time.sleep(0.2)
    toy.start(limit_s=0.1)
    toy.send("slow")
    toy.next_bodies()
    time.sleep(0.3)

    assert toy.left(toy.url) == 1


def test_a_refused_receive_does_not_end_the_poller(toy: Toy) -> None:
    refused = Event()

    def guard(call: Call) -> Refusal | None:
        if call.action != "ReceiveMessage" or refused.is_set():
            return None
        refused.set()
        return Refusal("AccessDeniedException", "not now")

    toy.start()
    toy.aws.lock.guards.append(guard)
    toy.send("patient")

    assert toy.next_bodies() == ["patient"]
    assert refused.is_set()


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_an_empty_answer_is_a_success(answer: Any) -> None:
    assert failures(answer, {"a", "b"}) == set()


@pytest.mark.parametrize(
    "answer",
    [
        "done",
        {"failures": []},
        {"batchItemFailures": "a"},
        {"batchItemFailures": ["a"]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"id": "a"}]},
        {"batchItemFailures": [{"itemIdentifier": "stranger"}]},
    ],
)
def test_an_answer_that_cannot_be_read_keeps_the_whole_batch(answer: Any) -> None:
    assert failures(answer, {"a", "b"}) is None


def test_another_kind_of_event_source_is_an_error_that_names_it() -> None:
    app = Chalice(app_name="toy")

    def told(event: Any) -> None: ...

    app.on_sns_message("topic")(told)

    with pytest.raises(ValueError, match="told"):
        event_sources(app, lambda function: 60)


def test_a_function_without_a_limit_of_its_own_gets_chalice_s() -> None:
    assert time_limit(load_config(PROJECT, Chalice(app_name="toy")), "nobody") == 60
