"""What travels through the queues, there and back, and what else may be found there."""

from __future__ import annotations

import json

import pytest
from domain_tasks import modest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import messages
from chalicelib.domain.messages import Attempt, Message, Outcome, UnknownVersionError, UnreadableError, Webhook

whole = st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]))
every_message: st.SearchStrategy[Message] = st.one_of(
    st.builds(Attempt, texts, whole, whole, st.booleans()),
    st.builds(Webhook, texts, st.booleans()),
    st.builds(
        Outcome,
        task=texts,
        n=whole,
        due=whole,
        token=texts,
        ended=whole,
        waited=whole,
        verdict=texts,
        status=st.none() | whole,
        error=st.none() | texts,
        after=whole,
    ),
)

READABLE = {"type": "attempt", "task": "t", "n": 1, "due": 2}
UNREADABLE = {
    "empty": "",
    "not JSON": "{",
    "plain text": "hello",
    "another notation": "<attempt/>",
    "null": "null",
    "a number": "1",
    "a list": "[]",
    "no members": "{}",
    "no type": json.dumps({"v": 1, "task": "t", "n": 1, "due": 2}),
    "an unknown type": json.dumps({**READABLE, "type": "party"}),
    "no task": json.dumps({"type": "attempt", "n": 1, "due": 2}),
    "a task that is no text": json.dumps({**READABLE, "task": 7}),
    "an attempt that is no number": json.dumps({**READABLE, "n": "1"}),
    "an attempt that is not whole": json.dumps({**READABLE, "n": 1.5}),
    "a due time that is null": json.dumps({**READABLE, "due": None}),
    "a mark that is no boolean": json.dumps({**READABLE, "rearmed": "yes"}),
    "a version that is no number": json.dumps({**READABLE, "v": "1"}),
    "a version that is null": json.dumps({**READABLE, "v": None}),
    "nested deeply": "[" * 200_000,
    "nested deeply beside the rest": '{"extra": ' + '{"a":' * 200_000,
    "a mebibyte": "x" * 1024 * 1024,
    "a mebibyte of JSON": json.dumps("x" * (1024 * 1024 - 2)),
    "another product's event": json.dumps({"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}}}]}),
    "another product's job": json.dumps({"uuid": "1", "displayName": "SendMail", "job": "Illuminate", "maxTries": 3}),
    "half a character": '{"type": "attempt", "task": "\\ud800", "n": 1, "due": 2}',
}


@modest
@given(every_message)
def test_every_message_arrives_as_it_was_sent(message: Message) -> None:
    assert messages.decode(messages.encode(message)) == message


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_message_of_ours_is_said_to_be_unreadable(text: str) -> None:
    with pytest.raises(UnreadableError):
        messages.decode(text)


def test_a_readable_one_is_read() -> None:
    assert messages.decode(json.dumps(READABLE)) == Attempt("t", 1, 2)


@pytest.mark.parametrize("text", [json.dumps({**READABLE, "v": 2}), '{"v": 99, "shape": "not known yet"}'])
def test_what_newer_code_sent_is_not_unreadable_but_not_for_us(text: str) -> None:
    with pytest.raises(UnknownVersionError):
        messages.decode(text)


def test_a_member_that_newer_code_added_to_this_version_does_no_harm() -> None:
    assert messages.decode(json.dumps({**READABLE, "hint": "new"})) == Attempt("t", 1, 2)


def test_an_ordinary_message_is_short() -> None:
    message = Attempt("11111111-2222-4333-8444-555555555555", 11, 253_402_300_799_999, rearmed=True)

    assert len(messages.encode(message)) < 128


@modest
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_read_or_refused_in_our_own_words(text: str) -> None:
    with pytest.raises((UnreadableError, UnknownVersionError)):
        messages.decode(text)


@modest
@given(every_message, st.booleans())
def test_a_dead_letter_is_read_whether_a_queue_left_it_or_a_schedule(message: Message, wrapped: bool) -> None:
    text = messages.encode(message)
    letter = json.dumps({"QueueUrl": "tasks", "MessageBody": text}) if wrapped else text

    assert messages.decode_dead(letter) == message


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_a_dead_letter_that_is_no_message_of_ours_is_unreadable_however_it_came(text: str) -> None:
    for letter in (text, json.dumps({"MessageBody": text})):
        with pytest.raises(UnreadableError):
            messages.decode_dead(letter)
