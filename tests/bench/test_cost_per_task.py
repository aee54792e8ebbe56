"""What a task or a message costs is what the page says, and stays within the budgets of the design."""

from __future__ import annotations

import pytest

from chalicelib.aws.parts import ROW_WITH_PAYLOAD, ROW_WITH_RESULT
from chalicelib.domain.listing import Shelf
from infra.bench.bill import ENGINE, Bill, Unit, load_prices
from infra.bench.deployment import FLOW_LIMIT
from infra.bench.document import COMMAND, PAGE, render
from infra.bench.flow import APART_MS, CLASS, FRESH_MS, FlowMeasurement, FlowPath, FlowRow, measure_flow
from infra.bench.paths import BATCH, FEW, MANY, Listing, Measurement, Path, Row, measure

READS = {"GetItem", "BatchGetItem", "Query", "Scan"}


@pytest.fixture(scope="module")
def measured() -> Measurement:
    """Walked once: it takes longer than everything that is asked of it."""
    return measure()


@pytest.fixture(scope="module")
def flow() -> FlowMeasurement:
    """Walked once, as the other."""
    return measure_flow()


def own_calls(bill: Bill) -> dict[str, float]:
    """The calls that the product makes itself."""
    return {name: count for name, count in bill.calls.items() if not name.endswith(")")}


def reads(bill: Bill) -> float:
    return sum(count for name, count in bill.calls.items() if name in READS)


def test_the_page_says_what_is_measured(measured: Measurement, flow: FlowMeasurement) -> None:
    page = render(measured, flow, load_prices())

    assert PAGE.read_text(encoding="utf-8") == page, f"docs/{PAGE.name} is out of date: run `{COMMAND}`"


def test_a_request_reads_its_key_and_its_team_and_counts_itself_with_one_write(measured: Measurement) -> None:
    assert measured.paths[Path.REQUEST].calls == {"GetItem": 2}
    assert measured.paths[Path.LIMITER].calls == {"PutItem": 1}
    assert measured.paths[Path.LIMITER].units(Unit.TABLE_WRITE) == 1, "a full window of the pro plan fits one unit"


def test_that_a_key_is_used_is_noted_by_one_write_and_no_read(measured: Measurement) -> None:
    assert measured.paths[Path.USE].calls == {"UpdateItem": 1}
    assert measured.paths[Path.USE].units(Unit.TABLE_WRITE) == 1
    assert measured.paths[Path.USE].units(Unit.READ, Unit.INDEX_WRITE) == 0


@pytest.mark.parametrize("path", [Path.CREATE, Path.CREATE_DELAYED, Path.CREATE_SCHEDULED, Path.CREATE_KEYED])
def test_creating_an_everyday_task_takes_its_baton_and_its_row(measured: Measurement, path: Path) -> None:
    baton = "CreateSchedule" if path is Path.CREATE_SCHEDULED else "SendMessage"

    assert measured.paths[path].calls == {baton: 1, "PutItem": 1}
    assert measured.paths[path].units(Unit.TABLE_WRITE) == 1
    assert measured.rows[Row.CREATED] <= ROW_WITH_PAYLOAD


def test_a_large_payload_costs_one_write_more_once_and_one_read_more_for_each_attempt(measured: Measurement) -> None:
    assert measured.paths[Path.CREATE_LARGE].calls == {"SendMessage": 1, "PutItem": 2}
    assert own_calls(measured.paths[Path.ATTEMPT_LARGE]) == {"UpdateItem": 2, "GetItem": 1}
    assert measured.paths[Path.ATTEMPT_LARGE].units(Unit.TABLE_WRITE) == 2, "the row itself stays small"


def test_a_repeated_create_costs_no_more_than_the_first(measured: Measurement) -> None:
    assert measured.paths[Path.REPLAY].calls == measured.paths[Path.CREATE_KEYED].calls


def test_an_attempt_writes_its_row_twice_and_reads_nothing(measured: Measurement) -> None:
    attempt = measured.paths[Path.ATTEMPT]

    assert own_calls(attempt) == {"UpdateItem": 2}
    assert attempt.units(Unit.TABLE_WRITE) == 2
    assert attempt.units(Unit.READ) == 0
    assert sum((measured.paths[Path.CREATE] + attempt).calls.values()) == 6


def test_the_attempts_of_a_batch_share_its_receipt_and_its_deletion(measured: Measurement) -> None:
    attempt = measured.paths[Path.ATTEMPT_IN_TEN]

    assert own_calls(attempt) == own_calls(measured.paths[Path.ATTEMPT])
    assert sum(attempt.calls.values()) == pytest.approx(2 + 2 / BATCH)


@pytest.mark.parametrize("path", [Path.RETRY, Path.ATTEMPT_ANNOUNCED])
def test_what_follows_an_attempt_costs_one_message(measured: Measurement, path: Path) -> None:
    assert own_calls(measured.paths[path]) == {"UpdateItem": 2, "SendMessage": 1}


def test_a_delayed_attempt_reads_its_team_only_to_sign(measured: Measurement) -> None:
    for path in (Path.ATTEMPT_DELAYED, Path.ATTEMPT_SCHEDULED):
        assert reads(measured.paths[path]) == 1
        assert measured.paths[path].units(Unit.READ) == 1


def test_a_schedule_costs_one_hold_to_start_to_the_second(measured: Measurement) -> None:
    scheduled = measured.paths[Path.ATTEMPT_SCHEDULED]

    assert scheduled.calls["ChangeMessageVisibility"] == 1
    assert scheduled.units(Unit.FIRING) == 1


def test_the_history_of_eleven_attempts_stays_in_the_row(measured: Measurement) -> None:
    eleven = measured.paths[Path.ELEVEN_ATTEMPTS]

    assert eleven.calls["UpdateItem"] == 22
    assert "PutItem" not in eleven.calls
    assert measured.items_of_eleven == 1
    assert measured.rows[Row.ELEVEN_ATTEMPTS] <= ROW_WITH_RESULT


def test_a_completion_webhook_costs_one_read_and_one_write(measured: Measurement) -> None:
    assert own_calls(measured.paths[Path.WEBHOOK]) == {"GetItem": 1, "UpdateItem": 1}
    assert measured.paths[Path.WEBHOOK].units(Unit.INDEX_WRITE) == 0


def test_cancel_and_get_are_one_call(measured: Measurement) -> None:
    assert measured.paths[Path.CANCEL].calls == {"UpdateItem": 1}
    assert measured.paths[Path.CANCEL_SCHEDULED].calls == {"UpdateItem": 1, "DeleteSchedule": 1}
    assert measured.paths[Path.GET].calls == {"GetItem": 1}


def test_a_message_with_nothing_left_to_do_costs_one_refused_write(measured: Measurement) -> None:
    for path in (Path.REPLAY_STRAY, Path.CANCEL_STRAY):
        assert own_calls(measured.paths[path]) == {"UpdateItem": 1}
        assert measured.paths[path].units(Unit.TABLE_WRITE, Unit.INDEX_WRITE) == 1


def test_a_first_page_takes_one_query_for_each_shelf_and_one_read_of_its_rows(measured: Measurement) -> None:
    for listing, shelves in ((Listing.ALL, len(Shelf)), (Listing.COMPLETED, 1), (Listing.DELAYED, 1)):
        assert measured.listings[listing, FEW].calls == {"Query": shelves, "BatchGetItem": 1}


def test_a_second_page_takes_one_query_more_for_each_shelf(measured: Measurement) -> None:
    for listing, shelves in ((Listing.ALL_NEXT, len(Shelf)), (Listing.COMPLETED_NEXT, 1)):
        assert measured.listings[listing, FEW].calls == {"Query": 2 * shelves, "BatchGetItem": 1}


def test_among_ten_thousand_tasks_a_page_takes_one_query_more_for_each_megabyte_it_counts(
    measured: Measurement,
) -> None:
    def more(listing: Listing) -> float:
        few, many = measured.listings[listing, FEW], measured.listings[listing, MANY]
        assert few.calls["BatchGetItem"] == many.calls["BatchGetItem"]
        return many.calls["Query"] - few.calls["Query"]

    # 8,000 completed tasks weigh more than a megabyte in the index, 1,000 that failed or wait less.
    assert more(Listing.COMPLETED) == 2
    assert more(Listing.ALL) == 4


def test_a_request_of_a_group_is_one_write_of_its_ledger_and_no_read(flow: FlowMeasurement) -> None:
    assert flow.paths[FlowPath.REQUEST].calls == {"PutItem": 1}
    assert flow.paths[FlowPath.REQUEST].units(Unit.TABLE_WRITE, Unit.INDEX_WRITE) == 1


def test_a_request_over_the_limit_touches_nothing(flow: FlowMeasurement) -> None:
    assert flow.paths[FlowPath.REFUSED].calls == {}
    assert flow.paths[FlowPath.REFUSED].units(*ENGINE) == 0


def test_a_request_that_others_have_overtaken_writes_once_more(flow: FlowMeasurement) -> None:
    assert flow.paths[FlowPath.ELSEWHERE].calls == {"PutItem": 2}


def test_a_fresh_instance_reads_the_profile_and_is_refused_once(flow: FlowMeasurement) -> None:
    assert flow.paths[FlowPath.FRESH].calls == {"GetItem": 1, "PutItem": 2}


def test_an_instance_reads_the_profile_once_in_ten_seconds_whatever_it_is_asked(flow: FlowMeasurement) -> None:
    requests = CLASS * FLOW_LIMIT

    assert flow.paths[FlowPath.PROFILE].calls == {"GetItem": 1, "PutItem": 1}
    assert flow.minute.calls == {"GetItem": requests * APART_MS // FRESH_MS, "PutItem": requests}


@pytest.mark.parametrize("path", [FlowPath.SUBMIT, FlowPath.SUBMIT_KEYED, FlowPath.REPLAY])
def test_a_message_takes_its_baton_and_its_row(flow: FlowMeasurement, path: FlowPath) -> None:
    assert flow.paths[path].calls == {"SendMessage": 1, "PutItem": 1}
    assert flow.paths[path].units(Unit.TABLE_WRITE) == 1
    assert flow.rows[FlowRow.QUEUED] <= ROW_WITH_PAYLOAD


def test_each_of_a_messages_two_steps_writes_its_row_twice_and_reads_nothing(flow: FlowMeasurement) -> None:
    assert own_calls(flow.paths[FlowPath.PICK_UP]) == {"UpdateItem": 2, "SendMessage": 1}
    for path in (FlowPath.END, FlowPath.FAILURE):
        assert own_calls(flow.paths[path]) == {"UpdateItem": 2}
    for path in (FlowPath.PICK_UP, FlowPath.END, FlowPath.FAILURE):
        assert flow.paths[path].units(Unit.TABLE_WRITE) == 2
        assert flow.paths[path].units(Unit.READ) == 0


def test_the_steps_of_a_batch_share_its_receipt_and_its_deletion(flow: FlowMeasurement) -> None:
    for alone, in_ten in ((FlowPath.PICK_UP, FlowPath.PICK_UP_IN_TEN), (FlowPath.END, FlowPath.END_IN_TEN)):
        assert own_calls(flow.paths[in_ten]) == own_calls(flow.paths[alone])
        shared = sum(flow.paths[alone].calls.values()) - sum(flow.paths[in_ten].calls.values())
        assert shared == pytest.approx(2 - 2 / BATCH)


def test_a_replays_message_is_sent_on_once_and_then_dropped(flow: FlowMeasurement) -> None:
    assert own_calls(flow.paths[FlowPath.REPLAY_SENT_ON]) == {"UpdateItem": 1, "SendMessage": 1}
    assert own_calls(flow.paths[FlowPath.REPLAY_DROPPED]) == {"UpdateItem": 1}


def test_a_poll_is_one_read_and_one_that_waits_a_little_more_than_one_a_second(flow: FlowMeasurement) -> None:
    assert flow.paths[FlowPath.POLL].calls == {"GetItem": 1}
    assert flow.paths[FlowPath.WAIT].calls == {"GetItem": 27}


def test_a_list_takes_one_query_for_each_shelf_and_reads_a_hundred_rows_at_once(flow: FlowMeasurement) -> None:
    assert flow.paths[FlowPath.LIST_FEW].calls == {"Query": len(Shelf), "BatchGetItem": 1}
    assert flow.paths[FlowPath.LIST_MANY].calls == {"Query": len(Shelf), "BatchGetItem": 10}


def test_a_report_reads_the_ledger_and_counts_three_times(flow: FlowMeasurement) -> None:
    assert flow.paths[FlowPath.REPORT].calls == {"GetItem": 1, "Query": len(Shelf) + 2}


def test_a_ledger_is_one_write_unit_however_busy_its_hour_was(flow: FlowMeasurement) -> None:
    assert flow.rows[FlowRow.LEDGER_BUSY] <= flow.rows[FlowRow.LEDGER] + 450, "a window, keys, counters"
    assert flow.rows[FlowRow.LEDGER_LOST] <= 1_024
    for path in (FlowPath.BUSY, FlowPath.BUSY_LOST):
        assert flow.paths[path].calls == {"PutItem": 1}
        assert flow.paths[path].units(Unit.TABLE_WRITE) == 1
