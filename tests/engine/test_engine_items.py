"""Keeping items: each change is made exactly once, and told of exactly if it was made."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from engine_faults import Crash, Fault
from item_stories import ENDPOINT, TENANT, Tracker
from world import answer

from chalicelib.domain.errors import NotFoundError, UnavailableError
from chalicelib.domain.items import TOMBSTONE_S, Item, ItemStatus, Priority
from chalicelib.domain.task import Status
from chalicelib.domain.webhooks import ItemEvent
from chalicelib.engine.items import Created

MINUTE = 60_000
HOUR = 60 * MINUTE


class TestTelling:
    def test_a_new_item_is_told_of_once_it_is_there(self, tracker: Tracker) -> None:
        tracker.listening(ItemEvent.CREATED)

        item = tracker.create(priority=Priority.HIGH)
        tracker.work()

        (message,) = tracker.told()
        assert (message["event"], message["data"]["id"], message["data"]["priority"]) == (
            "task.created",
            item.id,
            "high",
        )

    def test_a_change_is_told_of_with_what_it_made(self, tracker: Tracker) -> None:
        tracker.listening(ItemEvent.UPDATED)
        item = tracker.create()

        tracker.update(item, status=ItemStatus.ACTIVE)
        tracker.update(item, status=ItemStatus.COMPLETED)
        tracker.work()

        assert [message["data"]["status"] for message in tracker.told()] == ["active", "completed"]

    def test_every_webhook_that_listens_is_told_and_no_other(self, tracker: Tracker) -> None:
        for number in range(3):
            tracker.listening(ItemEvent.CREATED, f"{ENDPOINT}/{number}")
        tracker.listening(ItemEvent.UPDATED, f"{ENDPOINT}/updates")
        tracker.platform.webhooks.register("t" + "f" * 16, f"{ENDPOINT}/stranger", ItemEvent.CREATED)

        tracker.create()
        tracker.work()

        assert sorted(request.url for request in tracker.servers.calls) == [f"{ENDPOINT}/{n}" for n in range(3)]

    def test_deleting_is_not_told_of(self, tracker: Tracker) -> None:
        for event in ItemEvent:
            tracker.listening(event)
        item = tracker.create()
        tracker.work()

        tracker.delete(item)
        tracker.work()

        assert [message["event"] for message in tracker.told()] == ["task.created"]

    def test_the_task_that_tells_is_there_before_the_item(self, tracker: Tracker) -> None:
        tracker.listening(ItemEvent.CREATED)
        order: list[str] = []
        tracker.faults.before("tasks queue", "send", lambda *_, **__: order.append("baton"))
        tracker.faults.before("tasks", "create", lambda *_: order.append("row"))
        tracker.faults.before("items", "save", lambda *_, **__: order.append("item"))

        tracker.create()

        assert order == ["baton", "row", "item"]

    def test_a_message_that_overtakes_its_change_waits_for_it(self, tracker: Tracker) -> None:
        webhook = tracker.listening(ItemEvent.CREATED)
        tracker.faults.before("items", "save", lambda *_, **__: tracker.deliver())

        tracker.create()

        assert tracker.told() == []
        assert [row.status for row in tracker.deliveries(webhook)] == [Status.CONTINUED]
        tracker.work()
        assert [message["event"] for message in tracker.told()] == ["task.created"]

    def test_a_change_that_is_followed_by_many_is_still_told_of(self, tracker: Tracker) -> None:
        """The row remembers its last changes only; one that it has forgotten is told of rather than lost."""
        tracker.listening(ItemEvent.UPDATED)
        item = tracker.create()
        tracker.update(item, name="first")
        tracker.clock.sleep(HOUR)
        for number in range(8):
            tracker.items.save(  # as another machine would
                Item(**{**_fields(tracker.item(item)), **_next(tracker.item(item), number)}),
                over=tracker.item(item).version,
            )

        tracker.work()

        assert [message["data"]["name"] for message in tracker.told()] == ["first"]

    def test_a_change_of_an_item_that_was_deleted_since_is_still_told_of(self, tracker: Tracker) -> None:
        tracker.listening(ItemEvent.UPDATED)
        item = tracker.create()
        tracker.update(item, name="last words")
        tracker.delete(item)

        tracker.work()

        assert [message["data"]["name"] for message in tracker.told()] == ["last words"]


def _fields(item: Item) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def _next(item: Item, number: int) -> dict[str, Any]:
    from chalicelib.domain.items import changed

    after = changed(item, token=f"token {number}", now=item.updated_at + HOUR)
    return {"version": after.version, "changes": after.changes, "updated_at": after.updated_at}


class TestDeleting:
    def test_a_deleted_item_is_gone_for_every_reader(self, tracker: Tracker) -> None:
        item = tracker.create()

        tracker.delete(item)

        assert tracker.all() == ()
        for act in (tracker.item, tracker.update, tracker.delete):
            with pytest.raises(NotFoundError):
                act(item)

    def test_its_tombstone_holds_nothing_of_its_content(self, tracker: Tracker) -> None:
        item = tracker.create("secret plan", description="very secret", due_at=tracker.clock.now() + HOUR)

        tracker.delete(item)

        stone = tracker.items.get(TENANT, item.id)
        assert stone is not None
        assert (stone.name, stone.description, stone.due_at, stone.priority) == ("", "", None, None)
        assert stone.expires_at == tracker.clock.now() // 1000 + TOMBSTONE_S


class TestRivals:
    def test_of_changes_made_at_the_same_time_none_is_lost(self, tracker: Tracker) -> None:
        item = tracker.create()
        fields = ["name", "description", "status", "priority"]
        values: dict[str, Any] = {
            "name": "renamed",
            "description": "described",
            "status": ItemStatus.ACTIVE,
            "priority": Priority.HIGH,
        }

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda field: tracker.update(item, **{field: values[field]}), fields))

        stored = tracker.item(item)
        assert {field: getattr(stored, field) for field in fields} == values
        assert stored.version == 5

    def test_a_change_that_comes_second_is_made_over_the_first(self, tracker: Tracker) -> None:
        webhook = tracker.listening(ItemEvent.UPDATED)
        item = tracker.create()
        tracker.faults.before("items", "save", lambda *_, **__: tracker.update(item, description="rival"))

        tracker.update(item, name="mine")

        assert (tracker.item(item).name, tracker.item(item).description) == ("mine", "rival")
        tracker.work()
        told = [(message["data"]["name"], message["data"]["description"]) for message in tracker.told()]
        assert sorted(told) == [("Write the report", "rival"), ("mine", "rival")]
        # The round that was lost had a task of its own, which ended without a word.
        assert sorted(row.result is None for row in tracker.deliveries(webhook)) == [False, False, True]

    def test_a_lost_round_is_known_at_once(self, tracker: Tracker) -> None:
        tracker.listening(ItemEvent.UPDATED)
        item = tracker.create()
        tracker.faults.before("items", "save", lambda *_, **__: tracker.update(item, description="rival"))
        tracker.update(item, name="mine")
        began = tracker.clock.now()

        tracker.work()

        assert tracker.clock.now() - began < 5_000

    def test_an_item_that_never_stands_still_is_given_up(self, tracker: Tracker) -> None:
        item = tracker.create()
        for number in range(1_000):
            tracker.faults.before(
                "items",
                "save",
                lambda *_, number=number, **__: tracker.items.save(
                    Item(**{**_fields(tracker.item(item)), **_next(tracker.item(item), number)}),
                    over=tracker.item(item).version,
                ),
                nth=number + 1,
            )

        with pytest.raises(UnavailableError):
            tracker.update(item, name="never")


#: Each flow with what its webhooks are told of.
FLOWS: dict[str, tuple[Callable[[Tracker, Item], object], ItemEvent]] = {
    "create": (lambda tracker, _: tracker.create("new"), ItemEvent.CREATED),
    "update": (lambda tracker, item: tracker.update(item, name="new"), ItemEvent.UPDATED),
    "delete": (lambda tracker, item: tracker.delete(item), ItemEvent.UPDATED),
    "create with a due date": (
        lambda tracker, _: tracker.create("new", due_at=tracker.clock.now() + 2 * HOUR),
        ItemEvent.DUE,
    ),
    "update with a due date": (
        lambda tracker, item: tracker.update(item, name="new", due_at=tracker.clock.now() + 10 * MINUTE),
        ItemEvent.DUE,
    ),
    "move a due date": (
        lambda tracker, item: tracker.update(
            tracker.update(item, due_at=tracker.clock.now() + HOUR), name="new", due_at=tracker.clock.now() + 2 * HOUR
        ),
        ItemEvent.DUE,
    ),
}


def _prepared(tracker: Tracker, event: ItemEvent) -> Item:
    """An item that was there before, and two webhooks that are told of the event alone."""
    item = tracker.create("old")
    tracker.listening(event, f"{ENDPOINT}/1")
    tracker.listening(event, f"{ENDPOINT}/2")
    return item


def _calls(flow: str) -> list[tuple[str, str, int]]:
    """Every call that a flow makes of a store, a queue or the schedules: port, method and which of them it is."""
    act, event = FLOWS[flow]
    with Tracker() as tracker:
        item = _prepared(tracker, event)
        before = tracker.faults.calls.copy()
        act(tracker, item)
        made = tracker.faults.calls - before
    ports = ("items", "webhooks", "tasks", "tasks queue", "schedules")
    return [(port, method, nth + 1) for (port, method), count in made.items() if port in ports for nth in range(count)]


MATRIX = [
    pytest.param(flow, port, method, nth, id=f"{flow}: {port}.{method} {nth}")
    for flow in FLOWS
    for port, method, nth in _calls(flow)
]


def _made(tracker: Tracker, flow: str) -> bool:
    """Whether the change that the flow is about is in the items' rows."""
    if flow == "delete":
        return tracker.all() == ()
    return any(item.name == "new" for item in tracker.all())


@pytest.mark.parametrize(("flow", "port", "method", "nth"), MATRIX)
@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("times", [1, 3])
def test_a_change_is_told_of_exactly_if_it_was_made(
    flow: str, port: str, method: str, nth: int, fault: Fault, times: int
) -> None:
    act, event = FLOWS[flow]
    with Tracker() as tracker:
        item = _prepared(tracker, event)
        tracker.faults.fail(port, method, fault, nth=nth, times=times)
        acknowledged = True
        try:
            act(tracker, item)
        except (UnavailableError, Crash):
            acknowledged = False
        tracker.faults.heal()
        made = _made(tracker, flow)

        tracker.work()

        assert made or not acknowledged
        told = [0 if flow == "delete" or not made else 1] * 2
        names = [[message["data"]["name"] for message in tracker.told(f"{ENDPOINT}/{n}")] for n in (1, 2)]
        assert [names[0].count("new"), names[1].count("new")] == told
        if flow != "move a due date":
            assert [len(each) for each in names] == told
        assert all(row.status in (Status.COMPLETED, Status.CANCELLED) for row in tracker.rows())
        assert tracker.quiet()


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(
    ("port", "method"),
    [("items", "get"), ("items", "save"), ("webhooks", "all"), ("tasks queue", "send"), ("tasks", "create")],
)
def test_a_creation_repeated_under_its_key_is_made_and_told_once(
    fault: Fault, port: str, method: str, times: int
) -> None:
    with Tracker() as tracker:
        tracker.listening(ItemEvent.CREATED)
        items = tracker.platform.items
        tracker.faults.fail(port, method, fault, times=times)
        with suppress(Crash, UnavailableError):
            items.create(TENANT, {"name": "new"}, key="k", fingerprint="f")
        tracker.faults.heal()

        made = items.create(TENANT, {"name": "new"}, key="k", fingerprint="f")
        _work_through_crashes(tracker)

        assert [item.id for item in tracker.all()] == [made.item.id]
        assert [message["data"]["id"] for message in tracker.told()] == [made.item.id]


def test_of_creations_with_one_key_at_the_same_time_one_is_made(tracker: Tracker) -> None:
    tracker.listening(ItemEvent.CREATED)
    items = tracker.platform.items
    rivals: list[Created] = []
    tracker.faults.before(
        "items", "save", lambda *_, **__: rivals.append(items.create(TENANT, {"name": "new"}, key="k", fingerprint="f"))
    )

    made = items.create(TENANT, {"name": "new"}, key="k", fingerprint="f")
    tracker.work()

    assert [rivals[0].replayed, made.replayed] == [False, True]
    assert made.item.id == rivals[0].item.id
    assert len(tracker.all()) == len(tracker.told()) == 1


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize(
    ("port", "method"),
    [
        ("items", "get"),
        ("webhooks", "get"),
        ("tasks", "claim"),
        ("tasks", "commit"),
        ("tasks queue", "send"),
        ("door", "send"),
    ],
)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_no_event_is_lost_on_its_way(fault: Fault, port: str, method: str, nth: int) -> None:
    with Tracker() as tracker:
        tracker.listening(ItemEvent.CREATED)
        tracker.servers.answers(answer(500), answer(200))
        tracker.create("new")
        tracker.faults.fail(port, method, fault, nth=nth)

        _work_through_crashes(tracker)

        told = tracker.told()
        assert told
        assert {message["data"]["name"] for message in told} == {"new"}
        assert len({dict(request.headers)["webhook-id"] for request in tracker.calls()}) == 1
        assert [row.status for row in tracker.rows()] == [Status.COMPLETED]


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize(
    ("port", "method"),
    [("items", "get"), ("webhooks", "all"), ("tasks", "create"), ("tasks", "commit"), ("tasks queue", "send")],
)
@pytest.mark.parametrize("nth", [1, 2])
def test_no_due_date_is_lost_on_its_way(fault: Fault, port: str, method: str, nth: int) -> None:
    with Tracker() as tracker:
        tracker.listening(ItemEvent.DUE, f"{ENDPOINT}/1")
        tracker.listening(ItemEvent.DUE, f"{ENDPOINT}/2")
        tracker.create("new", due_at=tracker.clock.now() + 5 * MINUTE)
        tracker.faults.fail(port, method, fault, nth=nth)

        _work_through_crashes(tracker)

        # What was sent before a crash may be sent again, under the same id.
        ids = [{dict(request.headers)["webhook-id"] for request in tracker.calls(f"{ENDPOINT}/{n}")} for n in (1, 2)]
        assert [len(each) for each in ids] == [1, 1]
        assert all(row.status is Status.COMPLETED for row in tracker.rows())


def _work_through_crashes(tracker: Tracker) -> None:
    for _ in range(3):
        try:
            tracker.work()
        except Crash:
            continue
        return
