"""The matcher agrees with the manual's examples, and says exactly where an answer differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from surfaces.asyncqueue.manual import ASYNCQUEUE
from surfaces.harness.manual import cases
from surfaces.harness.matching import Bindings, fill, load, mismatches

TASK_ID = "550e8400-e29b-41d4-a716-446655440000"


def problems(expected: Any, actual: Any, **bindings: str) -> list[str]:
    """What the matcher finds, with these names bound beforehand."""
    return mismatches(expected, actual, dict(bindings))


# --- exact views -------------------------------------------------------------------------------------------------


def test_equal_values_match() -> None:
    """Objects, lists, texts, numbers, true and null are compared by value."""
    value = {"task": {"id": TASK_ID, "list": [1, 2.5, None, True], "headers": {}}}
    assert problems(value, value) == []


def test_a_key_too_many_is_named() -> None:
    """The rule of exact views: an undocumented member is an error."""
    assert problems({"task": {"id": "a"}}, {"task": {"id": "a", "body": "b"}}) == ["$.task.body: not expected, got 'b'"]


def test_a_key_too_few_is_named() -> None:
    """The rule of exact views: a documented member must be there, and null is not absence."""
    assert problems({"task": {"id": "a", "error": None}}, {"task": {"id": "a"}}) == ["$.task.error: missing"]


def test_a_key_that_is_null_is_not_absent() -> None:
    """A view without `error` is not met by `error: null`."""
    assert problems({"id": "a"}, {"id": "a", "error": None}) == ["$.error: not expected, got None"]


def test_an_optional_key_may_be_absent_but_not_wrong() -> None:
    """`key?` is either absent or as described."""
    assert problems({"startedAt?": "<time>"}, {}) == []
    assert problems({"startedAt?": "<time>"}, {"startedAt": "soon"}) == ["$.startedAt: expected <time>, got 'soon'"]


def test_further_keys_are_allowed_only_in_the_named_form() -> None:
    """`"..."` lets other members in, and describes them."""
    shape = {"content-type": "application/json", "...": "<string>"}
    assert problems(shape, {"content-type": "application/json", "date": "today"}) == []
    assert problems(shape, {"content-type": "application/json", "date": 1}) == ["$.date: expected <string>, got 1"]
    assert problems(shape, {"date": "today"}) == ["$.content-type: missing"]


def test_every_difference_is_reported() -> None:
    """One look shows all that is wrong."""
    expected = {"status": "pending", "maxRetries": 3, "pagination": {"total": 150}}
    actual = {"status": "failed", "maxRetries": 5, "pagination": {"total": "150"}}
    assert problems(expected, actual) == [
        "$.status: expected 'pending', got 'failed'",
        "$.maxRetries: expected 3, got 5",
        "$.pagination.total: expected 150, got '150'",
    ]


@pytest.mark.parametrize(
    ("expected", "actual"),
    [(1, True), (0, False), (30, 30.0), ("3", 3), (None, False), ({}, []), ([], {}), ({}, None), ("", None)],
)
def test_values_of_different_types_differ(expected: Any, actual: Any) -> None:
    """JSON's true is not 1, and 30.0 is not the manual's 30."""
    assert len(problems(expected, actual)) == 1


# --- lists -------------------------------------------------------------------------------------------------------


def test_a_list_is_compared_item_by_item() -> None:
    """Order and length count."""
    assert problems([1, 2], [2, 1]) == ["$[0]: expected 1, got 2", "$[1]: expected 2, got 1"]
    assert problems([1, 2], [1]) == ["$: expected 2 items, got 1"]


def test_a_list_of_alike_items() -> None:
    """`<list n>` counts the items and checks each."""
    shape = {"tasks": {"<list 2>": {"id": "<uuid>"}}}
    assert problems(shape, {"tasks": [{"id": TASK_ID}, {"id": TASK_ID}]}) == []
    assert problems(shape, {"tasks": [{"id": TASK_ID}]}) == ["$.tasks: expected 2 items, got 1"]
    assert problems(shape, {"tasks": [{"id": TASK_ID}, {"id": "b"}]}) == ["$.tasks[1].id: expected <uuid>, got 'b'"]
    assert problems(shape, {"tasks": {}}) == ["$.tasks: expected a list, got {}"]


@pytest.mark.parametrize(("length", "fits"), [("1..", True), ("..2", True), ("3..", False), ("0..1", False)])
def test_a_list_of_some_length(length: str, fits: bool) -> None:
    """`<list from..to>` limits the length on either side."""
    assert (problems({f"<list {length}>": "<int>"}, [1, 2]) == []) is fits


# --- placeholders ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("placeholder", "value"),
    [
        ("<uuid>", TASK_ID),
        ("<time>", "2024-01-15T10:30:00.000Z"),
        ("<second>", "2024-01-15T10:30:00Z"),
        ("<moment>", "2024-01-15T10:30:00+00:00"),
        ("<second 2024-01-15T10:30:00Z..>", "2024-01-15T10:30:00Z"),
        ("<tracking>", "ASF-A1B2C3D4E5F67890ABCDEF1234567890"),
        ("<time 2024-01-15T10:30:00.000Z..>", "2024-01-15T10:30:00.000Z"),
        ("<int>", 0),
        ("<int 15..>", 15),
        ("<number>", 1.5),
        ("<number 0..120>", 120),
        ("<string>", ""),
        ("<bool>", False),
        ("<any>", None),
        ("<team>", "team-uuid"),
        ("<one pending|delayed>", "delayed"),
        ("<match v1,[a-z]+>", "v1,abc"),
    ],
)
def test_a_placeholder_takes_its_type(placeholder: str, value: Any) -> None:
    """A value of the type and in the range matches."""
    assert problems(placeholder, value) == []


@pytest.mark.parametrize(
    ("placeholder", "value"),
    [
        ("<uuid>", "team-uuid"),
        ("<uuid>", TASK_ID.upper()),
        ("<uuid>", None),
        ("<time>", "2024-01-15T10:30:00Z"),
        ("<second>", "2024-01-15T10:30:00.000Z"),
        ("<second>", "2024-02-30T10:30:00Z"),
        ("<moment>", "2024-01-15T10:30:00Z"),
        ("<second 2024-01-15T10:30:00Z..>", "2024-01-15T10:29:59Z"),
        ("<tracking>", "ASF-a1b2c3d4e5f67890abcdef1234567890"),
        ("<tracking>", "A1B2C3D4E5F67890ABCDEF1234567890"),
        ("<time>", "2024-01-15T10:30:00.000+00:00"),
        ("<time>", "2024-02-30T10:30:00.000Z"),
        ("<time 2024-01-15T10:30:00.000Z..>", "2024-01-15T10:29:59.999Z"),
        ("<int>", True),
        ("<int>", 1.0),
        ("<int 15..>", 14),
        ("<number>", "1"),
        ("<number 0..120>", 120.5),
        ("<string>", None),
        ("<bool>", 1),
        ("<team>", "two words"),
        ("<team>", ""),
        ("<one pending|delayed>", "failed"),
        ("<match v1,[a-z]+>", "v1,abc v1,def"),
    ],
)
def test_a_placeholder_refuses_everything_else(placeholder: str, value: Any) -> None:
    """A value of another type, form or range is one mismatch."""
    assert problems(placeholder, value) == [f"$: expected {placeholder}, got {value!r}"]


def test_an_unknown_placeholder_is_an_error_of_the_fixture() -> None:
    """A misspelt type must not pass as a text, nor fail as a mismatch."""
    with pytest.raises(ValueError, match="<uid> is no placeholder"):
        problems({"id": "<uid>"}, {"id": "<uid>"})


# --- bound values ------------------------------------------------------------------------------------------------


def test_a_named_placeholder_binds_and_then_compares() -> None:
    """The id of the first answer is the id of all that follow."""
    bindings: Bindings = {}
    assert mismatches({"id": "<uuid:task_id>"}, {"id": TASK_ID}, bindings) == []
    assert bindings == {"task_id": TASK_ID}
    assert mismatches("/v1/tasks/{task_id}", f"/v1/tasks/{TASK_ID}", bindings) == []
    other = TASK_ID.replace("5", "6")
    assert mismatches({"id": "<uuid:task_id>"}, {"id": other}, bindings) == [
        f"$.id: expected task_id '{TASK_ID}', got '{other}'"
    ]


def test_a_value_of_the_wrong_type_is_not_bound() -> None:
    """What did not match cannot be compared with later."""
    bindings: Bindings = {}
    assert mismatches("<uuid:task_id>", "nothing", bindings) == ["$: expected <uuid:task_id>, got 'nothing'"]
    assert bindings == {}


def test_names_are_filled_in_and_json_texts_are_left_alone() -> None:
    """Only `{name}` is a name; the braces of JSON are not."""
    text = '{"callbackUrl": "{callback}", "headers": {}, "body": "{\\"a\\": {\\"b\\": 1}}"}'
    assert fill(text, {"callback": "http://x"}) == text.replace("{callback}", "http://x")


def test_a_name_that_nothing_is_bound_to_is_an_error_of_the_fixture() -> None:
    """A misspelt name must not go out in a path."""
    with pytest.raises(LookupError, match=r"nothing is bound to \{taskid\}"):
        fill({"line": "GET /v1/tasks/{taskid}"}, {"task_id": TASK_ID})


# --- fixture files -----------------------------------------------------------------------------------------------

FIXTURE = """
fixtures:
  - id: one
    manual: {document: tasks, heading: Get Task, quote: Retrieve a task}
    request: {line: GET /v1/tasks}
    expect: {status: 200, body: {createdAt: 2024-01-15T10:30:00.000Z}}
"""


def test_a_fixture_with_one_exchange_is_one_step(tmp_path: Path) -> None:
    """The short form and the long form load alike, and a time stays the text that it is."""
    (tmp_path / "a.yaml").write_text(FIXTURE)
    (fixture,) = load(tmp_path)
    assert fixture.id == "one"
    assert fixture.manual.heading == "Get Task"
    assert fixture.steps == (
        {
            "request": {"line": "GET /v1/tasks"},
            "expect": {"status": 200, "body": {"createdAt": "2024-01-15T10:30:00.000Z"}},
        },
    )


@pytest.mark.parametrize(
    ("written", "misspelt", "complaint"),
    [
        ("request: {line", "request: {lime", "unknown lime"),
        ("status: 200", "code: 200", "unknown code"),
        ("status: 200, body", "body", "without an expected status"),
        ("heading: Get Task, ", "", "heading"),
        ("    expect:", "    expects:", "without an expected status"),
        ("  - id: one\n", "  - id: one\n    givens: [x]\n", "givens"),
    ],
)
def test_a_misspelt_fixture_is_refused(tmp_path: Path, written: str, misspelt: str, complaint: str) -> None:
    """Otherwise it would check less than it says."""
    (tmp_path / "a.yaml").write_text(FIXTURE.replace(written, misspelt))
    with pytest.raises(ValueError, match=complaint):
        load(tmp_path)


def test_an_id_is_used_once(tmp_path: Path) -> None:
    """Two fixtures of one name would be one row of the table."""
    (tmp_path / "a.yaml").write_text(FIXTURE)
    (tmp_path / "b.yaml").write_text(FIXTURE)
    with pytest.raises(ValueError, match="used twice: one"):
        load(tmp_path)


def test_an_id_is_used_by_one_manual() -> None:
    """The ids of all manuals together name the results."""
    assert len(cases([ASYNCQUEUE])) == len(ASYNCQUEUE.fixtures())
    with pytest.raises(ValueError, match=r"used twice: authentication\.bearer,"):
        cases([ASYNCQUEUE, ASYNCQUEUE])
