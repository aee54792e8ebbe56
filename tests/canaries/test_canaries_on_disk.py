"""The same canaries through `make serve`, which is then killed: no byte of any file in its folder holds one."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from canaries import Canaries
from entrusting import Entrusting, Site
from serving import Serving
from sinks import Sinks

#: Until when all that was started has come to its end, seconds.
PATIENCE_S = 60
SECRETS = {name: name.lower() * 3 for name in ("OPERATOR_KEY", "KEY_PEPPER", "ASYNCFLOW_API_KEY")}
SETTINGS = {**SECRETS, "ASIMOV_OPEN": "on", "ASTRAFLOW_RATE_LIMIT": "0", "ASYNCFLOW_OUTAGE_RATE": "0"}


@dataclass(frozen=True)
class Replied:
    status: int
    text: str
    json: Any


@dataclass
class Run:
    """What was entrusted to a machine, what it said, and what was left of it."""

    canaries: Canaries
    in_the_clear: Canaries
    said: str
    refusals: list[str]
    files: Mapping[str, bytes]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("machine") / "data"
    with Sinks() as sinks, Serving(folder, **SETTINGS) as here:
        canaries, in_the_clear = Canaries(), Canaries()
        here.operator("POST", "/teams", name=in_the_clear("name of a team"), plan="pro")
        entrusting = Entrusting(site_of(here, sinks), canaries)
        entrusting.all()
        rest(folder / "sluice.db")
        here.kill()
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        yield Run(canaries, in_the_clear, here.said, entrusting.refusals, files)


def site_of(here: Serving, sinks: Sinks) -> Site:
    def ask(method: str, path: str, headers: Mapping[str, str], *, json: Any = None, raw: str | None = None) -> Replied:
        reply = requests.request(method, here.base_url + path, headers=dict(headers), json=json, data=raw, timeout=30)
        is_json = "json" in reply.headers.get("Content-Type", "") and reply.text
        return Replied(reply.status_code, reply.text, reply.json() if is_json else None)

    tenant = here.operator("POST", "/astraflow/tenants", name="a tenant", adminEmail="admin@example.com")
    soon = datetime.now(UTC) + timedelta(seconds=4)
    return Site(
        ask=ask,
        hook=sinks.open,
        operator_key=here.operator_key,
        team_key=here.team_key(),
        flow_key=SETTINGS["ASYNCFLOW_API_KEY"],
        group="group-1",
        client_id=tenant["client"]["id"],
        client_secret=tenant["client"]["secret"],
        admin="admin@example.com",
        admin_password=tenant["admin"]["password"],
        tomorrow=(soon + timedelta(days=1)).isoformat(),
        soon=soon.isoformat(),
    )


def rest(path: Path) -> None:
    """Wait until every task is at its end, and whoever wanted to know was told."""
    database = sqlite3.connect(path)
    try:
        end = time.monotonic() + PATIENCE_S
        tasks = "SELECT COUNT(*) FROM tasks WHERE expires_at IS NULL"
        webhooks = "SELECT COUNT(*) FROM messages WHERE queue LIKE '%-webhooks'"
        while [database.execute(statement).fetchone() for statement in (tasks, webhooks)] != [(0,), (0,)]:
            assert time.monotonic() < end, "the machine does not come to rest"
            time.sleep(0.2)
    finally:
        database.close()


def test_no_file_of_the_folder_holds_a_canary(run: Run) -> None:
    assert set(run.files) == {*("sluice.db", "sluice.db-wal", "sluice.db-shm", "data.key", "lock", "serving.json")}
    assert len(run.files["sluice.db-wal"]) > 0

    found = {name: run.canaries.found_in([content]) for name, content in run.files.items()}

    assert len(run.canaries) > 100
    assert found == {name: set() for name in run.files}


def test_the_search_finds_what_is_in_the_clear(run: Run) -> None:
    assert len(run.in_the_clear.found_in(run.files.values())) == 1


def test_nothing_that_was_said_holds_one(run: Run) -> None:
    assert "attempt 1" in run.said
    assert run.canaries.found_in([run.said, *run.refusals]) == set()
