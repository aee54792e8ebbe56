"""AstraFlow's webhooks over HTTP: registered, tried out, turned over, and what became of their deliveries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from world import LOOPBACK, ScriptedDoor, World, answer

from chalicelib.domain.exchange import Failure, NoAnswer
from chalicelib.domain.masking import MASK
from chalicelib.domain.signing import OF_A_MOMENT
from chalicelib.engine.hooks import MOST_WEBHOOKS
from surfaces.astraflow.tenancy import Application, application

URL = "https://hooks.example/astraflow"


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def app(world: World) -> Application:
    return application(world)


def answers(world: World, *replies: Any) -> None:
    """Answer calls with these in turn, then with the last one."""
    door: ScriptedDoor = world.door
    door.script = lambda request: replies[min(len(door.calls), len(replies)) - 1]


def deliveries(app: Application, webhook: Any, query: str = "") -> list[Any]:
    """The deliveries of a webhook, as they are listed."""
    listed: list[Any] = app.made(f"GET /webhooks/{webhook['id']}/deliveries{query}")["deliveries"]
    return listed


class Race:
    """The items' store, just before whose next write somebody else comes."""

    def __init__(self) -> None:
        self.rival: Callable[[], object] | None = None
        self._store: Any = None

    def around(self, name: str, part: Any) -> Any:
        if name != "items":
            return part
        self._store = part
        return self

    def __getattr__(self, name: str) -> Any:
        if name == "save" and self.rival is not None:
            rival, self.rival = self.rival, None
            rival()
        return getattr(self._store, name)


class TestRegistering:
    def test_a_new_webhook_is_shown_with_its_secret(self, app: Application) -> None:
        reply = app.ask("POST /webhooks", {"url": URL, "event": "task.updated"})

        assert reply.status == 201
        assert list(reply.json) == ["id", "url", "event", "created_at", "secret"]
        assert (reply.json["url"], reply.json["event"]) == (URL, "task.updated")
        assert reply.json["created_at"] == "2024-01-15T10:30:00Z"
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", reply.json["secret"])
        assert reply.headers["location"] == f"/api/v1/webhooks/{reply.json['id']}"

    def test_the_secret_is_shown_once(self, app: Application) -> None:
        webhook = app.webhook()

        shown = {"id": webhook["id"], "url": URL, "event": "task.created", "created_at": webhook["created_at"]}
        assert app.made(f"GET /webhooks/{webhook['id']}") == {**shown, "enabled": True}
        assert app.made("GET /webhooks") == {"webhooks": [{**shown, "enabled": True}]}
        app.made(f"POST /webhooks/{webhook['id']}/ping")
        for line in ("GET /webhooks", f"GET /webhooks/{webhook['id']}/deliveries"):
            assert b"whsec_" not in app.ask(line).body

    def test_a_deleted_webhook_is_gone(self, app: Application) -> None:
        webhook = app.webhook()

        assert app.made(f"DELETE /webhooks/{webhook['id']}") == {"message": "Webhook deleted successfully"}
        assert app.ask(f"GET /webhooks/{webhook['id']}").status == 404
        assert app.ask(f"DELETE /webhooks/{webhook['id']}").status == 404

    def test_a_tenant_has_only_so_many(self, app: Application) -> None:
        for _ in range(MOST_WEBHOOKS):
            app.webhook()

        reply = app.ask("POST /webhooks", {"url": URL, "event": "task.due"})

        assert (reply.status, reply.json["code"], reply.json["error"]) == (409, 409, "Conflict")
        assert reply.json["message"] == f"No more than {MOST_WEBHOOKS} webhooks can be registered"

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({}, "url is required"),
            ({"url": "", "event": "task.created"}, "url is required"),
            ({"url": 1, "event": "task.created"}, "url must be a string"),
            ({"url": "ftp://hooks.example/", "event": "task.created"}, "url must be a valid HTTP/HTTPS URL"),
            ({"url": "https://a b.example/", "event": "task.created"}, "url must be a valid HTTP/HTTPS URL"),
            ({"url": f"https://x.example/{'x' * 2048}", "event": "task.due"}, "url must be at most 2048 characters"),
            *[
                (
                    {"url": url, "event": "task.created"},
                    "url must not point to a private or reserved address, name or port",
                )
                for url in (
                    "http://127.0.0.1/",
                    "http://[::1]/",
                    "http://169.254.169.254/latest/meta-data",
                    "http://localhost/",
                    "https://10.0.0.8/hook",
                    "https://hooks.example:22/",
                )
            ],
            ({"url": URL}, "event is required"),
            ({"url": URL, "event": None}, "event is required"),
            (
                {"url": URL, "event": "task.deleted"},
                "event must be one of: task.created, task.updated, task.due",
            ),
            ({"url": URL, "event": ["task.created"]}, "event must be one of: task.created, task.updated, task.due"),
            ({"url": URL, "event": "task.due", "secret": "x"}, "Unknown field: secret (allowed: url, event)"),
        ],
    )
    def test_what_is_wrong_is_refused_and_nothing_is_stored(
        self, app: Application, body: dict[str, Any], message: str
    ) -> None:
        reply = app.ask("POST /webhooks", body)

        assert (reply.status, reply.json) == (400, {"code": 400, "error": "Bad Request", "message": message})
        assert app.made("GET /webhooks") == {"webhooks": []}

    def test_a_network_that_the_operator_opened_may_be_named(self) -> None:
        with World(outbound_allow_networks=LOOPBACK) as world:
            assert application(world).webhook(url="http://localhost:9000/hook")["url"] == "http://localhost:9000/hook"


class TestEvents:
    def test_each_event_is_told_once_and_deleting_is_not(self, app: Application, world: World) -> None:
        for event in ("task.created", "task.updated", "task.due"):
            app.webhook(event, f"{URL}/{event}")
        task = app.task(due_date="2024-01-15T11:00:00Z")
        app.made(f"PUT /tasks/{task['id']}", {"status": "active"})
        world.work()
        app.made(f"DELETE /tasks/{task['id']}")
        world.work()

        assert [call.url.rpartition("/")[2] for call in world.door.calls] == [
            "task.created",
            "task.updated",
            "task.due",
        ]

    def test_a_task_without_webhooks_costs_no_message(self, app: Application, world: World) -> None:
        app.task()

        assert world.tasks_queue.next_visible_at() is None


class TestDeliveries:
    def test_a_delivery_tells_what_was_sent_and_what_came_back(self, app: Application, world: World) -> None:
        webhook, task = app.webhook(), app.task()
        answers(world, answer(503, "busy"), answer(201, "thanks", x_seen="yes"))
        world.work()

        (listed,) = deliveries(app, webhook)
        assert (listed["event"], listed["status"], listed["error"]) == ("task.created", "delivered", None)
        assert listed["response"] == {
            "status_code": 201,
            "headers": {"x-seen": "yes"},
            "body": "thanks",
            "duration_ms": 0,
        }
        assert [(each["outcome"], each["status_code"], each["error"]) for each in listed["attempts"]] == [
            ("failed", 503, "The endpoint answered 503"),
            ("succeeded", 201, None),
        ]
        assert listed["next_attempt_at"] is None
        sent = world.door.calls[1]
        assert listed["request"] == {
            "url": sent.url,
            "headers": {**dict(sent.headers), **dict.fromkeys(OF_A_MOMENT, MASK)},
            "body": (sent.body or b"").decode(),
        }
        assert listed["request"]["headers"]["webhook-id"] == listed["id"]
        assert task["id"] in listed["request"]["body"]
        assert app.made(f"GET /webhooks/{webhook['id']}/deliveries/{listed['id']}") == listed

    def test_one_that_waits_for_its_next_attempt_says_when_that_is(self, app: Application, world: World) -> None:
        webhook = app.webhook()
        answers(world, NoAnswer(Failure.REFUSED))
        app.task()
        world.deliver()

        (listed,) = deliveries(app, webhook)

        assert (listed["status"], listed["next_attempt_at"]) == ("pending", "2024-01-15T10:30:05Z")
        assert listed["attempts"][0]["error"] == "fetch failed: ECONNREFUSED"

    def test_pages_of_deliveries_follow_each_other_newest_first(self, app: Application, world: World) -> None:
        webhook = app.webhook()
        for _ in range(5):
            app.task()
            world.clock.sleep(1_000)
        world.work()

        reply = app.ask(f"GET /webhooks/{webhook['id']}/deliveries?limit=2")
        times = [each["created_at"] for each in reply.json["deliveries"]]
        while "link" in reply.headers:
            target = reply.headers["link"].partition(">")[0].removeprefix("</api/v1")
            reply = app.ask(f"GET {target}")
            times += [each["created_at"] for each in reply.json["deliveries"]]

        assert times == sorted(times, reverse=True)
        assert len(times) == 5

    def test_a_cursor_opens_the_list_of_its_own_webhook_alone(self, app: Application, world: World) -> None:
        first, second = app.webhook(), app.webhook()
        for _ in range(2):
            app.task()
        link = app.ask(f"GET /webhooks/{first['id']}/deliveries?limit=1").headers["link"]
        cursor = re.search(r"cursor=([\w-]+)", link)
        assert cursor

        reply = app.ask(f"GET /webhooks/{second['id']}/deliveries?limit=1&cursor={cursor[1]}")

        assert reply.status == 400

    def test_a_change_that_was_never_made_leaves_no_delivery(self) -> None:
        race = Race()
        with World(wrap=race.around) as world:
            app = application(world)
            webhook, task = app.webhook("task.updated"), app.task()
            race.rival = lambda: app.made(f"PUT /tasks/{task['id']}", {"description": "rival"})

            app.made(f"PUT /tasks/{task['id']}", {"name": "mine"})
            world.work()

            assert world.database.rows("SELECT COUNT(*) FROM tasks") == [(3,)]
            assert len(deliveries(app, webhook)) == len(world.door.calls) == 2

    def test_a_page_is_full_whatever_was_never_sent(self) -> None:
        race = Race()
        with World(wrap=race.around) as world:
            app = application(world)
            webhook, task = app.webhook("task.updated"), app.task()
            for number in range(4):
                race.rival = lambda number=number: app.made(f"PUT /tasks/{task['id']}", {"description": f"{number}"})
                app.made(f"PUT /tasks/{task['id']}", {"name": f"mine {number}"})
                world.clock.sleep(1_000)
            world.work()
            path = f"/webhooks/{webhook['id']}/deliveries?limit=3"

            pages = [app.ask(f"GET {path}")]
            while "link" in pages[-1].headers:
                pages.append(app.ask(f"GET {pages[-1].headers['link'].partition('>')[0].removeprefix('</api/v1')}"))

            assert [len(page.json["deliveries"]) for page in pages] == [3, 3, 2]
            assert len({each["id"] for page in pages for each in page.json["deliveries"]}) == len(world.door.calls) == 8
            assert world.database.rows("SELECT COUNT(*) FROM tasks") == [(12,)]

    def test_a_ping_shows_at_once_what_it_sends(self, app: Application, world: World) -> None:
        webhook = app.webhook("task.due")

        shown = app.made(f"POST /webhooks/{webhook['id']}/ping")
        world.work()

        assert shown["request"]["body"].encode() == world.door.calls[0].body

    def test_a_ping_is_accepted_and_delivered(self, app: Application, world: World) -> None:
        webhook = app.webhook("task.due")

        reply = app.ask(f"POST /webhooks/{webhook['id']}/ping")
        world.work()

        assert (reply.status, reply.json["event"], reply.json["status"]) == (202, "ping", "pending")
        assert deliveries(app, webhook)[0]["status"] == "delivered"
        assert dict(world.door.calls[0].headers)["X-AstraFlow-Event"] == "ping"

    def test_a_replay_is_a_delivery_of_its_own_with_the_same_message(self, app: Application, world: World) -> None:
        webhook = app.webhook()
        answers(world, answer(404), answer(200))
        app.task()
        world.work()
        (failed,) = deliveries(app, webhook)
        world.clock.sleep(1_000)

        reply = app.ask(f"POST /webhooks/{webhook['id']}/deliveries/{failed['id']}/replay")
        world.work()

        assert (reply.status, reply.json["message_id"]) == (202, failed["id"])
        newest, oldest = deliveries(app, webhook)
        assert (newest["id"], newest["status"]) == (reply.json["id"], "delivered")
        assert (oldest["id"], oldest["status"], oldest["error"]) == (
            failed["id"],
            "failed",
            "The endpoint answered 404",
        )

    def test_one_that_is_under_way_cannot_be_replayed(self, app: Application, world: World) -> None:
        webhook = app.webhook()
        app.task()
        (waiting,) = deliveries(app, webhook)

        reply = app.ask(f"POST /webhooks/{webhook['id']}/deliveries/{waiting['id']}/replay")

        assert (reply.status, reply.json["code"]) == (409, 409)

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ("?limit=0", "limit must be a whole number of 1 or more"),
            ("?cursor=x", "cursor is not valid for this list; start again without it"),
            ("?page=2", "Unknown query parameter: page (allowed: limit, cursor)"),
        ],
    )
    def test_a_wrong_list_is_refused(self, app: Application, query: str, message: str) -> None:
        reply = app.ask(f"GET /webhooks/{app.webhook()['id']}/deliveries{query}")

        assert (reply.status, reply.json["message"]) == (400, message)


class TestSecretsAndDisabling:
    def test_a_rotated_secret_is_another_one_and_the_old_one_ends_in_a_day(self, app: Application) -> None:
        webhook = app.webhook()

        rotated = app.made(f"POST /webhooks/{webhook['id']}/rotate")

        assert rotated["secret"] != webhook["secret"]
        assert rotated["previous"] == {"expires_at": "2024-01-16T10:30:00Z"}
        at_once = app.made(f"POST /webhooks/{webhook['id']}/rotate", {"overlap_seconds": 0})
        assert at_once["previous"] is None

    @pytest.mark.parametrize("seconds", [-1, 86_401, 1.5, "60", True])
    def test_an_overlap_is_a_day_at_most(self, app: Application, seconds: Any) -> None:
        reply = app.ask(f"POST /webhooks/{app.webhook()['id']}/rotate", {"overlap_seconds": seconds})

        assert reply.status == 400
        assert reply.json["message"] == "overlap_seconds must be a whole number between 0 and 86400"

    def test_a_disabled_webhook_says_so_until_it_is_enabled(self, app: Application, world: World) -> None:
        webhook = app.webhook()
        answers(world, answer(410), answer(200))
        app.task()
        world.work()

        shown = app.made(f"GET /webhooks/{webhook['id']}")
        assert (shown["enabled"], shown["disabled_at"]) == (False, "2024-01-15T10:30:00Z")
        assert shown["disabled_reason"] == "The endpoint answered 410 Gone"
        ping = app.ask(f"POST /webhooks/{webhook['id']}/ping")
        assert (ping.status, ping.json["message"]) == (409, "The webhook is disabled")
        enabled = app.made(f"POST /webhooks/{webhook['id']}/enable")
        assert (enabled["enabled"], "disabled_reason" in enabled) == (True, False)
        app.task()
        world.work()
        assert deliveries(app, webhook)[0]["status"] in ("delivered", "failed")
        assert len(world.door.calls) == 2


def test_no_secret_and_no_content_is_in_a_message_or_a_record(app: Application, world: World) -> None:
    webhook = app.webhook()
    app.task(name="canary-name", description="canary-description", due_date="2030-01-01")
    app.made(f"POST /webhooks/{webhook['id']}/rotate")

    carried = world.database.rows("SELECT body FROM messages UNION SELECT body FROM schedules")
    world.work(until=world.clock.now() + 60_000)

    seen = f"{carried} {world.recording.events}"
    assert carried
    assert "canary" not in seen
    assert "whsec_" not in seen
    assert webhook["secret"].removeprefix("whsec_") not in seen
