"""The pages of requests: what an OpenAPI description says, as HTML for `/docs`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from infra.docs import markdown, openapi

Schema = Mapping[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete")
#: How deep the fields of a body are told.
_DEPTH = 3


def render(source: Path) -> str:
    """The page of one surface's description."""
    return "".join(_Reference(source).parts())


class _Reference:
    """One description, told from its top to its end."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._document = openapi.document(source.stem)
        self._taken: dict[str, int] = {}

    def parts(self) -> Iterator[str]:
        info = self._document["info"]
        yield f"<h1>{escape(info['title'])}</h1>\n"
        yield f'<p class="lead">{escape(info["summary"])}</p>\n'
        yield self._text(info["description"])
        for tag in self._document["tags"]:
            yield f'<h2 id="{markdown.anchor(tag["name"], self._taken)}">{escape(tag["name"])}</h2>\n'
            yield self._text(tag.get("description", ""))
            for path, item in self._document["paths"].items():
                for method in _METHODS:
                    if tag["name"] in item.get(method, {}).get("tags", ()):
                        yield from self._operation(path, method, item[method], item.get("parameters", []))
        if sent := self._document["components"].get("pathItems"):
            yield f'<h2 id="{markdown.anchor("Sent to you", self._taken)}">Sent to you</h2>\n'
            for item in sent.values():
                yield from self._sent(item["post"])

    def _operation(self, path: str, method: str, told: Schema, shared: list[Schema]) -> Iterator[str]:
        name = told["operationId"]
        yield f'<section class="operation"><h3 id="{name}">{escape(told["summary"])}</h3>\n'
        yield (
            f'<p class="request"><span class="method {method}">{method.upper()}</span> <code>{escape(path)}</code> '
            f'<a class="try" href="{markdown.BASE}try-it?api={self._source.stem}#/{quote(told["tags"][0])}/{name}">'
            f'Try it<span class="aside">: {escape(told["summary"])}</span></a></p>\n'
        )
        yield self._text(told.get("description", ""))
        yield f'<p class="who">{" or ".join(self._ways(told["security"]))}</p>\n'
        yield from self._exchange(told, shared, "Answers")

    def _sent(self, told: Schema) -> Iterator[str]:
        """A request that goes to a receiver, and what each of the receiver's answers leads to."""
        yield f'<section class="operation"><h3 id="{told["operationId"]}">{escape(told["summary"])}</h3>\n'
        yield self._text(told["description"])
        yield from self._exchange(told, [], "Your answers")

    def _exchange(self, told: Schema, shared: list[Schema], answers: str) -> Iterator[str]:
        parameters = [self._resolved(each) for each in [*shared, *told.get("parameters", [])]]
        yield _table(
            ("Parameter", "In", "Allowed", "Meaning"),
            (
                (
                    _code(each["name"]) + ("<br><small>required</small>" if each.get("required") else ""),
                    escape(each["in"]),
                    self._allowed(each["schema"]),
                    self._text(each.get("description", "")),
                )
                for each in parameters
            ),
        )
        if "requestBody" in told:
            yield from self._body(self._resolved(told["requestBody"]))
        yield f"<h4>{answers}</h4>\n"
        for status, answer in told["responses"].items():
            yield from self._answer(status, self._resolved(answer))
        yield "</section>\n"

    def _ways(self, security: list[Mapping[str, Any]]) -> Iterator[str]:
        schemes = self._document["components"].get("securitySchemes", {})
        for way in security:
            if not way:
                yield "Open to all"
            yield from (
                f"<code>{escape(_credential(schemes[name]))}</code>"
                + (f" with {_codes(scopes)}" if (scopes := way[name]) else "")
                for name in way
            )
        if not security:
            yield "Open to all"

    def _body(self, body: Schema) -> Iterator[str]:
        yield "<h4>Body</h4>\n"
        for number, (kind, media) in enumerate(body["content"].items()):
            yield f'<p class="kind"><code>{escape(kind)}</code></p>\n'
            if number == 0:
                yield self._text(body.get("description", ""))
                yield self._fields(media["schema"])
            for title, value in _examples(media):
                yield _shown(title or "Example", value)

    def _answer(self, status: str, answer: Schema) -> Iterator[str]:
        named = f"{status} {HTTPStatus(int(status)).phrase}" if status.isdecimal() else status
        yield f'<details class="answer"><summary><span class="status s{status[0]}">{named}</span></summary>\n'
        yield self._text(answer["description"])
        headers = answer.get("headers", {})
        yield _table(
            ("Header", "Meaning"),
            (
                (_code(name), self._text(header.get("description", "")))
                for name, header in headers.items()
                if "$ref" not in header
            ),
        )
        # What many answers have is explained once, in the description of the surface.
        if shared := [name for name, header in headers.items() if "$ref" in header]:
            yield f'<p class="kind">Headers: {_codes(shared)}</p>\n'
        for kind, media in answer.get("content", {}).items():
            for title, value in _examples(media):
                yield _shown(f"{kind}{f', {title}' if title else ''}", value)
        yield "</details>\n"

    def _fields(self, schema: Schema) -> str:
        return _table(("Field", "Allowed", "Meaning"), self._rows(schema, "", 0))

    def _rows(self, schema: Schema, before: str, depth: int) -> Iterator[tuple[str, ...]]:
        schema = self._resolved(schema)
        for each in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
            yield from self._rows(each, before, depth)
        for name, given in schema.get("properties", {}).items():
            field = self._resolved(given)
            required = "<br><small>required</small>" if name in schema.get("required", ()) else ""
            described = self._text(given.get("description", field.get("description", "")))
            yield _code(before + name) + required, self._allowed(field), described
            if depth < _DEPTH:
                yield from self._rows(field, f"{before}{name}.", depth + 1)

    def _allowed(self, schema: Schema) -> str:
        """What a value may be, in a few words."""
        schema = self._resolved(schema)
        if "const" in schema:
            return _code(json.dumps(schema["const"]))
        if "enum" in schema:
            return _codes(schema["enum"])
        choices = [self._allowed(each) for each in (*schema.get("oneOf", ()), *schema.get("anyOf", ()))]
        if choices:
            return " or ".join(dict.fromkeys(choices))
        kinds = schema.get("type", "any value")
        words = [" or ".join(kinds) if isinstance(kinds, list) else kinds]
        if kinds == "array":
            words = [f"array of {self._allowed(schema.get('items', {}))}"]
        if "format" in schema:
            words.append(f"({escape(schema['format'])})")
        words += [
            f"{word} {schema[key]:,}"
            for key, word in (
                ("minimum", "from"),
                ("exclusiveMinimum", "above"),
                ("maximum", "to"),
                ("minLength", "from"),
                ("maxLength", "to"),
            )
            if key in schema
        ]
        if {"minLength", "maxLength"} & schema.keys():
            words.append("characters")
        if "default" in schema:
            words.append(f"(default {_code(json.dumps(schema['default']))})")
        return " ".join(words)

    def _resolved(self, node: Schema) -> Schema:
        while "$ref" in node:
            kind, name = node["$ref"].split("/")[-2:]
            node = self._document["components"][kind][name]
        return node

    def _text(self, text: str) -> str:
        return markdown.render(text, self._source) if text else ""


def _credential(scheme: Schema) -> str:
    if scheme["type"] == "apiKey":
        return f"{scheme['name']}: KEY"
    return f"Authorization: {scheme.get('scheme', 'bearer').capitalize()} ..."


def _examples(media: Schema) -> Iterator[tuple[str, Any]]:
    if "example" in media:
        yield "", media["example"]
    for name, example in media.get("examples", {}).items():
        yield example.get("summary", name), example["value"]


def _shown(title: str, value: Any) -> str:
    text, language = (value, "text") if isinstance(value, str) else (json.dumps(value, indent=2), "json")
    return f'<p class="kind">{escape(title)}</p>\n{markdown.code(text, language)}'


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    if not lines:
        return ""
    heads = "".join(f"<th>{name}</th>" for name in header)
    return (
        f'<div class="table" role="group" aria-label="{header[0]}s" tabindex="0"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>\n{chr(10).join(lines)}\n</tbody></table></div>\n"
    )


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _codes(values: Iterable[Any]) -> str:
    return ", ".join(_code(value if isinstance(value, str) else json.dumps(value)) for value in values)
