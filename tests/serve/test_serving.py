"""Everything on one machine: started, stopped, killed and started again; nothing that was acknowledged is lost."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from serving import ROOT, Serving, refused
from sinks import Sinks

PEPPER = "p" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="module")
def sinks() -> Iterator[Sinks]:
    with Sinks() as sinks:
        yield sinks


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def created(here: Serving, key: str, url: str, **more: Any) -> str:
    task_id: str = here.ask("POST", "/v1/tasks", key, callbackUrl=url, **more)["task"]["id"]
    return task_id


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_everything_is_and_ends_cleanly(folder: Path, number: signal.Signals) -> None:
    with Serving(folder) as here:
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}
        began = time.monotonic()
        assert here.stop(number) == (0, "")

    assert time.monotonic() - began < 3
    assert set(modes) == {*("sluice.db", "sluice.db-wal", "sluice.db-shm", "data.key"), *OTHERS, "serving.json"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {each.name for each in folder.iterdir()} == {"sluice.db", "data.key", *OTHERS}
    for told in (here.base_url, str(folder), f"{folder}/secrets.json"):
        assert told in here.said
    assert here.operator_key not in here.said


OTHERS = {"secrets.json", "lock"}


def test_it_needs_neither_an_aws_nor_what_stands_in_for_one() -> None:
    program = "import infra.serve.machine, app, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())

    assert "infra.serve.machine" in loaded
    assert loaded.isdisjoint({"moto", "boto3", "werkzeug", "pytest"})
    assert not [name for name in loaded if name.startswith("chalicelib.aws.")]


def test_a_folder_is_one_process_s_at_a_time(folder: Path) -> None:
    with Serving(folder) as here:
        assert refused(folder) == (
            f"{folder} is in use by process {here.process.pid}; stop it, or take another folder with DATA=\n"
        )
        here.kill()

    with Serving(folder) as again:
        assert again.operator("GET", "/teams")["teams"] == []


def test_a_taken_port_is_one_clear_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert refused(folder, PORT=str(port)) == (
            f"Port {port} is taken by another program; run with PORT={port + 10} make serve\n"
        )
    assert not folder.exists()


def test_what_is_no_folder_is_one_clear_line(folder: Path) -> None:
    folder.write_text("a letter")

    assert refused(folder) == f"{folder} cannot be a data folder: File exists\n"


def test_what_was_acknowledged_outlives_a_kill(folder: Path, sinks: Sinks) -> None:
    hook = sinks.open("200 json {}")
    with Serving(folder) as here:
        key = here.team_key()
        done = here.settled(created(here, key, hook, body="done"), key)
        soon = created(here, key, hook, body="soon", delayUntil=in_seconds(3))
        here.kill()

    with Serving(folder) as again:
        assert again.operator_key == here.operator_key
        assert again.ask("GET", f"/v1/tasks/{done['id']}", key)["task"] == done
        assert again.settled(soon, key)["status"] == "completed"
    assert [got.body for got in sinks.received(hook)] == [b"done", b"soon"]


def test_a_call_that_a_kill_cut_off_is_made_again_at_once(folder: Path, sinks: Sinks) -> None:
    hook = sinks.open("slow 30; 200")
    with Serving(folder) as here:
        key = here.team_key()
        task_id = created(here, key, hook, maxRetries=1)
        while not sinks.received(hook):
            time.sleep(0.01)
        here.kill()

    with Serving(folder) as again:
        task = again.settled(task_id, key)
    assert (task["status"], task["retryCount"]) == ("completed", 1)
    assert [got.headers["x-task-attempt"] for got in sinks.received(hook)] == ["1", "2"]


def test_a_schedule_that_came_due_meanwhile_fires_at_the_start(folder: Path, sinks: Sinks) -> None:
    hook = sinks.open("200")
    with Serving(folder) as here:
        key = here.team_key()
        task_id = created(here, key, hook, delayUntil=in_seconds(3_600))
        here.stop()
    an_hour_passes(folder)

    with Serving(folder) as again:
        waiting = again.operator("GET", "/queues")["queues"]
        task = again.ask("GET", f"/v1/tasks/{task_id}", key)["task"]

    assert schedules(folder) == []
    assert task["status"] == "delayed", "its row keeps the time: a wake-up call cannot make it early"
    assert sum(next(queue for queue in waiting if queue["name"] == "tasks")[at] for at in ("inFlight", "waiting")) == 1


def schedules(folder: Path) -> list[tuple[str]]:
    with sqlite3.connect(folder / "sluice.db") as database:
        found: list[tuple[str]] = database.execute("SELECT name FROM schedules").fetchall()
    database.close()
    return found


def an_hour_passes(folder: Path) -> None:
    """For the schedules."""
    with sqlite3.connect(folder / "sluice.db") as database:
        assert database.execute("UPDATE schedules SET fire_at_s = fire_at_s - 3600").rowcount == 1
    database.close()


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_a_full_disk_is_told_and_loses_nothing(folder: Path, sinks: Sinks) -> None:
    hook = sinks.open("200")
    with Serving(folder) as here:
        key = here.team_key()
        kept = [created(here, key, hook, body="x" * 2_000) for _ in range(5)]
        largest = max(path.stat().st_size for path in folder.iterdir())
        unlimited = resource.prlimit(here.process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
        refusals = 0
        while not refusals:
            order = {"callbackUrl": hook, "body": "x" * 50_000}
            headers = {"Authorization": f"Bearer {key}"}
            reply = requests.post(f"{here.base_url}/v1/tasks", json=order, headers=headers, timeout=30)
            if reply.status_code == 201:
                kept.append(reply.json()["task"]["id"])
            else:
                assert (reply.status_code, "Retry-After" in reply.headers) == (503, True), reply.text
                refusals += 1
        resource.prlimit(here.process.pid, resource.RLIMIT_FSIZE, unlimited)

        assert {here.settled(task_id, key)["status"] for task_id in kept} == {"completed"}
        assert here.settled(created(here, key, hook), key)["status"] == "completed"


def test_without_its_key_it_does_not_start(folder: Path, sinks: Sinks) -> None:
    with Serving(folder) as here:
        key = here.team_key()
        task_id = created(here, key, sinks.open("200"), delayUntil=in_seconds(3_600))
        here.stop()
    kept = (folder / "data.key").rename(folder.parent / "kept")

    missing = refused(folder)
    (folder / "data.key").write_bytes(os.urandom(32))
    other = refused(folder)

    assert missing == (
        f"{folder}/data.key is missing, and the database is sealed with it: put it back from your backup\n"
    )
    assert other == f"{folder}/data.key is another key than the database is sealed with: put that one back\n"
    kept.replace(folder / "data.key")
    with Serving(folder) as again:
        assert again.ask("GET", f"/v1/tasks/{task_id}", key)["task"]["status"] == "delayed"


def test_while_its_key_is_away_nothing_more_is_sealed_and_nothing_is_lost(folder: Path, sinks: Sinks) -> None:
    hook = sinks.open("200")
    with Serving(folder) as here:
        kept = (folder / "data.key").rename(folder.parent / "kept")
        key = here.team_key()  # of a team whose data key no process holds yet

        locked = requests.post(
            f"{here.base_url}/v1/tasks",
            json={"callbackUrl": hook},
            headers={"Authorization": f"Bearer {key}"},
            timeout=9,
        )
        kept.replace(folder / "data.key")

        assert (locked.status_code, "Retry-After" in locked.headers) == (503, True)
        assert here.settled(created(here, key, hook), key)["status"] == "completed"


def test_a_key_that_is_lost_for_good_is_let_go_by_hand(folder: Path, sinks: Sinks) -> None:
    hook = sinks.open("200")
    with Serving(folder) as here:
        key = here.team_key()
        lost = created(here, key, hook, delayUntil=in_seconds(3_600))
        here.stop()
    (folder / "data.key").unlink()
    with sqlite3.connect(folder / "sluice.db") as database:
        database.execute("DELETE FROM sealed_with")
    database.close()

    with Serving(folder) as again:
        with pytest.raises(AssertionError, match=r"500.*What is stored of this cannot be read"):
            again.ask("GET", f"/v1/tasks/{lost}", key)
        assert again.ask("GET", "/v1/tasks", key)["tasks"] == []
        assert again.settled(created(again, key, hook), key)["status"] == "completed"


def test_the_secrets_are_made_once_and_never_in_place_of_others(folder: Path) -> None:
    with Serving(folder) as here:
        key = here.team_key()
        here.stop()
    kept = (folder / "secrets.json").rename(folder.parent / "kept")

    assert refused(folder) == (
        f"{folder}/secrets.json has no KEY_PEPPER, and the keys in the database are hashed under it: put the file back "
        "from your backup, or set KEY_PEPPER\n"
    )
    (folder / "secrets.json").write_text("{")
    assert refused(folder) == f"{folder}/secrets.json is damaged; put it back from your backup\n"
    kept.replace(folder / "secrets.json")
    with Serving(folder) as again:
        assert again.ask("GET", "/v1/tasks", key)["tasks"] == []


def test_secrets_that_are_given_are_not_written_down(folder: Path) -> None:
    with Serving(folder, OPERATOR_KEY="o" * 32, KEY_PEPPER=PEPPER) as here:
        assert here.operator("GET", "/teams")["teams"] == []
        here.stop()

    assert not (folder / "secrets.json").exists()
    contents = itertools.chain(path.read_bytes() for path in folder.iterdir())
    assert not any(b"o" * 32 in content or PEPPER.encode() in content for content in contents)


def test_the_operator_s_command_finds_what_is_served(folder: Path) -> None:
    def sluice(*arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "SLUICE_DATA": str(folder), "SLUICE_CONFIG": str(folder / "none")}
        command = [sys.executable, "-m", "cli", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)

    with Serving(folder) as here:
        assert sluice("team", "create", "Payments").returncode == 0
        assert "Payments" in sluice("team", "list").stdout
        assert f"{here.base_url}, from the data folder {folder}" in sluice("doctor").stdout
        here.kill()
        assert f"make serve DATA={folder}" in sluice("doctor").stdout, "a process that was killed leaves its address"
        (folder / "serving.json").unlink()
    nobody = sluice("team", "list")
    assert nobody.returncode == 2
    assert nobody.stderr == f"Nothing is served from {folder}: start it with `make serve DATA={folder}`.\n"
