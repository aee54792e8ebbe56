"""Every field of every API that takes an address to call: what leads inside is refused, and nothing is left behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from outbound_attacks import allowed, over_https, refused
from outbound_vectors import OWN_HOST, VECTORS, allowed_urls, refused_urls
from world import Reply, World

from surfaces.astraflow.tenancy import application

DESCRIPTIONS = Path(__file__).parents[2] / "docs" / "openapi"
HARMLESS = "https://example.com/"

#: How each field is sent, by the name that the complaint has to say.
Send = Callable[[str], Reply]
#: The names of request fields that hold an address. A new one has to be tried here.
FIELDS = {"callbackUrl", "targetUrl", "onCompleteUrl", "url"}
NAMED = {"targetUrl": "callbackUrl"}

#: Of the vectors, what AsyncQueue's manual promises all the same: a delay has no upper limit.
PROMISED = {"P054"}
PAYLOADS = [pytest.param(each, id=each["id"]) for each in VECTORS["payloads"] if each["id"] not in PROMISED]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(own_hosts=(OWN_HOST,)) as world:
        yield world


@pytest.fixture(scope="module")
def senders(world: World) -> dict[str, Send]:
    """Each field's request."""
    _, key = world.team()
    app = application(world)

    def task(**fields: str) -> Reply:
        return world.request("POST", "/v1/tasks", key=key, json=fields)

    return {
        "callbackUrl": lambda url: task(callbackUrl=url),
        "targetUrl": lambda url: task(targetUrl=url),
        "onCompleteUrl": lambda url: task(callbackUrl=HARMLESS, onCompleteUrl=url),
        "url": lambda url: app.ask("POST /webhooks", {"url": url, "event": "task.created"}),
    }


def stored(world: World) -> dict[str, int]:
    """How many rows each table has, queues and schedules included."""
    with world.database.lock:
        tables = [name for (name,) in world.database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        count = "SELECT count(*) FROM {}".format
        return {table: world.database.rows(count(table))[0][0] for table in tables}


def attacks() -> list[str]:
    """All lists together; of the many spellings of a number a part."""
    own = {kind: urls[:: 11 if kind == "IPv4 in other numbers" else 1] for kind, urls in refused().items()}
    return list(dict.fromkeys([*refused_urls("create"), *(url for urls in own.values() for url in urls)]))


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_what_leads_inside_is_refused_and_nothing_is_stored_or_sent(
    world: World, senders: dict[str, Send], field: str
) -> None:
    before = stored(world)

    for url in attacks():
        for each in dict.fromkeys((url, over_https(url))):
            reply = senders[field](each)
            # Half a character makes no JSON; a target is called by its first name.
            named = "JSON" if "\ud800" in each else NAMED.get(field, field)
            assert (reply.status, named in reply.body.decode()) == (400, True), ascii(each)
    assert stored(world) == before


@pytest.mark.parametrize("field", sorted(FIELDS - {"url"}))
def test_what_is_harmless_is_accepted(senders: dict[str, Send], field: str) -> None:
    for url in [*allowed_urls(), *(url for urls in allowed().values() for url in urls)]:
        for each in dict.fromkeys((url, over_https(url))):
            assert senders[field](each).status == 201, ascii(each)


def test_a_webhook_may_lead_to_what_is_harmless(world: World) -> None:
    for number, url in enumerate([*allowed_urls(), *(url for urls in allowed().values() for url in urls)]):
        if number % 20 == 0:
            app = application(world)  # no tenant has more webhooks
        assert app.ask("POST /webhooks", {"url": url, "event": "task.created"}).status == 201, ascii(url)


@pytest.mark.parametrize("vector", PAYLOADS)
def test_a_request_that_could_do_harm_is_refused(world: World, vector: dict[str, Any]) -> None:
    _, key = world.team()
    before = stored(world)
    reply = world.request("POST", "/v1/tasks", key=key, body=_payload(vector))

    assert 400 <= reply.status < 500
    assert stored(world) == before


def _payload(vector: dict[str, Any]) -> bytes:
    """The create request of a vector, in AsyncQueue's names."""
    if "create_json_raw" in vector:
        return str(vector["create_json_raw"]).replace('"url"', '"callbackUrl"').encode()
    order: dict[str, Any] = {"callbackUrl": HARMLESS}
    pairs = vector.get("headers", [])
    order |= {"headers": dict(pairs)} if pairs else {}
    order |= {"body": "x" * 262_145} if "body_bytes" in vector else {}
    names = {
        "method": "method",
        "body": "body",
        "timeout_s": "timeout",
        "run_at": "delayUntil",
        "retries": "maxRetries",
    }
    order |= {ours: vector[theirs] for theirs, ours in names.items() if theirs in vector}
    return json.dumps(order).encode()


def test_every_field_that_takes_an_address_is_tried() -> None:
    """Fields of requests whose name or format says that they hold a URL, in the published descriptions."""
    import yaml

    found: set[str] = set()
    for path in DESCRIPTIONS.glob("*.yaml"):
        document = yaml.safe_load(path.read_text("utf-8"))
        for operations in (document.get("paths") or {}).values():
            for operation in operations.values():
                if isinstance(operation, dict) and "requestBody" in operation:
                    found |= set(_addresses(operation["requestBody"], document, set()))

    assert found == FIELDS


def _addresses(node: Any, document: Any, seen: set[str]) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _addresses(each, document, seen)
    if not isinstance(node, dict):
        return
    reference = node.get("$ref", "")
    if reference.startswith("#/") and reference not in seen:
        target = document
        for step in reference[2:].split("/"):
            target = target[step]
        yield from _addresses(target, document, seen | {reference})
    for name, schema in (node.get("properties") or {}).items():
        text = json.dumps(schema)
        if name.lower().endswith(("url", "uri", "endpoint")) or '"uri"' in text:
            yield name
    for name, child in node.items():
        if name not in ("example", "examples"):
            yield from _addresses(child, document, seen)
