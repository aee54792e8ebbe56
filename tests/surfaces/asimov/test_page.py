"""`docs/asimov.md` and `docs/add-a-kind.md` do what they say: the kind works, the tables are true."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from world import World

from chalicelib.domain.kinds.kind import LONGEST_CALL_S, LONGEST_S, Kind
from chalicelib.domain.kinds.registry import KINDS, RESERVED, Kinds
from chalicelib.engine.operations import RETRIES
from infra.docs import openapi
from infra.local.stack import PROJECT
from surfaces.asimov.customer import Customer

PAGE = "\n".join((PROJECT / "docs" / f"{name}.md").read_text("utf-8") for name in ("asimov", "add-a-kind"))
(SNIPPET,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
DESCRIPTION = openapi.document("asimov")


# --- the kind -----------------------------------------------------------------------------------------------------


@pytest.fixture
def word_count(tmp_path: Path) -> Kind:
    """The kind of the page, out of a file of its own."""
    path = tmp_path / "word_count.py"
    path.write_text(SNIPPET, "utf-8")
    spec = importlib.util.spec_from_file_location("word_count", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kind: Kind = module.WordCount()
    return kind


def test_the_kind_of_the_page_works_as_it_stands(word_count: Kind) -> None:
    text, counted = {"text": "To be or not to be"}, {"to": 2, "be": 2, "or": 1, "not": 1}
    with World(asimov_open=True, kinds=Kinds(*map(kind_at, KINDS.paths), word_count)) as world:
        customer = Customer(world)
        assert customer.carry_out("word-count", text).json["data"] == {"words": counted}
        task_id = customer.start("word-count", text)
        assert customer.task(task_id)["text"] == text["text"]
        world.work()
        done = customer.task(task_id)
        assert (done["_state"], done["words"]) == ("COMPLETED", counted)
        assert customer.carry_out("word-count", {"text": ""}).json["message"] == (
            "text must be a string of 1 to 10000 characters"
        )
        assert customer.carry_out("hello").status == 200


def test_a_kind_takes_less_than_twenty_lines() -> None:
    assert len([line for line in SNIPPET.splitlines() if line]) < 20


# --- the words ----------------------------------------------------------------------------------------------------


def test_the_table_of_kinds_is_the_products() -> None:
    assert [(row[0].strip("`"), row[1].strip("`")) for row in rows("## Kinds")] == [
        (f"/api/{path}", kind_at(path).name) for path in KINDS.paths
    ]


def test_the_table_of_states_is_that_of_the_description() -> None:
    states = DESCRIPTION["components"]["schemas"]["AsimovState"]["enum"]
    assert [row[0].strip("`") for row in rows("## States")] == states


def test_the_table_of_errors_is_that_of_the_description() -> None:
    described = {
        (int(status), example["code"])
        for path in DESCRIPTION["paths"].values()
        for operation in (path[method] for method in ("get", "post", "delete") if method in path)
        for status, response in operation["responses"].items()
        if status.startswith(("4", "5"))
        for example in examples(response, status)
    }
    wrong_method = {(405, "METHOD_NOT_ALLOWED")}
    assert {(int(row[0]), row[1].strip("`")) for row in rows("## Errors")} == described | wrong_method


def test_the_numbers_of_the_page_are_the_products() -> None:
    assert f"longer than the {LONGEST_CALL_S} seconds of a call" in PAGE.replace("\n", " ")
    assert f"above {LONGEST_CALL_S} it is refused in a call; {LONGEST_S} is the most" in PAGE.replace("\n  ", " ")
    assert RETRIES == 3
    assert f"`{'` and `'.join(sorted(RESERVED))}` are taken" in PAGE.replace("\n  ", " ")


@pytest.mark.parametrize("path", KINDS.paths)
def test_the_input_of_every_kind_is_described(path: str) -> None:
    kind = kind_at(path)
    described = DESCRIPTION["components"]["schemas"][f"{kind.name.partition('.')[2]}Input"]
    known: dict[str, Any] = msgspec.json.schema(kind.Input)["$defs"]["Input"]
    assert described["required"] == known["required"]
    assert described["additionalProperties"] is False
    assert {
        name: {key: value for key, value in field.items() if key != "description"}
        for name, field in described["properties"].items()
    } == known["properties"]
    body = DESCRIPTION["paths"]["/api/{kind}"]["post"]["requestBody"]["content"]["application/json"]
    assert path in body["examples"]
    kind.read(body["examples"][path]["value"])


def kind_at(path: str) -> Kind:
    kind = KINDS.at(path)
    assert kind is not None
    return kind


def examples(response: dict[str, Any], status: str) -> list[dict[str, Any]]:
    """The error bodies that a response shows for a status: what several statuses share says for which each is."""
    if "$ref" in response:
        response = DESCRIPTION["components"]["responses"][response["$ref"].rpartition("/")[2]]
    media = response["content"]["application/json"]
    if "example" in media:
        return [media["example"]]
    return [each["value"] for each in media["examples"].values() if each.get("summary", status) == status]


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its header."""
    section = PAGE.partition(f"{heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
