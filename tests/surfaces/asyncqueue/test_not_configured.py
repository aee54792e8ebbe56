"""A deployment without its settings says so in the surface's shape, and tells the operator alone what is missing."""

from __future__ import annotations

import json
import logging

import pytest
from world import send

from chalicelib import wiring


def test_a_missing_setting_is_no_trace_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # As in a function that has just begun: nothing writes its log yet.
    logger = logging.getLogger("sluice")
    for name, value in (("handlers", []), ("propagate", True), ("level", logging.NOTSET)):
        monkeypatch.setattr(logger, name, value)
    monkeypatch.setenv("SLUICE_STAGE", "prod")
    monkeypatch.setenv("KEY_PEPPER", "pepper-of-the-tests")
    monkeypatch.setenv("OPERATOR_KEY", "short")
    before = wiring.use(None)
    try:
        reply = send("GET", "/v1/tasks", {}, None)
    finally:
        wiring.use(before)

    assert (reply.status, reply.json) == (500, {"error": "Service is not configured"})
    (line,) = capsys.readouterr().err.splitlines()
    record = json.loads(line)
    assert record["message"] == "not configured"
    assert "OPERATOR_KEY must be set" in record["fields"]["error"]
    assert "short" not in record["fields"]["error"]
