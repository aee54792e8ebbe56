"""AstraFlow's tasks over HTTP: the documented views, pages and merges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from world import World

from surfaces.astraflow.tenancy import Application, application

SECOND = 1_000
DAY = 86_400 * SECOND


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def app(world: World) -> Application:
    return application(world)


def links(reply: Any) -> dict[str, str]:
    """The targets of a reply's links, by their relations."""
    return {relation: target for target, relation in re.findall(r'<([^>]+)>; rel="(\w+)"', reply.headers["link"])}


class TestViews:
    def test_a_new_task_is_pending_and_shown_with_what_was_set(self, app: Application) -> None:
        reply = app.ask("POST /tasks", {"name": "New", "due_date": "2025-07-01T12:00:00Z", "priority": "high"})

        assert reply.status == 201
        assert list(reply.json) == ["id", "name", "status", "due_date", "priority"]
        assert reply.json == {
            "id": reply.json["id"],
            "name": "New",
            "status": "pending",
            "due_date": "2025-07-01T12:00:00Z",
            "priority": "high",
        }
        assert reply.headers["location"] == f"/api/v1/tasks/{reply.json['id']}"

    def test_what_was_not_set_is_not_shown(self, app: Application) -> None:
        task = app.task()

        assert list(task) == ["id", "name", "status"]
        assert app.made(f"GET /tasks/{task['id']}") == {
            "id": task["id"],
            "name": "Sample",
            "description": "",
            "status": "pending",
            "created_at": "2024-01-15T10:30:00Z",
            "updated_at": "2024-01-15T10:30:00Z",
        }

    def test_a_task_by_itself_has_its_due_date_and_priority_when_they_are_set(self, app: Application) -> None:
        task = app.task(due_date="2025-07-01T12:00:00+02:00", priority="low", description="two\nlines")

        shown = app.made(f"GET /tasks/{task['id']}")

        assert (shown["due_date"], shown["priority"]) == ("2025-07-01T10:00:00Z", "low")
        assert shown["description"] == "two\nlines"

    def test_a_change_answers_with_the_three_documented_keys(self, app: Application, world: World) -> None:
        task = app.task()
        world.clock.sleep(90 * SECOND)

        changed = app.made(f"PUT /tasks/{task['id']}", {"status": "completed"})

        assert changed == {"id": task["id"], "status": "completed", "updated_at": "2024-01-15T10:31:30Z"}
        assert list(changed) == ["id", "status", "updated_at"]

    def test_deleting_answers_with_the_documented_message(self, app: Application) -> None:
        task = app.task()

        assert app.ask(f"DELETE /tasks/{task['id']}").json == {"message": "Task deleted successfully"}
        for line in (f"GET /tasks/{task['id']}", f"DELETE /tasks/{task['id']}"):
            assert app.ask(line).status == 404
        assert app.ask(f"PUT /tasks/{task['id']}", {}).status == 404


class TestMerging:
    def test_a_change_leaves_what_it_does_not_name(self, app: Application) -> None:
        task = app.task(priority="high", description="kept", due_date="2030-01-01")

        app.made(f"PUT /tasks/{task['id']}", {"name": "Renamed"})

        shown = app.made(f"GET /tasks/{task['id']}")
        assert (shown["name"], shown["description"], shown["priority"]) == ("Renamed", "kept", "high")
        assert shown["due_date"] == "2030-01-01T00:00:00Z"

    def test_null_takes_back_a_due_date_and_a_priority_and_nothing_else(self, app: Application) -> None:
        task = app.task(priority="high", description="kept", due_date="2030-01-01")

        nulls = dict.fromkeys(("name", "description", "status", "due_date", "priority"))
        app.made(f"PUT /tasks/{task['id']}", nulls)

        shown = app.made(f"GET /tasks/{task['id']}")
        assert list(shown) == ["id", "name", "description", "status", "created_at", "updated_at"]
        assert (shown["name"], shown["description"], shown["status"]) == ("Sample", "kept", "pending")

    def test_a_change_without_a_field_changes_nothing_and_tells_nobody(self, app: Application, world: World) -> None:
        app.webhook("task.updated")
        task = app.task()
        before = app.made(f"GET /tasks/{task['id']}")
        world.clock.sleep(5_000)

        answered = app.made(f"PUT /tasks/{task['id']}", {})
        world.work()

        assert answered == {name: before[name] for name in ("id", "status", "updated_at")}
        assert app.made(f"GET /tasks/{task['id']}") == before
        assert world.door.calls == []
        assert app.ask("PUT /tasks/nobody-s", {}).status == 404

    def test_an_empty_description_empties_it(self, app: Application) -> None:
        task = app.task(description="gone")

        app.made(f"PUT /tasks/{task['id']}", {"description": ""})

        assert app.made(f"GET /tasks/{task['id']}")["description"] == ""

    def test_of_changes_made_at_the_same_time_none_is_lost(self, app: Application) -> None:
        task = app.task()
        changes = [{"name": "n"}, {"description": "d"}, {"status": "active"}, {"priority": "low"}, {"due_date": "2030"}]
        changes[-1] = {"due_date": "2030-01-01"}

        with ThreadPoolExecutor(5) as threads:
            replies = list(threads.map(lambda change: app.ask(f"PUT /tasks/{task['id']}", change), changes))

        assert [reply.status for reply in replies] == [200] * 5
        shown = app.made(f"GET /tasks/{task['id']}")
        assert {name: shown[name] for change in changes for name in change} == {
            "name": "n",
            "description": "d",
            "status": "active",
            "priority": "low",
            "due_date": "2030-01-01T00:00:00Z",
        }


class TestPages:
    @pytest.fixture
    def names(self, app: Application, world: World) -> list[str]:
        """The names of 45 tasks, newest first; every third is active."""
        for number in range(45):
            task = app.task(name=f"Task {number}")
            if number % 3 == 0:
                app.made(f"PUT /tasks/{task['id']}", {"status": "active"})
            world.clock.sleep(1)
        return [f"Task {number}" for number in reversed(range(45))]

    def test_a_page_has_the_documented_keys_and_twenty_tasks(self, app: Application, names: list[str]) -> None:
        page = app.made("GET /tasks")

        assert list(page) == ["tasks", "page", "total"]
        assert [task["name"] for task in page["tasks"]] == names[:20]
        assert list(page["tasks"][0]) == ["id", "name", "status"]
        assert (page["page"], page["total"]) == (1, 45)

    def test_pages_follow_each_other_without_gap_or_repetition(self, app: Application, names: list[str]) -> None:
        reply = app.ask("GET /tasks?per_page=7")
        seen = [task["name"] for task in reply.json["tasks"]]
        while "next" in links(reply):
            reply = app.ask("GET " + links(reply)["next"].removeprefix("/api/v1"))
            seen += [task["name"] for task in reply.json["tasks"]]

        assert seen == names
        assert reply.json["page"] == 7

    def test_the_total_and_the_links_count_what_the_filter_leaves(self, app: Application, names: list[str]) -> None:
        reply = app.ask("GET /tasks?status=active&page=2&per_page=5")

        assert [task["name"] for task in reply.json["tasks"]] == names[2::3][5:10]
        assert (reply.json["total"], reply.headers["x-total-count"]) == (15, "15")
        last = "/api/v1/tasks?status=active&page=3&per_page=5"
        assert links(reply) == {
            "first": last.replace("=3", "=1"),
            "prev": last.replace("=3", "=1"),
            "next": last,
            "last": last,
        }

    def test_the_manual_s_own_url_works_as_printed(self, app: Application, names: list[str]) -> None:
        page = app.made("GET /tasks?status=active&page;=1&per;_page=20")

        assert (len(page["tasks"]), page["page"], page["total"]) == (15, 1, 15)

    @pytest.mark.parametrize("status", ["ACTIVE", "Active"])
    def test_a_filter_takes_any_case(self, app: Application, names: list[str], status: str) -> None:
        assert app.made(f"GET /tasks?status={status}")["total"] == 15

    def test_more_than_a_hundred_on_a_page_is_a_hundred(self, app: Application, names: list[str]) -> None:
        reply = app.ask("GET /tasks?per_page=1000")

        assert len(reply.json["tasks"]) == 45
        assert links(reply)["first"].endswith("page=1&per_page=100")

    def test_a_page_behind_the_last_is_empty(self, app: Application, names: list[str]) -> None:
        reply = app.ask("GET /tasks?page=99")

        assert reply.json == {"tasks": [], "page": 99, "total": 45}
        assert "next" not in links(reply)


LONG = "x" * 501
BAD = [
    ("POST /tasks", {}, "name is required"),
    ("POST /tasks", {"name": ""}, "name is required"),
    ("POST /tasks", {"name": None}, "name is required"),
    ("POST /tasks", {"name": 7}, "name must be a string"),
    ("POST /tasks", {"name": LONG}, "name must be at most 500 characters"),
    ("POST /tasks", {"name": "a\nb"}, "name must not contain control characters"),
    ("POST /tasks", {"name": "n", "description": 1}, "description must be a string"),
    ("POST /tasks", {"name": "n", "description": "x" * 10_001}, "description must be at most 10000 characters"),
    ("POST /tasks", {"name": "n", "description": "\0"}, "description must not contain NUL characters"),
    ("POST /tasks", {"name": "n", "due_date": "tomorrow"}, "due_date must be a valid ISO 8601 date"),
    ("POST /tasks", {"name": "n", "due_date": 1751371200}, "due_date must be a valid ISO 8601 date"),
    ("POST /tasks", {"name": "n", "priority": "urgent"}, "priority must be one of: low, medium, high"),
    ("POST /tasks", {"name": "n", "priority": 1}, "priority must be one of: low, medium, high"),
    (
        "POST /tasks",
        {"name": "n", "status": "active"},
        "Unknown field: status (allowed: name, description, due_date, priority)",
    ),
    ("POST /tasks", {"name": "n", "dueDate": "2030-01-01"}, "Unknown field: dueDate (did you mean due_date?)"),
    ("POST /tasks", [], "Request body must be a JSON object"),
    ("PUT /tasks/{id}", {"status": "done"}, "status must be one of: pending, active, completed"),
    ("PUT /tasks/{id}", {"name": ""}, "name must not be empty"),
    ("PUT /tasks/{id}", {"due_date": ""}, "due_date must be a valid ISO 8601 date"),
    (
        "PUT /tasks/{id}",
        {"created_at": "2030-01-01"},
        "Unknown field: created_at (allowed: name, description, status, due_date, priority)",
    ),
    ("GET /tasks?status=done", None, "status must be one of: pending, active, completed"),
    ("GET /tasks?page=0", None, "page must be a whole number of 1 or more"),
    ("GET /tasks?page=one", None, "page must be a whole number of 1 or more"),
    ("GET /tasks?per_page=-1", None, "per_page must be a whole number of 1 or more"),
    ("GET /tasks?limit=5", None, "Unknown query parameter: limit (allowed: status, page, per_page)"),
]


@pytest.mark.parametrize(("line", "json", "message"), BAD)
def test_what_is_wrong_is_said_in_the_manual_s_shape(app: Application, line: str, json: Any, message: str) -> None:
    reply = app.ask(line.replace("{id}", app.task()["id"]), json)

    assert (reply.status, reply.json) == (400, {"code": 400, "error": "Bad Request", "message": message})


def test_nothing_is_stored_of_what_is_wrong(app: Application) -> None:
    for line, json, _ in BAD:
        if line == "POST /tasks":
            app.ask(line, json)

    assert app.made("GET /tasks")["total"] == 0


READ, WRITE, HOOKS = "tasks:read", "tasks:write", "webhooks:write"
ID = "550e8400-e29b-41d4-a716-446655440000"
ROUTES = {
    "GET /tasks": READ,
    "POST /tasks": WRITE,
    f"GET /tasks/{ID}": READ,
    f"PUT /tasks/{ID}": WRITE,
    f"DELETE /tasks/{ID}": WRITE,
    "GET /webhooks": HOOKS,
    "POST /webhooks": HOOKS,
    f"GET /webhooks/{ID}": HOOKS,
    f"DELETE /webhooks/{ID}": HOOKS,
    f"POST /webhooks/{ID}/ping": HOOKS,
    f"POST /webhooks/{ID}/rotate": HOOKS,
    f"POST /webhooks/{ID}/enable": HOOKS,
    f"GET /webhooks/{ID}/deliveries": HOOKS,
    f"GET /webhooks/{ID}/deliveries/{ID}": HOOKS,
    f"POST /webhooks/{ID}/deliveries/{ID}/replay": HOOKS,
}


@pytest.mark.parametrize("line", ROUTES)
@pytest.mark.parametrize("scope", [READ, WRITE, HOOKS, "users:admin"])
def test_each_route_opens_to_its_scope_alone(world: World, line: str, scope: str) -> None:
    reply = application(world, (scope,)).ask(line, {} if line.startswith("P") else None)

    assert (reply.status == 403) == (ROUTES[line] != scope)


@pytest.mark.parametrize("line", ROUTES)
def test_nothing_opens_without_a_token(world: World, line: str) -> None:
    method, path = line.split(" ")

    assert world.request(method, f"/api/v1{path}").status == 401


NOT_FOUND = {"code": 404, "error": "Not Found", "message": "Resource does not exist"}


@pytest.mark.parametrize("line", [line for line in ROUTES if ID in line])
def test_what_is_another_tenant_s_or_nobody_s_does_not_exist(world: World, line: str) -> None:
    owner, stranger = application(world), application(world)
    task, webhook = owner.task()["id"], owner.webhook()["id"]
    owner.task()
    delivery = owner.made(f"GET /webhooks/{webhook}/deliveries")["deliveries"][0]["id"]
    world.work()
    own = line.replace(ID, task if "/tasks/" in line else webhook, 1).replace(ID, delivery)
    body = {} if line.startswith("P") else None

    for asked in (own, line, line.replace(ID, "124", 1)):
        reply = stranger.ask(asked, body)
        assert (reply.status, reply.json) == (404, NOT_FOUND), asked
    assert owner.ask(own, body).status in (200, 202)


def test_lists_hold_what_is_one_s_own_alone(world: World) -> None:
    owner, stranger = application(world), application(world)
    owner.task()
    owner.webhook()

    assert stranger.made("GET /tasks") == {"tasks": [], "page": 1, "total": 0}
    assert stranger.made("GET /webhooks") == {"webhooks": []}
    assert application(world, tenant=owner.tenant).made("GET /tasks")["total"] == 1


def test_events_stay_with_their_tenant(world: World) -> None:
    owner, stranger = application(world), application(world)
    stranger.webhook()

    owner.task()
    world.work()

    assert world.door.calls == []
