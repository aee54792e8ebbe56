"""The OpenAPI descriptions are valid, their examples are true to them, and they say what the manuals' fixtures say."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from infra.docs import openapi
from surfaces.description.documents import (
    DOCUMENT,
    described,
    error_text,
    examples,
    faults,
    operations,
    resolved,
    values,
)
from surfaces.harness.matching import Fixture
from surfaces.harness.specimen import MOMENT, SECOND, TASK_ID, TIME, TRACKING_ID, specimen
from surfaces.manuals import MANUALS

FIXTURES = [fixture for manual in MANUALS for fixture in manual.fixtures()]
EXAMPLES = list(examples(DOCUMENT))


class Places(dict[str, str]):
    """What the request lines of fixtures are filled with: a location leads to a message, anything else is a segment."""

    def __missing__(self, name: str) -> str:
        return f"/asyncflow/{TRACKING_ID}" if name == "location" else "segment"


PLACES = Places()
#: The form of a time that a manual's fixtures bind.
TIMES = {"asyncflow": SECOND, "astraflow": SECOND, "asimov": MOMENT}
COMMON = {
    f"{kind}/{name}": (kind, name)
    for kind, entries in openapi.read(openapi.COMMON)["components"].items()
    for name in entries
}


# --- the documents -----------------------------------------------------------------------------------------------


def test_the_served_document_is_valid_openapi() -> None:
    """It keeps the rules of OpenAPI 3.1."""
    validate(DOCUMENT)


@pytest.mark.parametrize("name", openapi.SURFACES)
def test_each_surface_has_a_valid_document_of_its_own(name: str) -> None:
    """A reader of one API alone needs no other file than its own and what that one names."""
    document = openapi.document(name)
    validate(document)
    assert set(document["paths"]) <= set(DOCUMENT["paths"])
    assert {tag for _, _, operation in operations(document) for tag in operation["tags"]} == {
        tag["name"] for tag in document["tags"]
    }


def test_an_operation_is_named_once() -> None:
    """Generated clients call their methods by these names."""
    names = [operation["operationId"] for _, _, operation in operations()]
    assert sorted(set(names)) == sorted(names)


def test_every_status_is_named() -> None:
    """A `default` would describe whatever comes: nothing could be undescribed."""
    for path, method, operation in operations():
        assert set(openapi.EVERYWHERE) <= operation["responses"].keys(), f"{method} {path}"
        assert all(re.fullmatch("[1-5][0-9]{2}", status) for status in operation["responses"]), f"{method} {path}"


@pytest.mark.parametrize("entry", COMMON)
def test_what_is_shared_is_used_by_two_files(entry: str) -> None:
    """A component that one surface alone needs stands in that surface's file; one that nobody needs goes."""
    using = [name for name in openapi.SURFACES if f'"#/components/{entry}"' in json.dumps(openapi.document(name))]
    assert len(using) > 1, f"only {using} need it"


def test_two_meanings_of_one_name_are_refused() -> None:
    """A component of a surface cannot silently replace that of another one in the served document."""
    site = copy.deepcopy(openapi.document("site"))
    site["components"]["schemas"]["Time"] = {"type": "integer"}
    with pytest.raises(ValueError, match="Time is described twice"):
        openapi.together([openapi.document("asyncqueue"), site])


@pytest.mark.parametrize(("pointer", "example"), EXAMPLES, ids=[pointer for pointer, _ in EXAMPLES])
def test_an_example_matches_its_schema(pointer: str, example: Any) -> None:
    """Each example beside a schema is one that the schema allows."""
    assert faults(DOCUMENT, pointer, example) == []


def test_a_wrong_example_would_be_found() -> None:
    """The check above sees an undocumented key in the manual's own response."""
    document = copy.deepcopy(DOCUMENT)
    media = document["paths"]["/v1/tasks"]["post"]["responses"]["201"]["content"]["application/json"]
    media["example"]["task"]["priority"] = "high"
    wrong = [pointer for pointer, example in examples(document) if faults(document, pointer, example)]
    assert wrong == ["#/paths/~1v1~1tasks/post/responses/201/content/application~1json/schema"]


def test_every_error_is_offered_as_a_problem_document_too() -> None:
    """Wherever a view of an error can come, so can RFC 9457's."""
    for path, method, operation in operations():
        for status, response in operation["responses"].items():
            content = resolved(response).get("content", {})
            if content.get("application/json", {}).get("schema") == {"$ref": "#/components/schemas/Error"}:
                assert "application/problem+json" in content, f"{method} {path} {status}"


def test_every_answer_carries_a_request_id() -> None:
    """Whatever the status."""
    for path, method, operation in operations():
        for status, response in operation["responses"].items():
            assert "X-Request-Id" in resolved(response)["headers"], f"{method} {path} {status}"


# --- the documents and the manuals' fixtures ---------------------------------------------------------------------


@pytest.mark.parametrize("fixture", FIXTURES, ids=[fixture.id for fixture in FIXTURES])
def test_the_document_says_what_the_fixture_says(fixture: Fixture) -> None:
    """The statuses, error texts and views that a fixture expects are those of the document."""
    for step in fixture.steps:
        if "request" not in step:
            continue
        expected = step["expect"]
        response, pointer = described(step["request"]["line"].format_map(PLACES), expected["status"])
        if "body" not in expected:
            continue
        kind = expected.get("headers", {}).get("content-type", "application/json")
        kind = kind if kind in response["content"] else "application/json"
        sample = sample_of(expected["body"], fixture.manual.document)
        if (text := error_text(sample)) is not None:
            assert text in [error_text(example) for example in values(response["content"][kind])]
        if "<any>" not in json.dumps(expected["body"]):
            assert faults(DOCUMENT, f"{pointer}/content/{kind.replace('/', '~1')}/schema", sample) == []


def sample_of(body: Any, manual: str) -> Any:
    """A body as the fixture describes it, with something for each value that an earlier step would have bound."""
    thing, time = TRACKING_ID if manual == "asyncflow" else TASK_ID, TIMES.get(manual, TIME)
    samples = {"callback": "http://127.0.0.1:9000/callback", "in_2_seconds": TIME, "in_24_hours": TIME}
    names = re.findall(r"\{([a-z]\w*)\}", json.dumps(body))
    return specimen(body, {name: samples.get(name, time if name.endswith("_at") else thing) for name in names})
