"""The page of errors: every error text that the descriptions name, by API and status."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from infra.docs import openapi

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "errors.md"

_HEAD = """\
# Errors

<!-- Written by `make docs`. Do not edit. -->

Each API words its errors as its manual does. The same text means the same thing everywhere in an API, and a test brings
each of them about. With `Accept: application/problem+json` the text is the `detail` of a problem document (RFC 9457).

What to do about a status, whatever the API:

| status | what it means for you |
|---|---|
| 400, 404, 405, 413, 415, 422 | the request is wrong, and stays wrong: change it |
| 401 | there is no key or token, or none that is good |
| 403 | the key or token is good and does not open this |
| 409 | not in this state; look first, then decide |
| 429 | too many requests: wait as long as `Retry-After` says |
| 500 | a fault of the service: it has the `X-Request-Id` in its log |
| 503, 504 | try again, after `Retry-After` where there is one; [safely](safe-retries.md) |
"""
_SHAPES = {
    "asyncqueue": '`{"error": "..."}`',
    "asyncflow": '`{"error": "..."}`',
    "astraflow": '`{"code": 404, "error": "Not Found", "message": "..."}`',
    "oauth": '`{"error": "invalid_grant", "error_description": "..."}`',
    "asimov": '`{"code": "NOT_FOUND", "message": "...", "timestamp": ..., "path": ..., "details": {...}}`',
    "operator": '`{"error": "..."}`',
    "site": '`{"error": "..."}`',
}


def files() -> dict[Path, str]:
    """The page."""
    return {PAGE: "\n".join([_HEAD, *(_section(name) for name in openapi.SURFACES)]) + "\n"}


def _section(name: str) -> str:
    document = openapi.document(name)
    title = document["info"]["title"].removesuffix(" of Sluice")
    rows = {status: list(dict.fromkeys(texts)) for status, texts in sorted(_texts(document).items())}
    lines = [f"| {_status(status)} | {'<br>'.join(texts)} |" for status, texts in rows.items() if texts]
    return f"## {title}\n\nShape: {_SHAPES[name]}.\n\n| status | text |\n|---|---|\n" + "\n".join(lines) + "\n"


def _texts(document: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in document["paths"].values():
        for operation in item.values():
            if not isinstance(operation, dict):
                continue
            for status, response in operation.get("responses", {}).items():
                if status == "default" or status >= "400":
                    found.setdefault(status, []).extend(_of(document, response))
    return found


def _of(document: dict[str, Any], response: dict[str, Any]) -> Iterator[str]:
    while "$ref" in response:
        kind, name = response["$ref"].split("/")[-2:]
        response = document["components"][kind][name]
    media = response.get("content", {}).get("application/json", {})
    shown = [media["example"]] if "example" in media else []
    for example in (*shown, *(each["value"] for each in media.get("examples", {}).values())):
        yield _word(example)


def _word(example: dict[str, Any]) -> str:
    """An error in a cell: its code, where it has one, and its text."""
    code = example.get("code") if isinstance(example.get("code"), str) else None
    if "error_description" in example:
        code, text = example["error"], example["error_description"]
    else:
        text = example.get("message", example.get("error", ""))
    plain = str(text).replace("|", "\\|").replace("<", "&lt;").replace("{", "&#123;")
    return f"`{code}` {plain}" if code else plain


def _status(status: str) -> str:
    return "any other" if status == "default" else f"{status} {HTTPStatus(int(status)).phrase}"
