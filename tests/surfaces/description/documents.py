"""The OpenAPI descriptions as data: their routes, their answers, their examples and what their schemas refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from chalicelib.surfaces.asimov.routes import surface as asimov
from chalicelib.surfaces.astraflow.routes import surface as astraflow
from chalicelib.surfaces.asyncflow.routes import surface as asyncflow
from chalicelib.surfaces.asyncqueue.routes import surface as asyncqueue
from chalicelib.surfaces.kit import Surface
from chalicelib.surfaces.oauth.routes import surface as oauth
from chalicelib.surfaces.operator.routes import surface as operator
from chalicelib.surfaces.site.routes import surface as site
from infra.docs import openapi

#: Each description by the name of its file, and the routes that it describes.
SURFACES: Mapping[str, Surface] = {
    "asyncqueue": asyncqueue,
    "asyncflow": asyncflow,
    "astraflow": astraflow,
    "oauth": oauth,
    "asimov": asimov,
    "operator": operator,
    "site": site,
}

#: What `GET /openapi.json` answers.
DOCUMENT: dict[str, Any] = openapi.served()

METHODS = ("get", "post", "put", "patch", "delete")


def operations(document: Mapping[str, Any] = DOCUMENT) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation, one after the other."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def routes(document: Mapping[str, Any]) -> set[str]:
    """`GET /path/{variable}` of every operation."""
    return {f"{method.upper()} {path}" for path, method, _ in operations(document)}


def route_of(line: str) -> str | None:
    """The route that answers a request line, if one is described: as many fixed segments as possible, and none of
    another API than the path is below."""
    method, target = line.split(" ", 1)
    path = target.partition("?")[0].rstrip("/") or "/"
    prefix = _prefix(path)
    fitting = [
        template
        for template, name, _ in operations()
        if name == method.lower()
        and template.startswith(prefix)
        and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
    ]
    return f"{method} {min(fitting, key=lambda template: template.count('{'))}" if fitting else None


def otherwise(line: str) -> str:
    """The pointer to what describes every answer that no route names, in the shape of the API it is below."""
    path = line.split(" ", 1)[1].partition("?")[0]
    return str(DOCUMENT[openapi.OTHERWISE][_prefix(path)]["$ref"])


def _prefix(path: str) -> str:
    """Below which prefix of an API a path is."""
    below = [prefix for prefix in DOCUMENT[openapi.OTHERWISE] if f"{path}/".startswith(f"{prefix.rstrip('/')}/")]
    return max(below, key=len)


def described(line: str, status: int) -> tuple[dict[str, Any], str]:
    """The response that the document has for a request and a status, and the pointer to it."""
    route = route_of(line)
    if route is None:
        assert status in (404, 405), f"{line} is not described"
        return resolved({"$ref": otherwise(line)}), otherwise(line)
    method, template = route.split(" ")
    responses = DOCUMENT["paths"][template][method.lower()]["responses"]
    assert str(status) in responses, f"{line}: {status} is not described"
    response = responses[str(status)]
    pointer = f"#/paths/{_escaped(template)}/{method.lower()}/responses/{status}"
    return resolved(response), response.get("$ref", pointer)


def examples(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every example of the document, with the pointer to the schema it has to match."""
    yield from _examples(document, "#")


def _examples(node: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _examples(item, f"{pointer}/{index}")
    if not isinstance(node, Mapping):
        return
    if "schema" in node:
        for value in values(node):
            yield f"{pointer}/schema", value
    elif isinstance(node.get("examples"), list):
        for value in node["examples"]:
            yield pointer, value
    for key, member in node.items():
        if key not in ("example", "examples"):
            yield from _examples(member, f"{pointer}/{_escaped(key)}")


def values(media: Mapping[str, Any]) -> list[Any]:
    """The examples of a media type, a parameter or a header."""
    several = [example["value"] for example in media.get("examples", {}).values()]
    return [media["example"], *several] if "example" in media else several


def error_text(body: Any) -> str | None:
    """What an error says, in the shape of whichever API; None for what is no error."""
    if not isinstance(body, Mapping):
        return None
    if set(body) == {"error"}:
        return str(body["error"])
    if set(body) == {"error", "error_description"}:
        return str(body["error_description"])
    worded = {"code", "message", "path"} <= set(body) or set(body) == {"code", "error", "message"}
    return str(body["message"]) if worded else None


def faults(document: Mapping[str, Any], pointer: str, value: Any) -> list[str]:
    """What the schema at the pointer finds wrong with a value."""
    return [f"{error.json_path}: {error.message}" for error in validator(document, pointer).iter_errors(value)]


def validator(document: Mapping[str, Any], pointer: str) -> Draft202012Validator:
    """What judges values by the schema at the pointer."""
    registry: Registry[Any] = Registry().with_resource("urn:document", DRAFT202012.create_resource(document))
    schema = {"$ref": f"urn:document{pointer}"}
    return Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """The node, or what its reference points to."""
    if "$ref" not in node:
        return node
    target: Any = DOCUMENT
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part.replace("~1", "/").replace("~0", "~")]
    assert isinstance(target, dict)
    return resolved(target)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
