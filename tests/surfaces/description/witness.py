"""Whether an answer is one that the descriptions name, whoever asked for whatever."""

from __future__ import annotations

import json
from functools import cache

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from world import Reply

from surfaces.description.documents import DOCUMENT, otherwise, resolved, route_of, validator

#: What may befall a request that no route is asked by: no such path, no such method, limits, a fault.
_ELSEWHERE = {"404", "405", "414", "431", "500"}


class UndescribedError(AssertionError):
    """An answer that no description names."""


def witness(method: str, target: str, reply: Reply) -> None:
    """Raise UndescribedError for a status, media type or body that is not described for the request."""
    if method == "OPTIONS":
        return
    line = f"{method.replace('HEAD', 'GET')} {target}"
    pointer = _pointer(line, str(reply.status))
    content = resolved({"$ref": pointer}).get("content", {})
    kind = reply.headers.get("content-type")
    if not reply.body and not content:
        return
    if kind not in content:
        raise UndescribedError(f"{line}: {reply.status} with {kind} is not described")
    if "json" in kind and reply.body:
        schema = f"{pointer}/content/{kind.replace('/', '~1')}/schema"
        wrong = [
            f"{error.json_path}: {error.message}" for error in _validator(schema).iter_errors(json.loads(reply.body))
        ]
        if wrong:
            raise UndescribedError(f"{line}: {reply.status} {reply.body!r}: {wrong}")


def _pointer(line: str, status: str) -> str:
    """Where the answer is described."""
    route = route_of(line)
    if route is None:
        if status not in _ELSEWHERE:
            raise UndescribedError(f"{line}: {status} of no route")
        return otherwise(line)
    method, template = route.split(" ")
    responses = DOCUMENT["paths"][template][method.lower()]["responses"]
    if status not in responses:
        raise UndescribedError(f"{line}: {status} is not described")
    escaped = template.replace("~", "~0").replace("/", "~1")
    return str(responses[status].get("$ref", f"#/paths/{escaped}/{method.lower()}/responses/{status}"))


@cache
def _validator(pointer: str) -> Draft202012Validator:
    return validator(DOCUMENT, pointer)
