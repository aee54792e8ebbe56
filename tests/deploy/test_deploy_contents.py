"""What a deployment has beside its tables and queues: logs, alarms, a dashboard, and limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app import app
from chalicelib.names import API_STAGE
from chalicelib.settings.references import NEEDS, SECRETS
from infra.apply import load_template
from infra.deploy.secrets import GIVEN, MADE
from infra.deploy.template import for_stage
from infra.host.functions import load_config
from infra.local.stack import PROJECT

RESOURCES: dict[str, Any] = for_stage(load_template(), "blue")["Resources"]
#: Handler -> what its function is called, as Chalice calls it too when it deploys by itself.
FUNCTIONS = {
    "APIHandler": "sluice-blue",
    **{name: f"sluice-blue-{name.lower()}" for name in ("Attempt", "Webhook", "Rescue", "Backstop")},
}
WORKERS = ("Attempt", "Webhook", "Rescue")


def of_type(kind: str) -> dict[str, Any]:
    return {key: entry["Properties"] for key, entry in RESOURCES.items() if entry.get("Type") == kind}


ALARMS = of_type("AWS::CloudWatch::Alarm")


def widgets() -> list[dict[str, Any]]:
    """The dashboard's widgets, for a region."""
    separator, parts = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Join"]
    texts = [part if isinstance(part, str) else part["Fn::Sub"] for part in parts]
    body = json.loads(separator.join(texts).replace("${AWS::Region}", "eu-central-1"))
    return [widget["properties"] for widget in body["widgets"]]


@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_reports_failed_messages_exactly_where_its_mapping_reads_them(worker: str) -> None:
    properties = RESOURCES[worker]["Properties"]
    (source,) = properties["Events"].values()

    assert properties["Environment"]["Variables"]["PARTIAL_BATCH"] == "on"
    assert source["Properties"] == {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


@pytest.mark.parametrize("handler", FUNCTIONS)
def test_the_environment_of_a_function_points_to_the_secrets_that_it_needs_and_to_no_other(handler: str) -> None:
    variables = RESOURCES[handler]["Properties"]["Environment"]["Variables"]
    needs = set(NEEDS[variables["SLUICE_FUNCTION"]])

    assert variables["SLUICE_FUNCTION"] == {"APIHandler": "api_handler"}.get(handler, handler.lower())
    assert needs & {*MADE, *GIVEN} == {name for name in variables if name in SECRETS}
    assert all(f"/sluice/blue/{name}" in json.dumps(variables[name]) for name in needs & {*MADE, *GIVEN})


def test_every_function_says_what_it_needs_and_the_operator_s_key_is_for_the_api_alone() -> None:
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text("utf-8"))

    assert set(NEEDS) == set(config["lambda_functions"])
    assert [function for function, needs in NEEDS.items() if "OPERATOR_KEY" in needs] == ["api_handler"]


def test_workers_are_as_many_as_their_mapping_allows() -> None:
    most = {source.name: source.maximum_concurrency for source in app.event_sources if source.name != "backstop"}

    assert set(most) == {worker.lower() for worker in WORKERS}
    # Lambda takes no fewer than two.
    assert all(number is not None and number >= 2 for number in most.values())


@pytest.mark.parametrize(("handler", "name"), FUNCTIONS.items())
def test_each_function_has_a_log_that_ends(handler: str, name: str) -> None:
    logs = {group["LogGroupName"]: group["RetentionInDays"] for group in of_type("AWS::Logs::LogGroup").values()}

    assert RESOURCES[handler]["Properties"]["FunctionName"] == name
    assert logs[f"/aws/lambda/{name}"] == 30


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_is_named_by_its_stage_and_tells_the_topic_that_is_given(alarm: str) -> None:
    told = {"Fn::If": ["TellAlarms", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}

    assert ALARMS[alarm]["AlarmName"].startswith("sluice-blue-")
    assert ALARMS[alarm]["AlarmActions"] == ALARMS[alarm]["OKActions"] == told
    assert ALARMS[alarm]["TreatMissingData"] == "notBreaching"


def test_alarms_look_at_depth_age_errors_throttles_and_lateness() -> None:
    assert {alarm["MetricName"] for alarm in ALARMS.values()} == {
        "ApproximateNumberOfMessagesVisible",
        "ApproximateAgeOfOldestMessage",
        "5XXError",
        "Errors",
        "Throttles",
        "Lateness",
        "InvocationDroppedCount",
        "Spoiled",
        "Overdue",
    }


@pytest.mark.parametrize("alarm", ALARMS)
def test_the_dashboard_shows_what_an_alarm_looks_at(alarm: str) -> None:
    looked_at = ALARMS[alarm]["Namespace"], ALARMS[alarm]["MetricName"]

    assert looked_at in {(metric[0], metric[1]) for widget in widgets() for metric in widget["metrics"]}


def test_lateness_is_what_the_record_of_an_attempt_says() -> None:
    filtered = RESOURCES["LatenessMetric"]["Properties"]
    (made,) = filtered["MetricTransformations"]

    assert filtered["LogGroupName"] == {"Ref": "AttemptLogs"}
    assert (made["MetricNamespace"], made["MetricName"]) == ("Sluice/blue", "Lateness")
    assert made["MetricValue"] == "$.fields.late_ms"
    assert ALARMS["LatenessAlarm"]["Namespace"] == made["MetricNamespace"]


def test_what_the_daily_look_finds_is_counted_and_alarms() -> None:
    filtered = RESOURCES["OverdueMetric"]["Properties"]
    (made,) = filtered["MetricTransformations"]

    assert filtered["LogGroupName"] == {"Ref": "BackstopLogs"}
    assert filtered["FilterPattern"] == '{ $.message = "overdue" }'
    assert (made["MetricNamespace"], made["MetricName"], made["MetricValue"]) == ("Sluice/blue", "Overdue", "1")
    assert (ALARMS["OverdueAlarm"]["Namespace"], ALARMS["OverdueAlarm"]["Threshold"]) == (made["MetricNamespace"], 0)


def test_the_api_is_throttled_and_logged_without_what_a_path_may_hold() -> None:
    api = RESOURCES["RestAPI"]["Properties"]
    line = json.loads(api["AccessLogSetting"]["Format"])

    assert api["MethodSettings"] == [
        {"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": 500, "ThrottlingBurstLimit": 1000}
    ]
    assert line["route"] == "$context.resourcePath"
    assert "$context.path" not in line.values()


def test_alarms_and_dashboard_look_at_the_api_under_its_name() -> None:
    looked_at = [(entry["Name"], entry["Value"]) for alarm in ALARMS.values() for entry in alarm.get("Dimensions", [])]

    assert RESOURCES["RestAPI"]["Properties"]["Name"] == "sluice-blue"
    assert ("ApiName", "sluice-blue") in looked_at
    assert ("Stage", API_STAGE) in looked_at
    assert load_config(PROJECT, app).api_gateway_stage == API_STAGE
