"""The OpenAPI description is valid, its examples are true to it, and it says what the manual's fixtures say."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from description import DOCUMENT, described, examples, faults, operations, resolved, values
from matching import Fixture, load
from openapi_spec_validator import validate
from specimen import TASK_ID, TIME, specimen

FIXTURES = load()
EXAMPLES = list(examples(DOCUMENT))


# --- the document ------------------------------------------------------------------------------------------------


def test_the_document_is_valid_openapi() -> None:
    """It keeps the rules of OpenAPI 3.1."""
    validate(DOCUMENT)


def test_the_routes_are_these() -> None:
    """A route that is added or dropped is added or dropped here too."""
    routes = {f"{method.upper()} {path}" for path, method, _ in operations()}
    assert routes == {
        "GET /v1/tasks",
        "POST /v1/tasks",
        "GET /v1/tasks/{id}",
        "POST /v1/tasks/{id}/cancel",
        "GET /v1/tasks/{id}/attempts",
        "GET /v1/keys",
        "POST /v1/keys",
        "DELETE /v1/keys/{id}",
        "POST /v1/keys/{id}/rotate",
        "GET /v1/members",
        "POST /v1/members",
        "DELETE /v1/members/{id}",
        "GET /v1/signing-secret",
        "POST /v1/signing-secret/rotate",
        "GET /operator/teams",
        "POST /operator/teams",
        "GET /operator/teams/{id}",
        "POST /operator/teams/{id}/keys",
        "GET /health",
        "GET /openapi.json",
    }


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


# --- the document and the manual's fixtures ----------------------------------------------------------------------


@pytest.mark.parametrize("fixture", FIXTURES, ids=[fixture.id for fixture in FIXTURES])
def test_the_document_says_what_the_fixture_says(fixture: Fixture) -> None:
    """The statuses, error texts and views that a fixture expects are those of the document."""
    for step in fixture.steps:
        if "request" not in step:
            continue
        response, pointer = described(step["request"]["line"], step["expect"]["status"])
        body = step["expect"].get("body")
        if body is None:
            continue
        media = response["content"]["application/json"]
        if "error" in body:
            assert body["error"] in [example["error"] for example in values(media)]
        if "<any>" not in json.dumps(body):
            assert faults(DOCUMENT, f"{pointer}/content/application~1json/schema", sample_of(body)) == []


def sample_of(body: Any) -> Any:
    """A body as the fixture describes it, with something for each value that an earlier step would have bound."""
    samples = {"callback": "http://127.0.0.1:9000/callback", "in_2_seconds": TIME, "in_24_hours": TIME}
    names = re.findall(r"\{([a-z]\w*)\}", json.dumps(body))
    return specimen(body, {name: samples.get(name, TASK_ID) for name in names})
