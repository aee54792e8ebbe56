"""The list of a group's messages, page by page."""

from __future__ import annotations

from world import Reply, World

from surfaces.asyncflow.calm import MESSAGE, ask, calm_world


def submit(world: World, count: int) -> list[str]:
    """So many messages, one after the other; their tracking ids."""
    ids = []
    for _ in range(count):
        ids.append(ask(world, "POST /asyncflow", json=MESSAGE).json["trackingId"])
        world.clock.sleep(1)
    return ids


def shown(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [message["trackingId"] for message in reply.json]


def older(reply: Reply) -> str:
    """Where the reply's Link leads to."""
    target, _, relation = reply.headers["link"].partition(">")
    assert relation == '; rel="next"'
    return target.removeprefix("<")


def test_links_lead_from_the_newest_page_to_the_oldest_and_each_is_oldest_first() -> None:
    with calm_world() as world:
        ids = submit(world, 7)
        first = ask(world, "GET /asyncflow?limit=3")
        second = ask(world, f"GET {older(first)}")
        third = ask(world, f"GET {older(second)}")
        assert [shown(first), shown(second), shown(third)] == [ids[4:], ids[1:4], ids[:1]]
        assert "link" not in third.headers


def test_what_comes_in_between_two_pages_moves_nothing() -> None:
    with calm_world() as world:
        ids = submit(world, 4)
        first = ask(world, "GET /asyncflow?limit=2")
        submit(world, 3)
        assert shown(ask(world, f"GET {older(first)}")) == ids[:2]


def test_messages_of_one_millisecond_keep_their_order_over_pages() -> None:
    with calm_world() as world:
        for _ in range(5):
            ask(world, "POST /asyncflow", json=MESSAGE)
        whole = shown(ask(world, "GET /asyncflow"))
        page = ask(world, "GET /asyncflow?limit=2")
        paged = shown(page)
        for _ in range(2):
            page = ask(world, f"GET {older(page)}")
            paged = shown(page) + paged
        assert paged == whole
        assert "link" not in page.headers


def test_the_newest_thousand_are_listed_and_no_limit_lists_more() -> None:
    with calm_world() as world:
        ids = submit(world, 1_001)
        for line in ("GET /asyncflow", "GET /asyncflow?limit=1000", "GET /asyncflow?limit=9999"):
            reply = ask(world, line)
            assert shown(reply) == ids[1:]
            assert shown(ask(world, f"GET {older(reply)}")) == ids[:1]


def test_a_cursor_opens_no_other_group_s_list() -> None:
    with calm_world() as world:
        submit(world, 3)
        target = older(ask(world, "GET /asyncflow?limit=1"))
        reply = ask(world, f"GET {target}", headers={"X-STUDENT-GROUP": "group-8"})
        assert (reply.status, reply.json) == (
            400,
            {"error": "cursor is not valid for this list; start again without it"},
        )
