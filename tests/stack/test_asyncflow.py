"""AsyncFlow on the running local stack, with default settings: its own seed, its faults, its latency, its limit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import requests

from infra.local.stack import LocalStack
from infra.local.state import made_up

#: The slowest message: a pick-up after 5 s, 30 s of processing, and what a queue's whole seconds and a poll add.
SLOWEST_S = 5 + 30 + 3


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(folder=tmp_path_factory.mktemp("asyncflow")) as stack:
        yield stack


class Client:
    """A careful client: it repeats what failed under the same key, and never before it may."""

    def __init__(self, stack: LocalStack, group: str) -> None:
        self._url = f"{stack.base_url}/asyncflow"
        self._headers = {"X-API-KEY": stack.document["asyncflow"]["api_key"], "X-STUDENT-GROUP": group}

    def submit(self, content: str) -> Any:
        body = {"destination": "warehouse", "content": content, "priority": "normal"}
        return self._ask("POST", "", json=body, headers={"Idempotency-Key": content})

    def messages(self) -> Any:
        return self._ask("GET", "")

    def wait(self, tracking_id: str, seconds: int) -> Any:
        return self._ask("GET", f"/{tracking_id}?wait={seconds}")

    def once(self) -> int:
        """The status of one request, whatever it is."""
        return requests.get(self._url, headers=self._headers, timeout=30).status_code

    def _ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> Any:
        while True:
            reply = requests.request(
                method, self._url + path, headers={**self._headers, **(headers or {})}, timeout=40, **options
            )
            if reply.ok:
                return reply.json()
            assert reply.status_code in (429, 500, 503, 504), reply.text
            assert reply.status_code == 429 or "X-Simulated-Fault" in reply.headers
            time.sleep(int(reply.headers.get("Retry-After", "0")) + 0.05)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def pick_up(submitted_at: datetime) -> datetime:
    """The first tick after a whole second: the next multiple of five seconds."""
    return submitted_at + timedelta(seconds=5 - submitted_at.second % 5)


def test_twenty_messages_are_followed_to_their_ends(stack: LocalStack) -> None:
    clients = [Client(stack, f"group {number}") for number in range(4)]
    contents = [f"message {number}" for number in range(5)]

    with ThreadPoolExecutor(4) as threads:
        accepted = list(threads.map(lambda client: [client.submit(content) for content in contents], clients))
        first = accepted[0][0]
        changed = clients[0].wait(first["trackingId"], 20)
        time.sleep(SLOWEST_S)
        ended = list(threads.map(lambda client: client.messages(), clients))

    assert changed["status"] in ("Processing", "Completed", "Failed")
    assert sum(map(len, ended)) == 20
    for answers, messages in zip(accepted, ended, strict=True):
        assert [message["trackingId"] for message in messages] == [answer["trackingId"] for answer in answers]
        for answer, message in zip(answers, messages, strict=True):
            assert message["status"] in ("Completed", "Failed")
            assert message["submittedAt"] == answer["submittedAt"]
            assert (message["errorDetails"] is None) is (message["status"] == "Completed")
            processing = instant(message["processedAt"]) - pick_up(instant(message["submittedAt"]))
            assert timedelta(seconds=2) <= processing <= timedelta(seconds=30)


def test_of_forty_requests_at_once_exactly_ten_pass(stack: LocalStack) -> None:
    client, together = Client(stack, "a crowd"), Barrier(40)

    def ask(_: int) -> int:
        together.wait()
        return client.once()

    with ThreadPoolExecutor(40) as threads:
        statuses = list(threads.map(ask, range(40)))

    assert statuses.count(429) == 30


def test_the_seed_of_the_day_is_told(stack: LocalStack) -> None:
    seed = stack.document["asyncflow"]["seed"]
    reply = requests.get(
        f"{stack.base_url}/asyncflow",
        headers={"X-API-KEY": "asyncflow-api-key", "X-STUDENT-GROUP": "curious", "Prefer": "code=500"},
        timeout=10,
    )

    assert reply.headers["X-Simulated-Fault"] == f"rule=error; seed={seed}; request=1; forced"


def test_a_seed_that_is_set_is_kept_and_one_that_is_not_is_drawn_for_each_run(tmp_path: Path) -> None:
    assert made_up(tmp_path, "monday")["ASYNCFLOW_SEED"] == "monday"

    runs = [made_up(tmp_path, None) for _ in range(5)]

    assert len({run["ASYNCFLOW_SEED"] for run in runs}) > 1
    assert len({run["KEY_PEPPER"] for run in runs}) == 1
