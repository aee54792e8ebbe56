"""Reading task rows: one by its id, and pages of a team's tasks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from contract_bench import Tasks
from contract_samples import MINUTE, NOW, a_task, bare, fresh

from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.listing import PAGE_BODY_BYTES, Page, Position, Query, View
from chalicelib.domain.task import Payload, Result, Status, Task
from chalicelib.ports.tasks import Applied, Fence, Refused


def put(tasks: Tasks, team: str, created_at: int, **changed: Any) -> Task:
    """A row of this team that stands as these fields say."""
    task = a_task(team=team, created_at=created_at, **{k: v for k, v in changed.items() if k in {"id", "payload"}})
    assert isinstance(tasks.create(task), Applied)
    after = replace(task, **changed)
    assert isinstance(tasks.commit(after, Fence.of(task)), Applied)
    return after


def shown(page: Page) -> list[str]:
    return [task.id for task in page.tasks]


def one_of_each(tasks: Tasks, team: str) -> dict[View, Task]:
    """One task for each of the seven views, created one millisecond after the other."""
    return {
        View.PENDING: put(tasks, team, NOW + 1),
        View.DELAYED: put(tasks, team, NOW + 2, due_at=NOW + 10 * MINUTE),
        View.PROCESSING: put(tasks, team, NOW + 3, status=Status.RUNNING),
        View.COMPLETED: put(tasks, team, NOW + 4, status=Status.COMPLETED, result=Result(200, (), "done", 1)),
        View.FAILED: put(tasks, team, NOW + 5, status=Status.FAILED, error="no"),
        View.TIMEOUT: put(tasks, team, NOW + 6, status=Status.TIMEOUT),
        View.CANCELLED: put(tasks, team, NOW + 7, status=Status.CANCELLED),
    }


def row_of_five(tasks: Tasks, team: str) -> list[str]:
    """Five tasks on several shelves, oldest first."""
    stands = [Status.QUEUED, Status.COMPLETED, Status.RUNNING, Status.FAILED, Status.COMPLETED]
    return [put(tasks, team, NOW + number, status=status).id for number, status in enumerate(stands)]


class TestGet:
    def test_no_row_is_none(self, tasks: Tasks) -> None:
        assert tasks.get(a_task().id, now=NOW) is None

    def test_the_payload_comes_on_request(self, tasks: Tasks) -> None:
        task = put(tasks, fresh("team"), NOW)

        row = tasks.get(task.id, now=NOW, payload=True)

        assert row == task

    def test_without_request_a_large_payload_may_stay_behind(self, tasks: Tasks) -> None:
        payload = Payload((), "x" * 200_000)
        task = put(tasks, fresh("team"), NOW, payload=payload, result=Result(200, (), "ok", 1))

        row = tasks.get(task.id, now=NOW)

        assert row is not None
        assert row.result == task.result
        assert row.payload in (None, payload)
        assert tasks.payload(bare(row)) == payload

    def test_a_row_is_gone_from_the_second_it_expires(self, tasks: Tasks) -> None:
        task = put(tasks, fresh("team"), NOW, status=Status.COMPLETED, expires_at=NOW // 1000 + 60)

        assert tasks.get(task.id, now=NOW + MINUTE - 1) is not None
        assert tasks.get(task.id, now=NOW + MINUTE) is None

    def test_to_a_write_that_knows_the_time_an_expired_row_is_gone_too(self, tasks: Tasks) -> None:
        task = put(tasks, fresh("team"), NOW, status=Status.FAILED, expires_at=NOW // 1000 + 60)

        early = tasks.claim(task.id, attempt=1, token="t", now=NOW + MINUTE - 1)
        assert isinstance(early, Refused)
        assert early.row is not None
        assert tasks.claim(task.id, attempt=1, token="t", now=NOW + MINUTE) == Refused(None)
        assert tasks.cancel(task.id, team=task.team, now=NOW + MINUTE, expires_at=NOW // 1000 + 90) == Refused(None)

    def test_the_payload_of_a_row_that_is_gone_cannot_be_had(self, tasks: Tasks) -> None:
        with pytest.raises(UnavailableError):
            tasks.payload(bare(a_task()))


class TestViews:
    @pytest.mark.parametrize("view", list(View))
    def test_each_view_shows_its_own_tasks(self, tasks: Tasks, view: View) -> None:
        team = fresh("team")
        each = one_of_each(tasks, team)

        page = tasks.page(Query(team, NOW + MINUTE, view), Position(), 10)

        assert shown(page) == [each[view].id]
        assert (page.total, page.more) == (1, False)

    def test_without_a_view_all_are_shown_newest_first(self, tasks: Tasks) -> None:
        team = fresh("team")
        each = one_of_each(tasks, team)

        page = tasks.page(Query(team, NOW + MINUTE), Position(), 10)

        assert [bare(task) for task in page.tasks] == [bare(task) for task in reversed(each.values())]
        assert [task.result for task in page.tasks] == [task.result for task in reversed(each.values())]
        assert (page.total, page.more) == (7, False)

    @pytest.mark.parametrize("status", [Status.RETRY, Status.CONTINUED])
    def test_a_task_between_attempts_is_pending_whenever_it_is_due(self, tasks: Tasks, status: Status) -> None:
        team = fresh("team")
        task = put(tasks, team, NOW, status=status, due_at=NOW + 10 * MINUTE)

        assert shown(tasks.page(Query(team, NOW, View.PENDING), Position(), 10)) == [task.id]
        assert tasks.page(Query(team, NOW, View.DELAYED), Position(), 10) == Page((), 0, more=False)

    def test_a_delayed_task_becomes_pending_when_its_time_has_come(self, tasks: Tasks) -> None:
        team = fresh("team")
        task = put(tasks, team, NOW, due_at=NOW + MINUTE)

        def views(now: int) -> list[View]:
            return [
                view
                for view in (View.PENDING, View.DELAYED)
                if shown(tasks.page(Query(team, now, view), Position(), 10)) == [task.id]
            ]

        assert views(NOW + MINUTE - 1) == [View.DELAYED]
        assert views(NOW + MINUTE) == [View.PENDING]

    def test_a_task_moves_from_view_to_view_with_its_status(self, tasks: Tasks) -> None:
        team = fresh("team")
        task = a_task(team=team)
        tasks.create(task)
        tasks.claim(task.id, attempt=1, token="t", now=NOW)

        assert tasks.page(Query(team, NOW, View.PENDING), Position(), 10).total == 0
        assert shown(tasks.page(Query(team, NOW, View.PROCESSING), Position(), 10)) == [task.id]

    def test_a_cancelled_task_is_listed_as_such(self, tasks: Tasks) -> None:
        team = fresh("team")
        task = a_task(team=team)
        tasks.create(task)
        tasks.cancel(task.id, team=team, now=NOW, expires_at=NOW // 1000 + 60)

        assert tasks.page(Query(team, NOW, View.PENDING), Position(), 10).total == 0
        assert shown(tasks.page(Query(team, NOW, View.CANCELLED), Position(), 10)) == [task.id]

    def test_expired_tasks_are_neither_shown_nor_counted(self, tasks: Tasks) -> None:
        team = fresh("team")
        kept = put(tasks, team, NOW, status=Status.COMPLETED, expires_at=NOW // 1000 + 61)
        put(tasks, team, NOW + 1, status=Status.COMPLETED, expires_at=NOW // 1000 + 60)

        page = tasks.page(Query(team, NOW + MINUTE), Position(), 10)

        assert shown(page) == [kept.id]

    def test_teams_do_not_see_each_other(self, tasks: Tasks) -> None:
        team = fresh("team")
        mine = put(tasks, team, NOW)
        put(tasks, team + "x", NOW)
        put(tasks, fresh("team"), NOW)

        page = tasks.page(Query(team, NOW), Position(), 10)

        assert shown(page) == [mine.id]
        assert page.total == 1

    def test_a_team_without_tasks_has_an_empty_page(self, tasks: Tasks) -> None:
        assert tasks.page(Query(fresh("team"), NOW), Position(), 10) == Page((), 0, more=False)


class TestPositions:
    @pytest.mark.parametrize("newest_first", [True, False])
    def test_offsets_walk_through_the_whole_listing(self, tasks: Tasks, newest_first: bool) -> None:
        team = fresh("team")
        expected = row_of_five(tasks, team)
        if newest_first:
            expected.reverse()
        query = Query(team, NOW, newest_first=newest_first)

        pages = [tasks.page(query, Position(offset), 2) for offset in (0, 2, 4, 5, 9)]

        assert [shown(page) for page in pages] == [expected[:2], expected[2:4], expected[4:], [], []]
        assert [page.total for page in pages] == [5] * 5
        assert [page.more for page in pages] == [True, True, False, False, False]

    @pytest.mark.parametrize("newest_first", [True, False])
    def test_each_page_begins_after_the_last_task_of_the_one_before(self, tasks: Tasks, newest_first: bool) -> None:
        team = fresh("team")
        expected = row_of_five(tasks, team)
        if newest_first:
            expected.reverse()
        query = Query(team, NOW, newest_first=newest_first)

        walked = []
        position = Position()
        for _ in range(3):
            page = tasks.page(query, position, 2)
            walked += shown(page)
            assert page.total == 5
            assert page.more is (len(walked) < 5)
            last = page.tasks[-1]
            position = Position(after=(last.created_at, last.id))

        assert walked == expected
        assert tasks.page(query, position, 2) == Page((), 5, more=False)

    def test_a_cursor_holds_when_newer_tasks_arrive_and_its_own_task_moves(self, tasks: Tasks) -> None:
        team = fresh("team")
        expected = row_of_five(tasks, team)
        query = Query(team, NOW)
        first = tasks.page(query, Position(), 2)
        cursor = first.tasks[-1]

        put(tasks, team, NOW + 100)
        tasks.commit(replace(cursor, status=Status.CANCELLED), Fence.of(cursor))
        second = tasks.page(query, Position(after=(cursor.created_at, cursor.id)), 2)

        assert shown(first) + shown(second) == [*reversed(expected)][:4]
        assert second.total == 6

    @pytest.mark.parametrize("newest_first", [True, False])
    def test_tasks_of_one_millisecond_stand_in_the_order_of_their_ids(self, tasks: Tasks, newest_first: bool) -> None:
        team = fresh("team")
        stands = [Status.QUEUED, Status.COMPLETED, Status.FAILED, Status.QUEUED]
        expected = sorted(put(tasks, team, NOW, status=status).id for status in stands)
        if newest_first:
            expected.reverse()
        query = Query(team, NOW, newest_first=newest_first)

        whole = tasks.page(query, Position(), 10)
        rest = tasks.page(query, Position(after=(NOW, expected[1])), 10)

        assert shown(whole) == expected
        assert shown(rest) == expected[2:]

    def test_bounds_on_the_creation_time_are_exclusive(self, tasks: Tasks) -> None:
        team = fresh("team")
        expected = row_of_five(tasks, team)

        def listed(after: int | None, before: int | None) -> tuple[list[str], int]:
            query = Query(team, NOW, newest_first=False, created_after=after, created_before=before)
            page = tasks.page(query, Position(), 10)
            return shown(page), page.total

        assert listed(NOW, None) == (expected[1:], 4)
        assert listed(None, NOW + 4) == (expected[:4], 4)
        assert listed(NOW + 1, NOW + 3) == (expected[2:3], 1)
        assert listed(NOW + 1, NOW + 2) == ([], 0)
        assert listed(NOW + 3, NOW + 1) == ([], 0)

    def test_bounds_views_and_positions_go_together(self, tasks: Tasks) -> None:
        team = fresh("team")
        expected = row_of_five(tasks, team)
        query = Query(team, NOW, View.COMPLETED, newest_first=False, created_before=NOW + 4)

        assert shown(tasks.page(query, Position(), 1)) == [expected[1]]
        assert tasks.page(query, Position(1), 1) == Page((), 1, more=False)
        assert tasks.page(query, Position(after=(NOW + 1, expected[1])), 1) == Page((), 1, more=False)

    def test_more_and_total_hold_on_a_view_whose_shelf_holds_others(self, tasks: Tasks) -> None:
        team = fresh("team")
        for number in range(12):
            put(tasks, team, NOW + number, status=Status.RUNNING if number % 4 else Status.QUEUED)
        query = Query(team, NOW, View.PENDING)

        pages = [tasks.page(query, Position(offset), 1) for offset in range(4)]

        assert [task.created_at - NOW for page in pages for task in page.tasks] == [8, 4, 0]
        assert [page.more for page in pages] == [True, True, False, False]
        assert {page.total for page in pages} == {3}


class TestBytes:
    @pytest.mark.parametrize("size", [10, 1_000, 60_000])
    def test_payloads_come_on_request(self, tasks: Tasks, size: int) -> None:
        team = fresh("team")
        payload, result = Payload((("A", "b"),), "🦉" * size), Result(200, (), "x" * size, 1)
        put(tasks, team, NOW, payload=payload, status=Status.COMPLETED, result=result)
        waiting = put(tasks, team, NOW + 1, payload=payload)

        page = tasks.page(Query(team, NOW), Position(), 10, payloads=True)
        bare_page = tasks.page(Query(team, NOW), Position(), 10)

        assert [(task.payload, task.result) for task in page.tasks] == [(payload, None), (payload, result)]
        assert page.tasks[0].id == waiting.id
        assert [task.payload for task in bare_page.tasks] == [None, None]

    def test_a_page_ends_before_its_results_grow_too_large(self, tasks: Tasks) -> None:
        team = fresh("team")
        large = Result(200, (), "🦉" * (64 * 1024), 1)
        fit = PAGE_BODY_BYTES // len(large.body.encode())
        ids = [put(tasks, team, NOW + number, status=Status.COMPLETED, result=large).id for number in range(fit + 2)]
        query = Query(team, NOW, newest_first=False)

        first = tasks.page(query, Position(), 50)
        last = first.tasks[-1]
        second = tasks.page(query, Position(after=(last.created_at, last.id)), 50)

        assert shown(first) == ids[:fit]
        assert (first.total, first.more) == (fit + 2, True)
        assert shown(second) == ids[fit:]
        assert (second.total, second.more) == (fit + 2, False)
        assert all(task.result == large for task in (*first.tasks, *second.tasks))
