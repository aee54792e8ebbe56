"""One-time schedules: known by their names, forgotten without fuss."""

from __future__ import annotations

from contract_bench import Bench, Waiting

from chalicelib.domain import ids


def in_an_hour(bench: Bench) -> int:
    return bench.now() // 1000 + 3_600


def test_a_schedule_waits_with_its_time_and_body(bench: Bench) -> None:
    at = in_an_hour(bench)

    bench.schedules.create("first", fire_at_s=at, body='{"n": 1, "ü": "🦉"}')
    bench.schedules.create("second", fire_at_s=at + 61, body='{"n": 2}')

    assert bench.waiting() == {
        "first": Waiting(at, '{"n": 1, "ü": "🦉"}'),
        "second": Waiting(at + 61, '{"n": 2}'),
    }


def test_a_name_that_is_there_already_is_the_same_schedule(bench: Bench) -> None:
    at = in_an_hour(bench)
    bench.schedules.create("same", fire_at_s=at, body="{}")

    bench.schedules.create("same", fire_at_s=at, body="{}")

    assert bench.waiting() == {"same": Waiting(at, "{}")}


def test_a_tasks_longest_name_fits(bench: Bench) -> None:
    name = f"{ids.derived('team', 'key')}-11-{253_402_300_799}"

    bench.schedules.create(name, fire_at_s=in_an_hour(bench), body="{}")

    assert list(bench.waiting()) == [name]


def test_a_deleted_schedule_is_forgotten(bench: Bench) -> None:
    at = in_an_hour(bench)
    bench.schedules.create("gone", fire_at_s=at, body="{}")
    bench.schedules.create("kept", fire_at_s=at, body="{}")

    bench.schedules.delete("gone")

    assert list(bench.waiting()) == ["kept"]


def test_one_that_does_not_exist_is_forgotten_already(bench: Bench) -> None:
    bench.schedules.create("once", fire_at_s=in_an_hour(bench), body="{}")

    bench.schedules.delete("once")
    bench.schedules.delete("once")
    bench.schedules.delete("never")

    assert bench.waiting() == {}


def test_a_forgotten_name_can_be_used_again(bench: Bench) -> None:
    at = in_an_hour(bench)
    bench.schedules.create("again", fire_at_s=at, body="{}")
    bench.schedules.delete("again")

    bench.schedules.create("again", fire_at_s=at + 60, body="{}")

    assert bench.waiting() == {"again": Waiting(at + 60, "{}")}
