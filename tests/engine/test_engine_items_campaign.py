"""Days of a tenant with everything going wrong at random: what was told is what was made, no more and no less."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from engine_faults import Crash, Fault
from hypothesis import given, settings
from hypothesis import strategies as st
from item_stories import TENANT, Tracker
from world import answer

from chalicelib.domain.errors import NotFoundError, UnavailableError
from chalicelib.domain.items import Item
from chalicelib.domain.task import Status
from chalicelib.domain.webhooks import ItemEvent

PLACES = (
    ("items", "get"),
    ("items", "save"),
    ("webhooks", "all"),
    ("webhooks", "get"),
    ("tasks", "create"),
    ("tasks", "claim"),
    ("tasks", "commit"),
    ("tasks", "cancel"),
    ("tasks queue", "send"),
    ("tasks queue", "hold"),
    ("schedules", "create"),
    ("schedules", "delete"),
    ("door", "send"),
)
DUE_S = (None, 0, 1, 400, 4_000)

trouble = st.tuples(st.sampled_from(PLACES), st.sampled_from(Fault), st.integers(1, 4), st.sampled_from([1, 1, 3, 9]))
#: What is done, whether its messages overtake it, to which of the items there are, with which due date, what goes wrong
#: on the way, and how much time passes afterwards, in seconds.
step = st.tuples(
    st.sampled_from(["create", "update", "update", "race", "delete"]),
    st.booleans(),
    st.integers(0, 3),
    st.sampled_from(DUE_S),
    st.lists(trouble, max_size=2),
    st.sampled_from([0, 0, 1, 30, 600]),
)


class Truth:
    """What the items' store really took: the names of new items and of changes, and the items as they stand."""

    def __init__(self) -> None:
        self.created: set[str] = set()
        self.updated: set[str] = set()
        self.items: dict[str, Item] = {}
        self.dated: dict[str, int] = {}
        self._store: Any = None

    def around(self, name: str, port: Any) -> Any:
        """In front of the items' store, this."""
        if name != "items":
            return port
        self._store = port
        return self

    def get(self, tenant: str, item_id: str) -> Item | None:
        found: Item | None = self._store.get(tenant, item_id)
        return found

    def save(self, item: Item, *, over: int | None) -> bool:
        made: bool = self._store.save(item, over=over)
        if made:
            before = self.items.get(item.id)
            if item.due_token is not None and (before is None or before.due_token != item.due_token):
                self.dated[item.due_token] = item.updated_at
            self.items[item.id] = item
            if item.deleted_at is None:
                (self.created if over is None else self.updated).add(item.name)
        return made

    @property
    def due(self) -> set[str]:
        """The items whose last due date was ahead when it was set."""
        return {
            item.id
            for item in self.items.values()
            if item.due_at is not None and item.due_token is not None and item.due_at > self.dated[item.due_token]
        }


class Day:
    """A tenant with a webhook for each event, and somebody who counts what happens."""

    def __init__(self, tracker: Tracker, truth: Truth) -> None:
        self.tracker = tracker
        self.truth = truth
        for event in ItemEvent:
            tracker.listening(event, f"https://hooks.example/{event.value}")
        self._names = 0

    def act(self, what: str, which: int, due_s: int | None) -> None:
        items, due_at = self.tracker.platform.items, None if due_s is None else self.tracker.clock.now() + due_s * 1000
        fields: dict[str, Any] = {"name": self._name(), "due_at": due_at}
        ids = list(self.truth.items)
        if what == "create" or not ids:
            items.create(TENANT, fields)
            return
        item_id = ids[which % len(ids)]
        if what == "race":
            rival = {"name": self._name()}
            self.tracker.faults.before("items", "save", lambda *_, **__: items.update(TENANT, item_id, rival))
        if what == "delete":
            items.delete(TENANT, item_id)
        else:
            items.update(TENANT, item_id, fields)

    def told(self, event: ItemEvent, member: str = "name") -> set[str]:
        return {message["data"][member] for message in self.tracker.told(f"https://hooks.example/{event.value}")}

    def _name(self) -> str:
        self._names += 1
        return f"name {self._names}"


@settings(max_examples=300, deadline=None)
@given(st.lists(step, min_size=1, max_size=12), st.booleans())
def test_what_was_told_is_what_was_made(steps: list[Any], flaky: bool) -> None:
    truth = Truth()
    with Tracker(truth.around) as tracker:
        day = Day(tracker, truth)
        if flaky:
            tracker.servers.answers(answer(503), answer(200))
        for what, overtaken, which, due_s, troubles, pause_s in steps:
            if overtaken:
                tracker.faults.before("items", "save", lambda *_, **__: tracker.deliver())
            for (port, method), fault, nth, times in troubles:
                tracker.faults.fail(port, method, fault, nth=nth, times=times)
            with suppress(UnavailableError, NotFoundError, Crash):
                day.act(what, which, due_s)
            with suppress(Crash):
                tracker.work(until=tracker.clock.now() + pause_s * 1000)
            tracker.faults.heal()
        tracker.work()

        assert day.told(ItemEvent.CREATED) == day.truth.created
        assert day.told(ItemEvent.UPDATED) == day.truth.updated
        # A date that was told of may have been moved, or its item deleted, since.
        assert day.told(ItemEvent.DUE, "id") >= day.truth.due
        assert tracker.quiet()
        unsettled = Counter(row.status for row in tracker.rows()) - Counter(
            {Status.COMPLETED: 10_000, Status.CANCELLED: 10_000}
        )
        assert not unsettled


def test_of_changes_made_side_by_side_each_is_told_of_once(tracker: Tracker) -> None:
    for number in (1, 2):
        tracker.listening(ItemEvent.UPDATED, f"https://hooks.example/{number}")
    item = tracker.create()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: tracker.update(item, name=f"name {number}"), range(24)))
    tracker.work()

    names = sorted(f"name {number}" for number in range(24))
    for number in (1, 2):
        assert sorted(message["data"]["name"] for message in tracker.told(f"https://hooks.example/{number}")) == names
    assert tracker.item(item).version == 25
