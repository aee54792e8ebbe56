"""Instants in and out, at the edges of the calendar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from domain_tasks import NOW, modest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.timing import (
    FIRST_INSTANT,
    LAST_INSTANT,
    ceil_seconds,
    iso_milliseconds,
    iso_seconds,
    nearest_second,
    parse_instant,
)

READ = [
    ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00.000Z"),
    ("2024-01-15T10:30:00.000Z", "2024-01-15T10:30:00.000Z"),
    ("2024-01-15T10:30:00.123456Z", "2024-01-15T10:30:00.123Z"),
    ("2024-01-15T12:30:00+02:00", "2024-01-15T10:30:00.000Z"),
    ("2024-01-15T00:30:00-10:00", "2024-01-15T10:30:00.000Z"),
    ("2024-01-15T16:15:00+05:45", "2024-01-15T10:30:00.000Z"),
    # Without an offset, UTC is meant; a date alone is its midnight.
    ("2024-01-15T10:30:00", "2024-01-15T10:30:00.000Z"),
    ("2024-01-15T10:30", "2024-01-15T10:30:00.000Z"),
    ("2024-01-15", "2024-01-15T00:00:00.000Z"),
    ("2024-02-29", "2024-02-29T00:00:00.000Z"),
    ("2000-02-29T23:59:59Z", "2000-02-29T23:59:59.000Z"),
    ("2024-12-31T23:59:59-00:01", "2025-01-01T00:00:59.000Z"),
    ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
    ("0001-01-01", "0001-01-01T00:00:00.000Z"),
    ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
]

REFUSED = [
    "",
    " ",
    "tomorrow",
    "2023-02-29",
    "1900-02-29T00:00:00Z",
    "2024-13-01",
    "2024-01-32",
    "2024-01-15T25:00:00Z",
    "2024-01-15T10:30:60Z",
    "2024-01-15T10:30:00+24:00",
    "1705314600000",
    "NaN",
    "-1",
    "10000-01-01",
    # Beyond the calendar once their offset is taken off.
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "2024-01-15T10:30:00Z; DROP TABLE tasks",
    "\ud800",
    "2024-01-15\0",
]


@pytest.mark.parametrize(("text", "shown"), READ)
def test_an_iso_8601_text_is_read_as_the_instant_it_means(text: str, shown: str) -> None:
    instant = parse_instant(text)

    assert instant is not None
    assert iso_milliseconds(instant) == shown


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_anything_else_is_no_instant(text: str) -> None:
    assert parse_instant(text) is None


def test_the_first_and_the_last_instant_are_those_of_the_calendar() -> None:
    assert parse_instant("0001-01-01T00:00:00Z") == FIRST_INSTANT
    assert parse_instant("9999-12-31T23:59:59.999Z") == LAST_INSTANT


def test_the_manuals_example_is_where_the_stories_begin() -> None:
    assert (
        parse_instant("2024-01-15T10:30:00.000Z") == NOW == datetime(2024, 1, 15, 10, 30, tzinfo=UTC).timestamp() * 1000
    )


@modest
@given(st.integers(FIRST_INSTANT, LAST_INSTANT))
def test_every_instant_survives_being_written_and_read(instant: int) -> None:
    assert parse_instant(iso_milliseconds(instant)) == instant


@modest
@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    instant = parse_instant(text)

    assert instant is None or FIRST_INSTANT <= instant <= LAST_INSTANT


@pytest.mark.parametrize(
    ("ms", "seconds"), [(-5_000, 0), (-1, 0), (0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (900_000, 900)]
)
def test_whole_seconds_are_never_too_short_and_never_negative(ms: int, seconds: int) -> None:
    assert ceil_seconds(ms) == seconds


@pytest.mark.parametrize(
    ("ms", "seconds"), [(-5_000, 0), (-1, 0), (0, 0), (499, 0), (500, 1), (988, 1), (1_499, 1), (899_500, 900)]
)
def test_the_nearest_second_is_half_a_second_off_at_most_and_never_negative(ms: int, seconds: int) -> None:
    assert nearest_second(ms) == seconds


@pytest.mark.parametrize("ms", [0, 1, 999])
def test_whole_seconds_are_shown_without_what_is_left_of_the_second(ms: int) -> None:
    assert iso_seconds(NOW + ms) == "2024-01-15T10:30:00Z"
