"""Kinds of operations: their schemas, what they come to, and which of them may be registered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pytest
from domain_tasks import modest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from chalicelib.domain.errors import InvalidError
from chalicelib.domain.kinds.hello import Hello
from chalicelib.domain.kinds.kind import LONGEST_CALL_S, LONGEST_S, Kind
from chalicelib.domain.kinds.primes import LARGEST, Primes, count_below
from chalicelib.domain.kinds.registry import KINDS, Kinds
from chalicelib.domain.lifecycle import LEASE_MS
from chalicelib.engine.attempt import MARGIN_MS

HELLO = Hello()


class Everything(Kind):
    """A kind with a field of every sort that has a sentence of its own."""

    name = "test.Everything"
    path = "everything"

    class Input(Struct):
        short: Annotated[str, Meta(min_length=2, max_length=5)]
        bounded: Annotated[str, Meta(max_length=5)] = ""
        long: Annotated[str, Meta(min_length=2)] = "ab"
        text: str = ""
        code: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "ABC"
        between: Annotated[int, Meta(ge=1, le=9)] = 1
        above: Annotated[int, Meta(gt=0)] = 1
        few: Annotated[int, Meta(le=9)] = 1
        ratio: Annotated[float, Meta(ge=0, lt=1)] = 0
        flag: bool = False
        colour: Literal["red", "blue"] = "red"
        perhaps: Annotated[int, Meta(ge=1)] | None = None
        tags: list[str] = []

    def run(self, given: Input) -> Mapping[str, Any]:
        return {"text": given.text}


def kind(**changes: Any) -> Kind:
    """A kind that may be registered, but for the changes to its class."""

    class Plain(Everything):
        name = "test.Plain"
        path = "plain"

    for name, value in changes.items():
        setattr(Plain, name, value)
    return Plain()


def refusal(members: Mapping[str, Any], of: Kind | None = None) -> tuple[str, str]:
    """The field that is refused, and the sentence."""
    with pytest.raises(InvalidError) as refused:
        (of or Everything()).read(members)
    return refused.value.field, str(refused.value)


# --- Hello --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("Hello, Asimov", "Hello, Master Asimov"),
        ("Hello, Ada and Alan", "Hello, Master Ada and Alan"),
        ("Hello, Größe 🦉", "Hello, Master Größe 🦉"),
        ("Hello, ", "Hello, "),
        ("Hello,Asimov", "Hello,Asimov"),
        ("hello, Asimov", "hello, Asimov"),
        ("Say: Hello, Asimov", "Say: Hello, Asimov"),
        ("Good morning", "Good morning"),
    ],
)
def test_hello_calls_whoever_is_greeted_master_and_leaves_other_texts_alone(message: str, answer: str) -> None:
    assert HELLO.result(HELLO.read({"message": message})) == {"message": answer}


@modest
@given(st.text(min_size=1, max_size=500))
def test_hello_takes_any_text_of_1_to_500_characters(message: str) -> None:
    answer = HELLO.result(HELLO.read({"message": message}))["message"]

    assert answer.replace("Hello, Master ", "Hello, ", 1) in (message, message.replace("Hello, Master ", "Hello, ", 1))


@pytest.mark.parametrize("message", ["", "x" * 501, 5, True, [], {}])
def test_hello_says_what_a_message_must_be(message: Any) -> None:
    assert refusal({"message": message}, HELLO) == ("message", "message must be a string of 1 to 500 characters")


@pytest.mark.parametrize("members", [{}, {"message": None}])
def test_hello_says_that_a_message_is_missing(members: dict[str, Any]) -> None:
    assert refusal(members, HELLO) == ("message", "message is required")


# --- Primes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("below", "count"),
    [(0, 0), (2, 0), (3, 1), (10, 4), (100, 25), (1_000, 168), (1_000_000, 78_498), (3_000_000, 216_816)],
)
def test_primes_counts_the_primes_below_a_number(below: int, count: int) -> None:
    primes = Primes()

    assert primes.result(primes.read({"below": below})) == {"below": below, "count": count}


@modest
@given(st.integers(0, 2_000), st.integers(1, 500))
def test_the_count_is_the_same_however_long_its_stretches_are(below: int, stretch: int) -> None:
    counted = sum(all(number % other for other in range(2, number)) for number in range(2, below))

    assert count_below(below, stretch=stretch) == counted


def test_primes_takes_longer_for_larger_numbers() -> None:
    primes = Primes()

    assert primes.seconds(Primes.Input(below=0)) == 0
    assert primes.seconds(Primes.Input(below=LARGEST)) > LONGEST_CALL_S
    assert refusal({"below": LARGEST + 1}, primes)[1] == f"below must be a whole number between 0 and {LARGEST}"


def test_the_longest_operation_fits_into_one_attempt() -> None:
    assert Primes().seconds(Primes.Input(below=LARGEST)) <= LONGEST_S
    assert LONGEST_S * 1000 + MARGIN_MS < LEASE_MS


# --- schemas ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("short", "a", "short must be a string of 2 to 5 characters"),
        ("bounded", "abcdef", "bounded must be a string of at most 5 characters"),
        ("long", "a", "long must be a string of at least 2 characters"),
        ("text", 1, "text must be a string"),
        ("code", "abc", "code must be a string that matches ^[A-Z]{3}$"),
        ("between", 10, "between must be a whole number between 1 and 9"),
        ("between", "5", "between must be a whole number between 1 and 9"),
        ("between", True, "between must be a whole number between 1 and 9"),
        ("between", 1.5, "between must be a whole number between 1 and 9"),
        ("above", 0, "above must be a whole number above 0"),
        ("few", 10, "few must be a whole number of at most 9"),
        ("ratio", 1, "ratio must be a number of at least 0 and below 1"),
        ("flag", "yes", "flag must be true or false"),
        ("colour", "green", "colour must be one of: blue, red"),
        ("perhaps", 0, "perhaps must be a whole number of at least 1"),
        ("tags", [1], "tags is not valid: Expected `str`, got `int` - at `$[0]`"),
    ],
)
def test_a_refusal_names_the_field_and_what_is_allowed(field: str, value: Any, sentence: str) -> None:
    assert refusal({"short": "abc", field: value}) == (field, sentence)


def test_the_first_field_of_the_schema_that_is_wrong_is_the_one_that_is_named() -> None:
    assert refusal({"between": 0, "text": 1, "short": "abc"})[0] == "text"


def test_what_is_left_out_or_null_has_its_default() -> None:
    read = Everything().read({"short": "abc", "between": None, "perhaps": None})

    assert (read.between, read.perhaps, read.tags) == (1, None, [])


def test_an_input_survives_its_way_through_a_payload() -> None:
    everything = Everything()
    read = everything.read({"short": "Größe", "ratio": 0.5, "tags": ["a"]})

    assert everything.load(everything.dump(read)) == read


# --- the registry -------------------------------------------------------------------------------------------------


def test_a_kind_is_found_by_its_path_and_by_its_name() -> None:
    assert isinstance(KINDS.at("hello"), Hello)
    assert isinstance(KINDS.named("platform.Primes"), Primes)
    assert KINDS.at("platform.Hello") is None
    assert KINDS.named("hello") is None
    assert KINDS.paths == ("hello", "primes")


@pytest.mark.parametrize("path", ["tasks", "v1"])
def test_the_paths_of_other_apis_are_no_kinds(path: str) -> None:
    with pytest.raises(ValueError, match=f"{path} is reserved"):
        Kinds(kind(path=path))


@pytest.mark.parametrize("path", ["", "Hello", "a/b", "a b", "-a", "{kind}", "größe"])
def test_a_path_is_one_plain_segment(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        Kinds(kind(path=path))


@pytest.mark.parametrize("name", ["", "Hello", "platform.hello", "platform.", "platform.Hello.World", "platform.Task"])
def test_a_name_is_a_group_and_a_word_and_not_that_of_the_envelope(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Kinds(kind(name=name))


@pytest.mark.parametrize("changes", [{"path": "hello"}, {"name": "platform.Hello"}])
def test_two_kinds_have_neither_path_nor_name_in_common(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="twice"):
        Kinds(HELLO, kind(**changes))


@pytest.mark.parametrize("member", ["_state", "_mine", "id", "error"])
def test_the_members_of_the_envelope_are_no_fields(member: str) -> None:
    schema = type("Input", (Struct,), {"__annotations__": {member: str}})

    with pytest.raises(ValueError, match=member):
        Kinds(kind(Input=schema))


@pytest.mark.parametrize("member", ["_state", "id", "error"])
def test_a_result_cannot_pass_for_the_envelope(member: str) -> None:
    class Impostor(Everything):
        def run(self, given: Everything.Input) -> Mapping[str, Any]:
            return {member: "COMPLETED"}

    with pytest.raises(ValueError, match=member):
        Impostor().result(Everything.Input("abc"))
