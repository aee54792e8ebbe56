"""What the app answers, whatever it is asked, is what the descriptions say: statuses, bodies, error texts, headers."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.surfaces.asimov import edge as asimov
from chalicelib.surfaces.oauth import edge as oauth
from surfaces.description.answers import all_answers
from surfaces.description.caller import OPERATIONS, Answer
from surfaces.description.documents import DOCUMENT, described, error_text, faults, otherwise, resolved, values

#: Headers that every answer may have; where a limit holds, a request with a key also learns where it stands.
_USUAL = {"content-length", "content-type", "x-request-id"}
_RATE = {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-policy", "ratelimit"}
#: By the schema of an error: the member that holds its code, and the codes that the app has.
CODES = {
    # No route of Asimov refuses what it shows.
    "AsimovError": ("code", [code for status, code in asimov.CODES.items() if status != 403]),
    "OAuthError": ("error", oauth.CODES),
}


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    return all_answers()


@pytest.fixture(scope="module")
def by_route(answers: list[Answer]) -> dict[str | None, list[Answer]]:
    found: dict[str | None, list[Answer]] = defaultdict(list)
    for answer in answers:
        found[answer.route].append(answer)
    return found


@pytest.fixture(scope="module")
def by_response(answers: list[Answer]) -> dict[str, list[Answer]]:
    """Answers by the response that describes them; several routes share some."""
    found: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        found[_response(answer)[1]].append(answer)
    return found


@pytest.mark.parametrize("route", OPERATIONS)
def test_a_route_answers_with_the_statuses_that_are_described(
    route: str, by_route: dict[str | None, list[Answer]]
) -> None:
    answered = {str(answer.reply.status) for answer in by_route[route]}
    assert differences(route, OPERATIONS, answered) == []


def differences(route: str, operations: Mapping[str, Any], answered: set[str]) -> list[str]:
    """The statuses of a route that are answered and not described, and the reverse. A method that a path does not have
    is no route's own: 405 is described beside all routes."""
    described = operations[route]["responses"].keys()
    return [
        *(f"{status} is answered and not described" for status in sorted(answered - described - {"405"})),
        *(f"{status} is described and never answered" for status in sorted(described - answered)),
    ]


def test_a_status_on_one_side_alone_is_found(by_route: dict[str | None, list[Answer]]) -> None:
    route = "GET /v1/tasks/{id}"
    answered = {str(answer.reply.status) for answer in by_route[route]}
    changed = copy.deepcopy(OPERATIONS)
    changed[route]["responses"]["418"] = changed[route]["responses"].pop("404")
    assert differences(route, changed, answered) == [
        "404 is answered and not described",
        "418 is described and never answered",
    ]


@pytest.mark.parametrize("schema", CODES)
def test_the_error_codes_are_those_that_are_answered(schema: str, answers: list[Answer]) -> None:
    member, known = CODES[schema]
    said = {
        answer.reply.json[member]
        for answer in answers
        if "json" in answer.reply.headers.get("content-type", "")
        and answer.reply.status >= 400
        and _schema(answer) == f"#/components/schemas/{schema}"
    }
    described = DOCUMENT["components"]["schemas"][schema]["properties"][member]["enum"]
    assert said == set(described) == set(known)


@pytest.mark.parametrize("route", OPERATIONS)
def test_a_body_is_what_is_described(route: str, by_route: dict[str | None, list[Answer]]) -> None:
    for answer in by_route[route]:
        response, pointer = _response(answer)
        if "content" not in response:
            assert answer.reply.body == b"", answer
            continue
        kind = answer.reply.headers["content-type"]
        assert kind in response["content"], answer
        if "json" in kind:
            schema = f"{pointer}/content/{kind.replace('/', '~1')}/schema"
            assert faults(DOCUMENT, schema, answer.reply.json) == [], answer
            assert set(_said(answer)) <= _texts(response), answer


@pytest.mark.parametrize("route", OPERATIONS)
def test_every_header_is_described(route: str, by_route: dict[str | None, list[Answer]]) -> None:
    for answer in by_route[route]:
        known = {name.lower(): resolved(header) for name, header in _response(answer)[0]["headers"].items()}
        assert answer.reply.headers.keys() - _USUAL - _RATE <= known.keys(), answer
        for name in known.keys() & answer.reply.headers.keys():
            value = answer.reply.headers[name]
            number = known[name]["schema"].get("type") == "integer"
            assert re.fullmatch("[0-9]+", value) if number else value, f"{name}: {value}"


def test_every_error_text_that_is_described_is_answered(by_response: dict[str, list[Answer]]) -> None:
    for pointer, answers in by_response.items():
        said = {text for answer in answers for text in _said(answer)}
        assert _texts(_response(answers[0])[0]) <= said, pointer


def test_every_header_that_is_described_is_sent(by_response: dict[str, list[Answer]]) -> None:
    for pointer, answers in by_response.items():
        sent = {name for answer in answers for name in answer.reply.headers}
        assert {name.lower() for name in _response(answers[0])[0]["headers"]} <= sent, pointer


def test_a_path_that_is_not_described_is_not_found(by_route: dict[str | None, list[Answer]]) -> None:
    said = {(answer.reply.status, *_said(answer)) for answer in by_route[None]}
    assert said == {(404, "Not found"), (404, "Resource does not exist")}
    for answer in by_route[None]:
        schema = f"{otherwise(answer.line)}/content/application~1json/schema"
        assert faults(DOCUMENT, schema, answer.reply.json) == [], answer


def _response(answer: Answer) -> tuple[dict[str, Any], str]:
    """The response that is described for an answer, and the pointer to it."""
    named = {} if answer.route is None else OPERATIONS[answer.route]["responses"]
    if str(answer.reply.status) not in named:
        return resolved({"$ref": otherwise(answer.line)}), otherwise(answer.line)
    return described(answer.line, answer.reply.status)


def _schema(answer: Answer) -> str | None:
    """The reference to the schema of a JSON answer."""
    content = _response(answer)[0]["content"]
    return str(content.get(answer.reply.headers["content-type"], {}).get("schema", {}).get("$ref"))


def _texts(response: dict[str, Any]) -> set[str]:
    """The error texts that a response gives as examples."""
    return set(_errors(values(response.get("content", {}).get("application/json", {}))))


def _said(answer: Answer) -> list[str]:
    """The error text of an answer, if it is one."""
    return _errors([answer.reply.json]) if "json" in answer.reply.headers.get("content-type", "") else []


def _errors(bodies: list[Any]) -> list[str]:
    return [text for body in bodies if (text := error_text(body)) is not None]
