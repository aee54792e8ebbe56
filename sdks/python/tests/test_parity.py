"""What the server offers, the SDK can ask for; what the server shows, the SDK has a name for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from app import asimov, astraflow, asyncflow, asyncqueue, oauth
from chalicelib.domain.literals import ASYNCFLOW_KEY
from places import Place, Twin
from world import answer

from astraflow_sdk.models._model import Model, _key

HOOK = "https://api.example.com/webhook"
#: What is not for clients of these APIs.
NOT_OFFERED = {
    ("POST", "/oauth/revoke"),
    ("POST", "/oauth/introspect"),
    ("GET", "/.well-known/oauth-authorization-server"),
}
#: Members that say how an answer is wrapped.
ENVELOPE = {"apiVersion", "metadata"}


def everything(place: Place, twin: Twin) -> Iterator[Any]:
    """The result of every method of every client."""
    run, later = twin.run, datetime.fromtimestamp(place.clock.now() / 1000, UTC) + timedelta(hours=1)
    place.world.door.script = lambda request: answer(200, "fine", content_type="text/plain")

    queue = place.client("AsyncQueueClient", place.world.team()[1])
    task = run(queue.create_task(HOOK, headers={"X": "y"}, body="x", on_complete_url=HOOK))
    delayed = run(queue.create_task(HOOK, delay_until=later))
    yield from (task, delayed, run(queue.wait(task.id)), run(queue.poll_until_complete(task.id)))
    yield from (
        run(queue.get_task(task.id, include_request=True)),
        run(queue.list_tasks()),
        run(queue.attempts(task.id)),
    )
    yield run(queue.cancel_task(delayed.id))
    key, member = run(queue.create_key("a key")), run(queue.add_member("a@example.com"))
    yield from (key, member, run(queue.rotate_key(key.id)), run(queue.list_keys()), run(queue.list_members()))
    yield from (run(queue.revoke_key(key.id)), run(queue.remove_member(member.id)))
    yield from (run(queue.signing_secret()), run(queue.rotate_signing_secret()))

    flow = place.client("AsyncFlowClient", ASYNCFLOW_KEY, "group-7", max_retries=20)
    message = run(flow.submit("always-fail", "x"))
    yield from (message, run(flow.wait(message.tracking_id)), run(flow.get(message.tracking_id)))
    yield from (run(flow.list()), run(flow.report()))

    one = place.client("AsimovClient", place.world.team()[1])
    operation = run(one.start("hello", {"message": "Hello, X"}))
    yield from (operation, run(one.cancel(operation.id)), run(one.get(operation.id)), run(one.wait(operation.id)))
    yield run(one.call("hello", {"message": "Hello, X"}))

    _, made, _ = place.world.platform.tenants.create("A tenant", "admin@example.com")
    astra = place.client("AstraClient", client_id=made.client.id, client_secret=made.secret)
    hook = run(astra.create_webhook(HOOK, "task.created"))
    item = run(astra.create_task("New", due_date=later, priority="high", description="x"))
    place.world.work(until=place.clock.now())
    yield from (hook, item, run(astra.get_task(item.id)), run(astra.update_task(item.id, status="active")))
    yield from (run(astra.get_tasks()), run(astra.create_user("a@af.com", "secret")), run(astra.get_users()))
    delivery = run(astra.get_deliveries(hook.id))[0]
    yield from (
        delivery,
        run(astra.get_delivery(hook.id, delivery.id)),
        run(astra.replay_delivery(hook.id, delivery.id)),
    )
    yield from (run(astra.ping_webhook(hook.id)), run(astra.rotate_webhook_secret(hook.id)))
    yield from (run(astra.enable_webhook(hook.id)), run(astra.get_webhook(hook.id)), run(astra.get_webhooks()))
    yield from (run(astra.delete_webhook(hook.id)), run(astra.delete_task(item.id)))


def test_every_route_is_asked_for_and_every_member_has_a_name(place: Place, twin: Twin) -> None:
    nameless = {name for result in everything(place, twin) for name in unknown(result)}

    assert nameless == set()
    declared = {
        (method, path)
        for surface in (asyncqueue, asyncflow, asimov, astraflow, oauth)
        for path, endpoints in surface.endpoints.items()
        for method in endpoints
    }
    asked = {(each.method, route(each.url.path, {path for _, path in declared})) for each in place.transport.requests}
    assert declared - asked == NOT_OFFERED


def test_every_method_is_tried() -> None:
    """The story above leaves none out."""
    import inspect

    import astraflow_sdk

    told = inspect.getsource(everything)
    for kind, variable in (
        (astraflow_sdk.AsyncQueueClient, "queue"),
        (astraflow_sdk.AsyncFlowClient, "flow"),
        (astraflow_sdk.AsimovClient, "one"),
        (astraflow_sdk.AstraClient, "astra"),
    ):
        for name in vars(kind):
            assert name.startswith("_") or f"{variable}.{name}(" in told, name


def unknown(result: Any) -> set[str]:
    """Members of what was answered that the models have no field for."""
    if isinstance(result, list):
        return {name for each in result for name in unknown(each)}
    if not isinstance(result, Model):
        return set()
    kind = type(result)
    fields = {_key(kind, name) for name in kind.__dataclass_fields__} | ENVELOPE
    inside = [getattr(result, name) for name in kind.__dataclass_fields__]
    found = {f"{kind.__name__}.{name}" for name in result.raw if name not in fields}
    return found | {name for each in inside for name in unknown(each)}


def route(path: str, declared: set[str]) -> str:
    """The declared path that API Gateway would choose."""
    matching = [each for each in declared if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each), path)]
    return min(matching, key=lambda each: each.count("{"))
