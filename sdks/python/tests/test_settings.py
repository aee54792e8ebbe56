"""What a client is told when it is made."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import Any

import httpx2
import pytest
from places import Misbehaving, Place, Twin, answer

from astraflow_sdk import ConfigurationError, __version__


def test_the_snippet_of_the_manual_needs_an_address(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"pass base_url=\.\.\. or set ASTRAFLOW_BASE_URL"):
        twin.sdk.AstraClient(token="YOUR_TOKEN_HERE")
    with Misbehaving([answer(200, '{"tasks": [], "page": 1, "total": 0}')]).up() as server:
        monkeypatch.setenv("ASTRAFLOW_BASE_URL", f"{server.url}/live/")
        client = twin.sdk.AstraClient(token="YOUR_TOKEN_HERE")
        assert twin.run(client.get_tasks(status="active")) == []
        twin.run(client.close())
        assert server.received[0].startswith(b"GET /live/api/v1/tasks?status=active HTTP/1.1")
        assert b"authorization: bearer your_token_here" in server.received[0].lower()


@pytest.mark.parametrize(
    "address",
    [
        "sluice.example.com",
        "ftp://sluice.example.com",
        "http://",
        "http://x:port",
        "http://me:secret@sluice.example.com",
        "http://sluice.example.com?x=1",
        "http://[",
    ],
)
def test_an_address_that_is_none_is_refused(twin: Twin, address: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url must") as refused:
        twin.sdk.AstraClient("token", base_url=address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"timeout": 0}, "timeout must be a number of seconds above 0"),
        ({"timeout": float("nan")}, "timeout must be"),
        ({"max_retries": -1}, "max_retries must be a whole number of 0 or more"),
        ({"max_retries": 1.5}, "max_retries must be"),
        ({"app_info": "my\napp"}, "app_info must be printable ASCII"),
    ],
)
def test_options_that_make_no_sense_are_refused(twin: Twin, options: Any, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        twin.sdk.AsyncQueueClient("key", base_url="http://sluice.test", **options)


def test_a_client_says_what_it_is(place: Place, twin: Twin) -> None:
    client = place.client("AsyncQueueClient", place.world.team()[1], app_info="my-app/1.2")
    twin.run(client.with_options(timeout=5).list_tasks())

    python = ".".join(platform.python_version_tuple()[:2])
    told = f"astraflow-sdk-python/{__version__} (python {python}; httpx2 {httpx2.__version__}) my-app/1.2"
    assert place.transport.requests[0].headers["user-agent"] == told


def test_options_make_another_client_over_the_same_connections(place: Place, twin: Twin) -> None:
    client = place.client("AsyncQueueClient", place.world.team()[1])
    other = client.with_options(timeout=3, max_retries=0)

    assert (other._connection.told.timeout_s, other._connection.told.max_retries) == (3, 0)
    assert (client._connection.told.timeout_s, client._connection.told.max_retries) == (10, 2)
    assert other._connection._http is client._connection._http


def test_a_client_closes_with_its_block(place: Place, twin: Twin) -> None:
    key = place.world.team()[1]
    if twin.name == "blocking":
        with place.client("AsyncQueueClient", key) as client:
            client.list_tasks()
    else:

        async def used() -> Any:
            async with place.client("AsyncQueueClient", key) as client:
                await client.list_tasks()
            return client

        client = twin.run(used())
    assert client._connection._http.is_closed


def test_a_client_that_is_forgotten_leaves_no_connection_open() -> None:
    listed = answer(200, '{"tasks": [], "page": 1, "total": 0}').replace(b"Connection: close\r\n", b"")
    with Misbehaving([listed], keeps_open=True).up() as server:
        told = {"ASTRAFLOW_BASE_URL": server.url, "PYTHONPATH": os.pathsep.join(sys.path)}
        code = "from astraflow_sdk import AstraClient; client = AstraClient(token='x'); print(client.get_tasks())"
        done = subprocess.run([sys.executable, "-X", "dev", "-c", code], env=told, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_no_secret_is_logged(place: Place, twin: Twin, caplog: pytest.LogCaptureFixture) -> None:
    key = place.world.team()[1]
    with caplog.at_level("DEBUG", "astraflow_sdk"):
        made = twin.run(place.client("AsyncQueueClient", key).create_key("build server"))

    told = [record.getMessage() for record in caplog.records if record.name == "astraflow_sdk"]
    assert len(told) == 1
    assert told[0].startswith("POST /v1/keys 201 in ")
    assert key not in caplog.text
    assert made.key not in caplog.text
