"""A deployment without its settings says so in the surface's shape, and tells the operator alone what is missing."""

from __future__ import annotations

import logging

import pytest
from world import send

from chalicelib import wiring


def test_a_missing_setting_is_no_trace_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = wiring.use(None)
    monkeypatch.setenv("SLUICE_STAGE", "prod")
    monkeypatch.setenv("KEY_PEPPER", "pepper-of-the-tests")
    monkeypatch.setenv("OPERATOR_KEY", "short")
    try:
        with caplog.at_level(logging.ERROR, "sluice"):
            reply = send("GET", "/v1/tasks", {}, None)
    finally:
        wiring.use(before)
    assert (reply.status, reply.json) == (500, {"error": "Service is not configured"})
    (record,) = caplog.records
    assert "OPERATOR_KEY must be set" in record.fields["error"]  # type: ignore[attr-defined]
    assert "short" not in record.fields["error"]  # type: ignore[attr-defined]
