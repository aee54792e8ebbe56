"""The queue: delays, holds, receive counts and dead letters."""

from __future__ import annotations

import pytest
from contract_bench import Bench

from chalicelib.embedded.queue import Received
from chalicelib.ports.queue import Depth

#: As the template says of the tasks queue.
VISIBILITY_S = 900
MAX_RECEIVES = 20


def one(messages: list[Received]) -> Received:
    (message,) = messages
    return message


def test_a_message_is_received_as_it_was_sent(bench: Bench) -> None:
    before = bench.now()

    bench.queue.send('{"type": "attempt"}', delay_s=0, group="team-1")

    message = one(bench.receive())
    assert message.body == '{"type": "attempt"}'
    assert message.group == "team-1"
    assert message.receives == 1
    assert before <= message.sent_at <= bench.now()


@pytest.mark.parametrize(
    "body", ["x", "ä\t\r\n漢字 🦉 \U0010ffff\ufffd", "y" * (1024 * 1024)], ids=["x", "strange", "1 MiB"]
)
def test_any_body_that_the_service_takes_goes_through(bench: Bench, body: str) -> None:
    bench.queue.send(body, delay_s=0, group="team-1")

    assert one(bench.receive()).body == body


@pytest.mark.parametrize("delay_s", [1, 900])
def test_a_delayed_message_comes_when_its_delay_is_over(bench: Bench, delay_s: int) -> None:
    bench.queue.send("later", delay_s=delay_s, group="team-1")

    early = bench.receive()
    bench.pass_time(delay_s)

    assert early == []
    assert one(bench.receive()).body == "later"


def test_a_received_message_is_hidden_until_its_time_is_up(bench: Bench) -> None:
    bench.queue.send("work", delay_s=0, group="team-1")
    first = one(bench.receive())

    bench.pass_time(VISIBILITY_S - 10)
    early = bench.receive()
    bench.pass_time(11)
    second = one(bench.receive())

    assert early == []
    assert (first.receives, second.receives) == (1, 2)
    assert second.message_id == first.message_id
    assert second.sent_at == first.sent_at


def test_a_deleted_message_does_not_come_back(bench: Bench) -> None:
    bench.queue.send("work", delay_s=0, group="team-1")

    bench.delete(one(bench.receive()).receipt)
    bench.pass_time(2 * VISIBILITY_S)

    assert bench.receive() == []


@pytest.mark.parametrize("seconds", [2, 130, 43_000])
def test_a_held_message_comes_back_after_its_hold(bench: Bench, seconds: int) -> None:
    bench.queue.send("work", delay_s=0, group="team-1")
    bench.queue.hold(one(bench.receive()).receipt, seconds)

    bench.pass_time(seconds - 1)
    early = bench.receive()
    bench.pass_time(2)

    assert early == []
    assert one(bench.receive()).receives == 2


def test_a_message_held_for_no_time_comes_back_at_once(bench: Bench) -> None:
    bench.queue.send("work", delay_s=0, group="team-1")

    bench.queue.hold(one(bench.receive()).receipt, 0)
    bench.pass_time(1)

    assert one(bench.receive()).receives == 2


def test_to_hold_a_message_that_is_gone_does_nothing(bench: Bench) -> None:
    bench.queue.send("work", delay_s=0, group="team-1")
    receipt = one(bench.receive()).receipt
    bench.delete(receipt)

    bench.queue.hold(receipt, 1)
    bench.pass_time(2)

    assert bench.receive() == []


@pytest.mark.parametrize("seconds", [-1, 43_201])
def test_a_hold_is_at_most_half_a_day(bench: Bench, seconds: int) -> None:
    bench.queue.send("work", delay_s=0, group="team-1")
    receipt = one(bench.receive()).receipt

    with pytest.raises(ValueError, match="seconds must be 0 to 43200"):
        bench.queue.hold(receipt, seconds)


def test_a_message_that_is_received_too_often_goes_to_the_dead_letters(bench: Bench) -> None:
    bench.queue.send("poison", delay_s=0, group="team-1")
    for receives in range(1, MAX_RECEIVES + 1):
        assert one(bench.receive()).receives == receives
        bench.pass_time(VISIBILITY_S + 1)

    assert bench.receive_dead() == []
    assert bench.receive() == []
    dead = one(bench.receive_dead())
    assert dead.body == "poison"
    assert dead.receives > MAX_RECEIVES
    assert bench.receive() == []


def test_messages_do_not_touch_each_other(bench: Bench) -> None:
    for body in ("a", "b", "c"):
        bench.queue.send(body, delay_s=0, group=f"team-{body}")
    received = {message.body: message for message in (one(bench.receive()) for _ in range(3))}

    bench.delete(received["a"].receipt)
    bench.queue.hold(received["b"].receipt, 5)
    bench.pass_time(6)

    assert one(bench.receive()).body == "b"
    assert bench.receive() == []
    assert {body: message.group for body, message in received.items()} == {"a": "team-a", "b": "team-b", "c": "team-c"}


def test_a_queue_tells_roughly_what_it_holds(bench: Bench) -> None:
    for body, delay_s in (("first", 0), ("second", 0), ("later", 900)):
        bench.queue.send(body, delay_s=delay_s, group="team")
    bench.receive()

    assert bench.queue.depth() == Depth(waiting=1, in_flight=1, delayed=1)
